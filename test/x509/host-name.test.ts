import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { certificateOf } from '../../src/x509/certificate.ts'
import { isHost, matchesHostName } from '../../src/x509/host-name.ts'
import { parseHostName } from '../../src/x509/host-syntax.ts'
import { HOST_CASES } from './host-cases.ts'
import { type Description, make } from './made-certificate.ts'

function read(description: Description) {
  const x509 = new X509Certificate(make(description).raw)
  return certificateOf(x509, { file: '<peer>', index: 0 })
}

test.each(HOST_CASES)('%s', (_, description, host, fits) => {
  expect(matchesHostName(read(description), host)).toBe(fits)
})

test('has no wildcards where they are not wanted', () => {
  const wild = read({ subject: '*.qemu.org' })
  expect(matchesHostName(wild, 'www.qemu.org', { wildcards: false })).toBe(false)
})

test('compares international names as they stand in certificates', () => {
  expect(matchesHostName(read({ subject: 'xn--bcher-kva.example' }), 'bücher.example')).toBe(true)
})

test('a host is a name or an address', () => {
  for (const text of ['qemu', 'www.qemu.org', '192.0.2.1', 'fec0::1'])
    expect(isHost(text)).toBe(true)
  for (const text of ['', 'a b', '1.2.3', '[fec0::1]', '*.qemu.org'])
    expect(isHost(text)).toBe(false)
})

test.each([
  ['\u4f8b\u3048', 'xn--r8jz45g'],
  ['xn--a', 'xn--a'],
  ['node1', 'node1'],
  ['a.b2', 'a.b2'],
  ['Node-1.Example', 'node-1.example'],
  ['a.0xg', 'a.0xg'],
  ['क३.example', 'xn--11b2o.example'],
  ['1.2.3.4', undefined],
  ['a.1', undefined],
  ['a.0x1f', undefined],
  ['a.0x', undefined],
  ['a.b.1', undefined],
  ['a.1.b', 'a.1.b'],
  ['-a', undefined],
  ['a..b', undefined],
  ['', undefined],
  ['a b', undefined],
  ['a/b', undefined],
  // RFC 1035 section 2.3.4: 63 octets a label, 253 the name without the lengths at its ends.
  [`${'a'.repeat(63)}.b`, `${'a'.repeat(63)}.b`],
  [`${'a'.repeat(64)}.b`, undefined],
  [`${`${'a'.repeat(62)}.`.repeat(4)}b`, `${`${'a'.repeat(62)}.`.repeat(4)}b`],
  [`${`${'a'.repeat(62)}.`.repeat(4)}bc`, undefined],
  ['a-', undefined],
  ['_a_', '_a_'],
  ['a.', undefined],
  ['ä/b', undefined],
  ['ä%b', undefined],
])('%j is the host name %j', (text, name) => {
  expect(parseHostName(text)).toBe(name)
})
