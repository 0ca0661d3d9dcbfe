/** Extensions as RFC 5280 section 4.2 writes them, in bytes by hand. */
import { describe, expect, test } from 'vitest'
import { type DerElement, readElements } from '../../src/asn1/der.ts'
import { encodePem } from '../../src/asn1/pem.ts'
import { readAlternativeNames } from '../../src/x509/alternative-name.ts'
import { canonicalName, isNameWithin } from '../../src/x509/canonical-name.ts'
import {
  readAuthorityKeyIdentifier,
  readBasicConstraints,
  readExtensions,
  readKeyUsage,
  readSubjectKeyIdentifier,
  readTlsFeatures,
} from '../../src/x509/extension-values.ts'
import { readNameConstraints } from '../../src/x509/name-constraints.ts'
import { parsePrivateKey } from '../../src/x509/private-key.ts'
import { parseRevocationLists } from '../../src/x509/revocation-list.ts'
import { measureKey } from '../../src/x509/strength-check.ts'
import { comparedName, comparedSubtree, covers } from '../../src/x509/subtree.ts'
import { element, sequence } from '../tls/certificates.ts'
import { evaluationOf } from './evaluation.ts'
import { AUTHORITY, encodeName, make, makeList } from './made-certificate.ts'

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex')
}

test('a path length counts with and without the field before it', () => {
  expect(readBasicConstraints(bytes('3006 0101ff 020103'))).toEqual({
    ...{ isAuthority: true, pathLength: 3 },
  })
  expect(readBasicConstraints(bytes('3003 020103'))).toEqual({ isAuthority: false, pathLength: 3 })
  expect(readBasicConstraints(bytes('3003 010100'))).toEqual({ isAuthority: false })
  expect(readBasicConstraints(bytes('3000'))).toEqual({ isAuthority: false })
})

test('the key of an issuer is read from its own field, wherever that stands', () => {
  expect(readAuthorityKeyIdentifier(bytes('3006 8001aa 8201bb'))).toEqual(bytes('aa'))
  expect(readAuthorityKeyIdentifier(bytes('3006 8201bb 8001aa'))).toEqual(bytes('aa'))
  expect(readAuthorityKeyIdentifier(bytes('3003 8201bb'))).toBeUndefined()
  expect(readSubjectKeyIdentifier(bytes('0401aa'))).toEqual(bytes('aa'))
  expect(readSubjectKeyIdentifier(bytes('0201aa'))).toBeUndefined()
  expect(readSubjectKeyIdentifier(bytes(''))).toBeUndefined()
})

test('a revocation list has its number, where it has one', () => {
  const signer = make({ subject: 'CA', ...AUTHORITY })
  const numberOf = (number?: number) =>
    parseRevocationLists({
      ...{ name: 'crl.pem' },
      text: makeList({ signer, revoked: [7], ...(number === undefined ? {} : { number }) }),
    }).map((list) => list.number)
  expect(numberOf(300)).toEqual([300n])
  expect(numberOf()).toEqual([undefined])
})

test('a key is found behind a certificate in its file', () => {
  const { certificate, key, publicKey } = make({ subject: 'x' })
  const read = parsePrivateKey({ name: 'key.pem', text: `${certificate}${key}` })
  expect(read.asymmetricKeyType).toBe(publicKey.asymmetricKeyType)
  const others = encodePem('CERTIFICATE', Buffer.alloc(3))
  expect(() => parsePrivateKey({ name: 'key.pem', text: others })).toThrow('no PEM block')
})

test('relative names of several attributes have the same ones, in any order', () => {
  const attribute = (identifier: string, value: string) =>
    [identifier, 0x0c, Buffer.from(value)] as const
  const [cn, o] = [attribute('2.5.4.3', 'a'), attribute('2.5.4.10', 'b')]
  const names = (...relatives: readonly (readonly (typeof cn)[])[]) =>
    canonicalName(encodeName(relatives))
  const name = (...attributes: readonly (typeof cn)[]) => names(attributes)
  expect(isNameWithin(name(cn, o), name(o, cn))).toBe(true)
  expect(isNameWithin(name(cn, cn), name(cn, o))).toBe(false)
  expect(isNameWithin(name(cn), name(cn, o))).toBe(false)
  expect(isNameWithin(names([cn], [o]), names([cn]))).toBe(true)
  expect(isNameWithin(names([cn]), names([cn], [o]))).toBe(false)
})

test('DSA keys are measured as DSA', () => {
  const key = { asymmetricKeyType: 'dsa', asymmetricKeyDetails: { modulusLength: 1024 } } as const
  const measured = measureKey(key, evaluationOf('NORMAL:%PROFILE_MEDIUM'))
  expect(measured).toEqual({ text: 'dsa 1024', isEnough: false, needed: '2048' })
})

test('a URI has the host that follows its scheme, and not one within it', () => {
  const isWithin = (value: string) =>
    covers(
      comparedSubtree({ kind: 'uri', value: 'good.org' }),
      comparedName({ kind: 'uri', value, bytes: bytes('') }),
    )
  expect(isWithin('http://good.org/x')).toBe(true)
  expect(isWithin('http://user@good.org:80')).toBe(true)
  expect(isWithin('urn:x http://good.org/')).toBe(false)
  expect(isWithin('//good.org/')).toBe(false)
  expect(isWithin('http://evil.org/http://good.org/')).toBe(false)
})

describe('alternative names (RFC 5280 section 4.2.1.6)', () => {
  const read = (...names: readonly string[]) =>
    readAlternativeNames(sequence(...names.map(bytes))).map(({ kind, value }) => [kind, value])
  const service = '06082b06010505070807'

  test.each([
    ['8203 612e62', 'dns', 'a.b'],
    ['8103 614062', 'email', 'a@b'],
    ['8604 783a2f2f', 'uri', 'x://'],
    ['8704 c0000201', 'ip', '192.0.2.1'],
    ['8710 20010db8000100020003000400050006', 'ip', '2001:db8:1:2:3:4:5:6'],
    ['a40f 300d 310b 3009 0603550403 0c026162', 'directory', 'CN=ab'],
    // RFC 4985: an SRVName is an IA5String.
    [`a011 ${service} a005 1603 5f6161`, 'srv', '_aa'],
    [`a011 ${service} a005 0c03 5f6161`, 'other', `a011${service}a0050c035f6161`],
    ['a00a 06032a0304 a003 160161', 'other', 'a00a06032a0304a003160161'],
    [`a00a ${service}`, 'other', `a00a${service}`],
    ['a000', 'other', 'a000'],
    ['8802 2a03', 'other', '88022a03'],
    ['8800', 'other', '8800'],
  ])('%s is of the kind %s', (hex, kind, value) => {
    expect(read(hex)).toEqual([[kind, value]])
    expect(read('8201 78', hex, '8201 79')).toEqual([
      ['dns', 'x'],
      [kind, value],
      ['dns', 'y'],
    ])
  })

  test.each([
    ['8200', 'dns'],
    ['8100', 'email'],
    ['8600', 'uri'],
  ])('an empty one is refused as by GnuTLS: %s', (hex, kind) => {
    expect(() => read('8201 78', hex)).toThrow(`an alternative name of the kind ${kind} is empty`)
  })
})

describe('name constraints (RFC 5280 section 4.2.1.10)', () => {
  const tree = (...names: readonly string[]) =>
    Buffer.concat(names.map((hex) => sequence(bytes(hex))))
  const read = (permitted: readonly string[], excluded: readonly string[] = []) =>
    readNameConstraints(
      sequence(element(0xa0, tree(...permitted)), element(0xa1, tree(...excluded))),
    )

  test('what is permitted and what is excluded are kept apart', () => {
    expect(read(['8201 61', '8100'], ['8601 62', '8200'])).toEqual({
      permitted: [
        { kind: 'dns', value: 'a' },
        { kind: 'email', value: '' },
      ],
      excluded: [
        { kind: 'uri', value: 'b' },
        { kind: 'dns', value: '' },
      ],
    })
    expect(read([`a011 06082b06010505070807 a005 1603 5f6161`]).permitted).toEqual([
      { kind: 'srv', value: '_aa' },
    ])
    expect(read(['a402 3000']).permitted).toEqual([{ kind: 'directory', name: bytes('3000') }])
    expect(readNameConstraints(bytes('3000'))).toEqual({ permitted: [], excluded: [] })
  })

  test.each([
    ['8708 0a000000 ff000000', '0a000000', 'ff000000'],
    ['8708 0a000000 00000000', '0a000000', '00000000'],
    ['8708 0a000001 ffffffff', '0a000001', 'ffffffff'],
    ['8708 0a000000 fffe0000', '0a000000', 'fffe0000'],
    [`8720 ${'20'.repeat(16)} ${'ff'.repeat(15)}80`, '20'.repeat(16), `${'ff'.repeat(15)}80`],
  ])('a network has an address and a mask: %s', (hex, address, mask) => {
    expect(read([hex]).permitted).toEqual([
      { kind: 'ip', address: bytes(address), mask: bytes(mask) },
    ])
  })

  test.each([
    ['8704 0a000000', /address of a bad length/],
    ['8709 0a000000 ff000000 00', /address of a bad length/],
    ['8710 0a000000 00000000 ff000000 00000000', /address of a bad length/],
    ['8708 0a000000 ff00ff00', /mask that is no prefix/],
    ['8708 0a000000 7f000000', /mask that is no prefix/],
    ['8201 2e', /`\.` is no name/],
    ['8101 2e', /`\.` is no name/],
    ['8204 612e2e62', /`a\.\.b` is no name/],
    ['8802 2a03', /kind that is not known/],
    ['', /one has no name/],
  ])('what cannot be obeyed is told, and nothing is permitted: %j', (hex, problem) => {
    for (const limits of [read([hex]), read([], [hex]), read(['8201 61', hex])]) {
      expect(limits).toMatchObject({ permitted: [], excluded: [] })
      expect(limits.problem).toMatch(problem)
    }
  })

  test('bytes that are no constraints are told', () => {
    expect(readNameConstraints(bytes('3005 a003 0201 00')).problem).toMatch(/DER/)
    expect(readNameConstraints(bytes('0500')).problem).toMatch(/DER/)
  })
})

test('extensions are read with and without the word for critical', () => {
  const read = (...hex: readonly string[]) => {
    const [element] = readElements(sequence(...hex.map(bytes)))
    return [...readExtensions(element as DerElement)]
  }
  expect(read('3009 0603551d13 0402 3000')).toEqual([
    ['2.5.29.19', { critical: false, value: bytes('3000') }],
  ])
  expect(read('300c 0603551d13 0101ff 0402 3000')[0]?.[1].critical).toBe(true)
  expect(read('300c 0603551d13 010100 0402 3000')[0]?.[1].critical).toBe(false)
  expect(() => read('300f 0603551d13 0101ff 0101ff 0402 3000')).toThrow('too many fields')
  expect(() => read('300c 0603551d13 0402 3000 0101ff')).toThrow(RangeError)
  expect(() => read('3009 0603551d13 0402 3000', '3009 0603551d13 0402 3000')).toThrow('twice')
  expect(() => read('3007 0603551d13 0500')).toThrow(RangeError)
})

test('bits of a key usage are counted from the highest, and nine of them mean something', () => {
  expect(readKeyUsage(bytes('0302 0780'))).toEqual([0])
  expect(readKeyUsage(bytes('0302 0106'))).toEqual([5, 6])
  expect(readKeyUsage(bytes('0303 070080'))).toEqual([8])
  expect(readKeyUsage(bytes('0304 070000ff'))).toEqual([])
  for (const hex of ['', '0302 0780 0500', '0402 0780']) {
    expect(() => readKeyUsage(bytes(hex)), hex).toThrow(RangeError)
  }
})

test('of too many TLS features one more than the limit is read', () => {
  const list = (count: number) => sequence(...Array.from({ length: count }, () => bytes('020105')))
  expect(readTlsFeatures(list(64))).toHaveLength(64)
  expect(readTlsFeatures(list(65))).toHaveLength(65)
  expect(readTlsFeatures(list(1000))).toHaveLength(65)
  expect(() => readTlsFeatures(bytes('3003 0101ff'))).toThrow(RangeError)
})
