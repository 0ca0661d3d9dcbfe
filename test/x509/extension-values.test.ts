/** Extensions as RFC 5280 section 4.2 writes them, in bytes by hand. */
import { expect, test } from 'vitest'
import { encodePem } from '../../src/asn1/pem.ts'
import { canonicalName, isNameWithin } from '../../src/x509/canonical-name.ts'
import {
  readAuthorityKeyIdentifier,
  readBasicConstraints,
  readSubjectKeyIdentifier,
} from '../../src/x509/extension-values.ts'
import { parsePrivateKey } from '../../src/x509/private-key.ts'
import { parseRevocationLists } from '../../src/x509/revocation-list.ts'
import { measureKey } from '../../src/x509/strength-check.ts'
import { comparedName, comparedSubtree, covers } from '../../src/x509/subtree.ts'
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
