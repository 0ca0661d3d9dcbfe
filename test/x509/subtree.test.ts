/** Subtrees within subtrees, and names as RFC 5280 (sections 4.2.1.10 and 7.1) compares them. */
import { expect, test } from 'vitest'
import { canonicalName, isNameWithin } from '../../src/x509/canonical-name.ts'
import { comparedName, comparedSubtree, covers, isWithin } from '../../src/x509/subtree.ts'
import { type Attribute, encodeName } from './made-certificate.ts'

const subtree = (kind: 'dns' | 'email' | 'uri', value: string) => comparedSubtree({ kind, value })

const network = (address: readonly number[], mask: readonly number[]) =>
  comparedSubtree({ kind: 'ip', address: Buffer.from(address), mask: Buffer.from(mask) })

test.each([
  ['a@host.org', 'a@host.org', true],
  ['a@host.org', 'A@host.org', false],
  ['a@HOST.org', 'a@host.org', true],
  ['a@host.org', 'host.org', true],
  ['a@sub.host.org', 'host.org', false],
  ['a@sub.host.org', '.host.org', true],
  ['host.org', 'host.org', true],
  // All mailboxes of a host are more than one of them.
  ['host.org', 'a@host.org', false],
  ['host.org', '', true],
])('of mailboxes %j lies within %j: %s', (inner, outer, lies) => {
  expect(isWithin(subtree('email', inner), subtree('email', outer))).toBe(lies)
})

test.each([
  ['host.org', 'host.org', true],
  ['sub.host.org', 'host.org', true],
  ['badhost.org', 'host.org', false],
  ['host.org', 'sub.host.org', false],
  ['sub.host.org', '.host.org', true],
  ['HOST.org.', 'host.org', true],
  ['host.org', '', true],
])('of hosts %j lies within %j: %s', (inner, outer, lies) => {
  expect(isWithin(subtree('dns', inner), subtree('dns', outer))).toBe(lies)
})

test('a network lies within a wider one that has its address, and nothing within another kind', () => {
  const [wide, narrow] = [
    network([10, 0, 0, 0], [255, 0, 0, 0]),
    network([10, 1, 2, 0], [255, 255, 255, 0]),
  ]
  expect(isWithin(narrow, wide)).toBe(true)
  expect(isWithin(wide, narrow)).toBe(false)
  expect(isWithin(network([11, 1, 2, 0], [255, 255, 255, 0]), wide)).toBe(false)
  expect(isWithin(narrow, subtree('dns', ''))).toBe(false)
  expect(isWithin(subtree('dns', 'a'), wide)).toBe(false)
  expect(isWithin(subtree('uri', 'a'), subtree('uri', 'a'))).toBe(false)
})

test.each([
  ['http://host.org', true],
  ['HTTP://HOST.org:/', true],
  ['http://host.org#x', true],
  ['http://host.org?x', true],
  ['mailto:host.org', false],
  ['http:host.org', false],
  ['', false],
  ['http://', false],
  ['http://a@b@host.org', false],
])('the URI %j lies within host.org: %s', (value, lies) => {
  const name = comparedName({ kind: 'uri', value, bytes: Buffer.from(value) })
  expect(covers(subtree('uri', 'host.org'), name)).toBe(lies)
})

const [CN, OU, UTF8] = ['2.5.4.3', '2.5.4.11', 0x0c]
const attribute = (identifier: string, text: string): Attribute => [
  identifier,
  UTF8,
  Buffer.from(text),
]
const name = (...relative: readonly (readonly Attribute[])[]) => canonicalName(encodeName(relative))

test('names that say the same are the same, and no two others', () => {
  expect(name([attribute(CN, ' Ä  b ')])).toEqual(name([attribute(CN, 'a\u0308 B')]))
  const two = [attribute(CN, 'a'), attribute(OU, 'b')]
  expect(name(two)).toEqual(name(two.toReversed()))
  // One relative name of two parts, or of one that looks like both.
  expect(name(two)).not.toEqual(name([attribute(CN, `a${OU}=b`)]))
  expect(name(two)).not.toEqual(name([attribute(CN, 'a')], [attribute(OU, 'b')]))
})

test('a name lies within the beginning of itself', () => {
  const whole = name([attribute(OU, 'x')], [attribute(CN, 'y')])
  expect(isNameWithin(whole, name([attribute(OU, 'X')]))).toBe(true)
  expect(isNameWithin(whole, name([attribute(CN, 'y')]))).toBe(false)
  expect(
    isNameWithin(whole, name([attribute(OU, 'x')], [attribute(CN, 'y')], [attribute(CN, 'z')])),
  ).toBe(false)
})
