import { describe, expect, test } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { completeNames } from '../../src/pki/certificate-issuance.ts'
import { hostOfCommonName, parseAddress, parseDnsName } from '../../src/pki/host-names.ts'
import { refusal } from '../diagnostic-code.ts'

/** The hints where nothing more is known. */
const LABELS =
  'a name is labels of letters, digits and hyphens with dots between, as host.example.com'
const ADDRESSES = 'for instance 192.0.2.7 or 2001:db8::7'

/** Code and hint of the refusal. */
function refusalOf(work: () => unknown): readonly (string | undefined)[] {
  try {
    work()
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    const [{ code, hint } = { code: '', hint: undefined }] = error.diagnostics
    return [code, hint]
  }
  throw new Error('nothing was refused')
}

describe('names', () => {
  test.each([
    ['Example.COM', 'example.com'],
    ['localhost', 'localhost'],
    ['*.example.com', '*.example.com'],
    ['my_host', 'my_host'],
    ['müller.de', 'xn--mller-kva.de'],
    ['*.bücher.example', '*.xn--bcher-kva.example'],
    ['日本語.jp', 'xn--wgv71a119e.jp'],
    ['xn--mller-kva.de', 'xn--mller-kva.de'],
    ['*.XN--mller-kva.de', '*.xn--mller-kva.de'],
    ['3com.com', '3com.com'],
    [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
    [`${`${'a'.repeat(62)}.`.repeat(4)}b`, `${`${'a'.repeat(62)}.`.repeat(4)}b`],
    ['*.a.b', '*.a.b'],
    ['a.0xg', 'a.0xg'],
  ])('%s stand as %s', (text, value) => {
    expect(parseDnsName(text)).toEqual({ kind: 'dns', value })
  })

  test.each([
    ['', LABELS],
    ['a b.example', LABELS],
    ['a\u0000.example', LABELS],
    ['good.example\u0000.evil.example', LABELS],
    ['a..b', LABELS],
    ['.example', LABELS],
    ['-a.example', LABELS],
    ['a-.example', LABELS],
    ['a%2eb', LABELS],
    ['a/b', LABELS],
    ['user@example.com', LABELS],
    ['https://example.com', LABELS],
    ['b\u2024example', LABELS],
    ['ü@x.example', LABELS],
    [`${'a'.repeat(64)}.example`, LABELS],
    [`${'a.'.repeat(127)}example`, LABELS],
    [`${`${'a'.repeat(62)}.`.repeat(4)}bc`, LABELS],
    ['*.a..b', LABELS],
    ['*.*.example', 'a * may only be the whole first label, as in *.example.com'],
    ['*.example.1', 'addresses are given with --ip'],
    ['xn--a-ecp.\u0000', LABELS],
    ['xn--a.example', LABELS],
    ['www.xn--zzzzzz.example', LABELS],
    ['xn--.example', LABELS],
    ['xn--a-.example', LABELS],
    ['xn--bcher-kva8.example', LABELS],
    ['*.xn--a.example', LABELS],
    ['example.com.', 'leave out the dot: with it, no client matches it'],
    ['*', 'a * needs two labels after it: *.example.com'],
    ['*.com', 'a * needs two labels after it: *.example.com'],
    ['a.*.com', 'a * may only be the whole first label, as in *.example.com'],
    ['w*.example.com', 'a * may only be the whole first label, as in *.example.com'],
    ['**.example.com', 'a * may only be the whole first label, as in *.example.com'],
    ['192.0.2.1', 'use --ip 192.0.2.1'],
    ['::1', 'use --ip ::1'],
    ['1.2.3', 'addresses are given with --ip'],
    ['0x7f.1', 'addresses are given with --ip'],
    ['example.0x7f', 'addresses are given with --ip'],
  ])('%j is refused', (text, hint) => {
    expect(refusalOf(() => parseDnsName(text))).toEqual(['PKI_DNS_INVALID', hint])
  })
})

describe('addresses', () => {
  test.each([
    ['192.0.2.1', 'c0000201'],
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['2001:db8::a', '20010db800000000000000000000000a'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['FE80::', 'fe800000000000000000000000000000'],
    ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
    ['64:ff9b::192.0.2.33', '0064ff9b0000000000000000c0000221'],
  ])('%s is encoded', (text, hex) => {
    const host = parseAddress(text)
    expect(host.kind === 'ip' && host.bytes.toString('hex')).toBe(hex)
  })

  test.each([
    ['', ADDRESSES],
    ['256.1.1.1', ADDRESSES],
    ['1.2.3', ADDRESSES],
    [':::', ADDRESSES],
    ['fe80::1%eth0', 'leave out what follows %: it means something on one host only'],
    ['10.0.0.0/8', 'a certificate names addresses, not networks'],
    ['localhost', 'use --dns localhost'],
  ])('%j is refused', (text, hint) => {
    expect(refusalOf(() => parseAddress(text))).toEqual(['PKI_ADDRESS_INVALID', hint])
  })
})

test('a common name is a host only where it can be one', () => {
  expect(hostOfCommonName('host.example')?.kind).toBe('dns')
  expect(hostOfCommonName('192.0.2.1')?.kind).toBe('ip')
  expect(hostOfCommonName('Example Server')).toBeUndefined()
  expect(hostOfCommonName('fe80::1%1')).toBeUndefined()
})

test('why a name is refused is told', () => {
  const messageOf = (text: string): string => {
    try {
      parseDnsName(text)
    } catch (error) {
      if (error instanceof DiagnosticError) return error.diagnostics[0]?.message ?? ''
    }
    return ''
  }
  const long = `${`${'a'.repeat(62)}.`.repeat(4)}bc`
  for (const [text, reason] of [
    ['', 'it is empty'],
    ['::1', 'it is an address'],
    ['a.', 'it ends with a dot'],
    [long, 'it is longer than 253 octets'],
    ['a..b', 'it has an empty label'],
    ['.a', 'it has an empty label'],
    ['a b', 'it is not a host name'],
    ['ä/b', 'it is not a host name'],
    ['a.1', 'its last label is a number'],
    ['xn--a', 'xn--a is not valid IDNA'],
  ] as const) {
    expect(messageOf(text)).toMatch(new RegExp(`: ${reason}$`))
  }
})

describe('names that a certificate gets', () => {
  const [host, other] = [parseDnsName('host.example'), parseDnsName('other.example')]
  const address = parseAddress('192.0.2.1')
  const complete = (...[role, commonName, hosts]: Parameters<typeof namesFor>) => {
    const { notes, ...names } = namesFor(role, commonName, hosts)
    return [names.commonName, names.hosts, notes.map(({ code }) => code)]
  }

  test('the first host is the common name, where none is given', () => {
    expect(complete('server', undefined, [host, other])).toEqual([
      ...['host.example', [host, other], []],
    ])
    expect(complete('client', undefined, [address])).toEqual(['192.0.2.1', [address], []])
  })

  test('the common name of a server is a host too, where no host is given', () => {
    expect(complete('server', 'Host.example', [])).toEqual([
      ...['Host.example', [host], ['PKI_COMMON_NAME_ADDED']],
    ])
    expect(complete('server', '192.0.2.1', [])).toEqual([
      ...['192.0.2.1', [address], ['PKI_COMMON_NAME_ADDED']],
    ])
    expect(complete('client', 'host.example', [])).toEqual(['host.example', [], []])
  })

  test('a common name that clients would not look at is told', () => {
    const ignored = ['PKI_COMMON_NAME_IGNORED']
    expect(complete('server', 'host.example', [other])).toEqual(['host.example', [other], ignored])
    expect(complete('server', 'host.example', [other, host])[2]).toEqual([])
    expect(complete('server', 'Any Server', [other])[2]).toEqual([])
    expect(complete('client', 'host.example', [other])[2]).toEqual([])
  })

  test('without a name nothing is made', () => {
    expect(() => namesFor('server', undefined, [])).toThrow(refusal('PKI_NO_NAME'))
    expect(() => namesFor('client', undefined, [])).toThrow(refusal('PKI_NO_NAME'))
    const hintFor = (role: 'server' | 'client') =>
      refusalOf(() => namesFor(role, undefined, [])).at(1)
    expect(hintFor('server')).toContain('--dns NAME')
    expect(hintFor('client')).toContain('--cn NAME')
    expect(() => namesFor('server', 'Any Server', [])).toThrow(refusal('PKI_NO_HOST_NAME'))
    expect(namesFor('client', 'Any Client', []).commonName).toBe('Any Client')
  })

  test('a common name has 64 characters at most', () => {
    const [longest, longer] = [60, 61].map((length) => parseDnsName(`${'a'.repeat(length)}.org`))
    expect(complete('server', undefined, longest ? [longest] : [])[0]).toHaveLength(64)
    const make = () => namesFor('server', undefined, longer ? [longer] : [])
    expect(make).toThrow(refusal('PKI_NAME_TOO_LONG'))
  })
})

function namesFor(role: 'server' | 'client', commonName: string | undefined, hosts: HostNames) {
  return completeNames({ role, hosts, ...(commonName === undefined ? {} : { commonName }) })
}

type HostNames = Parameters<typeof completeNames>[0]['hosts']
