/** Signatures of certificates: OpenSSL says which identifier belongs to which name. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { DER, readObjectIdentifier, readOnly } from '../../src/asn1/der.ts'
import { GNUTLS_SIGNATURES } from '../../src/priority/gnutls-algorithms.ts'
import {
  acceptedCertificateHashes,
  findCertificateSignature,
  isSignatureAllowed,
  isSuiteB,
} from '../../src/x509/signature-rules.ts'
import { execFileSync } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { evaluationOf } from './evaluation.ts'

const HASHES = ['224', '256', '384', '512']

/** OpenSSL's names, and GnuTLS's names for the same. */
const NAMES: readonly (readonly [openssl: string, gnutls: string])[] = [
  ['md2WithRSAEncryption', 'RSA-MD2'],
  ['md5WithRSAEncryption', 'RSA-MD5'],
  ['sha1WithRSAEncryption', 'RSA-SHA1'],
  ['sha1WithRSA', 'RSA-SHA1'],
  ['ripemd160WithRSA', 'RSA-RMD160'],
  ['dsaWithSHA1', 'DSA-SHA1'],
  ['ecdsa-with-SHA1', 'ECDSA-SHA1'],
  ...HASHES.flatMap((bits): (readonly [string, string])[] => [
    [`sha${bits}WithRSAEncryption`, `RSA-SHA${bits}`],
    [`dsa_with_SHA${bits}`, `DSA-SHA${bits}`],
    [`ecdsa-with-SHA${bits}`, `ECDSA-SHA${bits}`],
    [`RSA-SHA3-${bits}`, `RSA-SHA3-${bits}`],
    [`dsa_with_SHA3-${bits}`, `DSA-SHA3-${bits}`],
    [`ecdsa_with_SHA3-${bits}`, `ECDSA-SHA3-${bits}`],
  ]),
  ['ED25519', 'EdDSA-Ed25519'],
  ['ED448', 'EdDSA-Ed448'],
  ['id-GostR3411-94-with-GostR3410-2001', 'GOSTR341001'],
  ['id-tc26-signwithdigest-gost3410-2012-256', 'GOSTR341012-256'],
  ['id-tc26-signwithdigest-gost3410-2012-512', 'GOSTR341012-512'],
]

/** GnuTLS has these names in lists only; no certificate bears such a signature. */
const UNKNOWN = new Set(['DSA-SHA3-224', 'DSA-SHA3-256', 'DSA-SHA3-384', 'DSA-SHA3-512'])

/** The identifiers in dotted form. */
function askOpenssl(names: readonly string[]): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'oid-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const [config, out] = [join(folder, 'config'), join(folder, 'out')]
  const fields = names.map((name, at) => `f${at} = OID:${name}\n`).join('')
  writeFileSync(config, `asn1 = SEQUENCE:all\n[all]\n${fields}`)
  execFileSync('openssl', ['asn1parse', '-genconf', config, '-noout', '-out', out])
  return readOnly(readFileSync(out), DER.sequence).map(readObjectIdentifier)
}

testWith('openssl', 'every identifier has the name that OpenSSL and GnuTLS give it', () => {
  const identifiers = askOpenssl(NAMES.map(([openssl]) => openssl))
  const found = identifiers.map((identifier) => findCertificateSignature(identifier)?.name)
  const names = NAMES.map(([, gnutls]) => gnutls)
  expect(found.map((name, at) => name ?? `no ${names[at]}`)).toEqual(
    names.map((name, at) => (found[at] === undefined && UNKNOWN.has(name) ? `no ${name}` : name)),
  )
})

test('ML-DSA has the arcs 17 to 19, and RSA-PSS the hash of its parameters', () => {
  const below = (arc: number) => findCertificateSignature(`2.16.840.1.101.3.4.3.${arc}`)?.name
  expect([17, 18, 19, 20, 0].map(below)).toEqual([
    ...['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87', undefined, undefined],
  ])
  const pss = (hash: string) => findCertificateSignature('1.2.840.113549.1.1.10', hash)?.name
  expect(pss('2.16.840.1.101.3.4.2.1')).toBe('RSA-PSS-SHA256')
  expect(pss('2.16.840.1.101.3.4.2.3')).toBe('RSA-PSS-SHA512')
  expect(pss('1.3.14.3.2.26')).toBeUndefined()
})

describe('a weak signature passes where the string says so, and no other does', () => {
  const WEAK = ['RSA-MD2', 'RSA-MD5', 'RSA-SHA1', 'ECDSA-SHA1', 'DSA-SHA1', 'RSA-RMD160']

  /** Which of them certificates may bear. */
  function weakUnder(options: string): readonly string[] {
    const evaluation = evaluationOf(`NORMAL:%PROFILE_VERY_WEAK${options}`)
    return WEAK.filter((name) => {
      const row = GNUTLS_SIGNATURES.find((one) => one.name === name)
      return row !== undefined && isSignatureAllowed({ ...evaluation, profile: undefined }, row)
    })
  }

  test.each([
    ['', []],
    [':%VERIFY_ALLOW_SIGN_RSA_MD5', ['RSA-MD5']],
    [':%VERIFY_ALLOW_SIGN_WITH_SHA1', ['RSA-SHA1', 'ECDSA-SHA1', 'DSA-SHA1']],
    [':%VERIFY_ALLOW_BROKEN', WEAK],
  ])('NORMAL%s', (options, allowed) => {
    expect(weakUnder(options)).toEqual(allowed)
  })
})

test('a profile asks each hash for its strength', () => {
  const hashes = (profile: string): readonly string[] =>
    acceptedCertificateHashes(evaluationOf(`NORMAL:%VERIFY_ALLOW_BROKEN:%PROFILE_${profile}`))
  expect(hashes('ULTRA')).toEqual(expect.arrayContaining(['SHA384', 'SHA512', 'SHA3-512']))
  for (const hash of ['SHA256', 'SHA3-256', 'STREEBOG-256', 'SHA224', 'SHA1', 'MD5']) {
    expect(hashes('ULTRA')).not.toContain(hash)
  }
  expect(hashes('HIGH')).toEqual(expect.arrayContaining(['SHA256', 'SHA3-256']))
  for (const hash of ['SHA224', 'SHA3-224', 'SHA1', 'MD5']) {
    expect(hashes('HIGH')).not.toContain(hash)
  }
  expect(hashes('MEDIUM')).toEqual(expect.arrayContaining(['SHA224', 'SHA3-224']))
  for (const profile of ['MEDIUM', 'LEGACY']) expect(hashes(profile)).not.toContain('SHA1')
  expect(hashes('LOW')).toEqual(expect.arrayContaining(['SHA1', 'RIPEMD160']))
  expect(hashes('LOW')).not.toContain('MD5')
  expect(hashes('VERY_WEAK')).toEqual(expect.arrayContaining(['MD5', 'MD2']))
})

describe('Suite B names its signatures', () => {
  test.each(['SUITEB128', 'SUITEB192'] as const)('%s', (profile) => {
    const evaluation = evaluationOf(`NORMAL:%PROFILE_${profile}`)
    const isAllowed = (identifier: string): boolean => {
      const signature = findCertificateSignature(identifier)
      return signature !== undefined && isSignatureAllowed(evaluation, signature)
    }
    expect(isSuiteB(profile)).toBe(true)
    expect(isAllowed('1.2.840.10045.4.3.2')).toBe(true)
    expect(isAllowed('1.2.840.10045.4.3.3')).toBe(true)
    expect(isAllowed('1.2.840.10045.4.3.4')).toBe(false)
    expect(isAllowed('1.2.840.113549.1.1.11')).toBe(false)
    expect(isAllowed('1.3.101.112')).toBe(false)
  })
})
