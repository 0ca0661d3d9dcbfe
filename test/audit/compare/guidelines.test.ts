/**
 * Guidelines as Mozilla publishes them: versions 5.0, 5.8 and 6.0 of https://ssl-config.mozilla.org/guidelines/, as of
 * March 2026, without the fields that are of no matter here. The published names of IANA judge those of OpenSSL.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { compareTls } from '../../../src/audit/compare/compare-tls.ts'
import {
  guidelinesYardstick,
  parseGuidelines,
} from '../../../src/audit/compare/guidelines-yardstick.ts'
import type { CertificateResult, TlsScan } from '../../../src/audit/model.ts'
import { CERTIFICATE, SCAN } from './scans.ts'

type Published = {
  readonly version: number
  readonly configurations: Readonly<Record<string, Fields>>
}

type Fields = {
  readonly ciphers?: { readonly iana?: readonly string[] }
  readonly ciphersuites?: readonly string[]
  readonly openssl_ciphers?: readonly string[]
  readonly openssl_ciphersuites?: readonly string[]
  readonly tls_curves: readonly string[]
  readonly tls_versions: readonly string[]
  readonly rsa_key_size: number | null
  readonly dh_param_size: number | null
}

const PUBLISHED: readonly Published[] = JSON.parse(
  readFileSync(join(import.meta.dirname, 'mozilla-guidelines.json'), 'utf8'),
)

function yardstickOf(document: Published, level: string) {
  const parsed = parseGuidelines(document, level)
  if (!parsed.ok) throw new Error(parsed.reason)
  return guidelinesYardstick(parsed.guideline, level, 'guidelines.json')
}

/** Names of the registry, by what the guidelines call them. */
const GROUPS: Readonly<Record<string, string>> = {
  X25519MLKEM768: 'X25519MLKEM768',
  X25519: 'x25519',
  prime256v1: 'secp256r1',
  secp256r1: 'secp256r1',
  secp384r1: 'secp384r1',
}
const VERSIONS: Readonly<Record<string, string>> = {
  TLSv1: 'TLS1.0',
  'TLSv1.1': 'TLS1.1',
  'TLSv1.2': 'TLS1.2',
  'TLSv1.3': 'TLS1.3',
}

describe.each(PUBLISHED)('guidelines $version', (document) => {
  test.each(Object.entries(document.configurations))('%s is read in whole', (level, fields) => {
    const { allowed } = yardstickOf(document, level)
    const names = (list: readonly { readonly name: string }[]) =>
      list.map(({ name }) => name).toSorted()
    const older = fields.ciphers?.iana
    const count = (fields.openssl_ciphers ?? older ?? []).length
    const newer = fields.ciphersuites ?? fields.openssl_ciphersuites ?? []
    expect(allowed.suites).toHaveLength(newer.length + count)
    if (older) expect(names(allowed.suites)).toEqual([...newer, ...older].toSorted())
    expect(names(allowed.groups)).toEqual(fields.tls_curves.map((name) => GROUPS[name]).toSorted())
    expect(names(allowed.versions)).toEqual(fields.tls_versions.map((name) => VERSIONS[name]))
    expect(allowed.minimumKeySizes.rsa).toBe(fields.rsa_key_size ?? 0)
    expect(allowed.minimumKeySizes.dh).toBe(fields.dh_param_size ?? 0)
  })
})

test.each([
  [{ tls_curves: 'X25519' }, 'its tls_curves is no list of names'],
  [{ tls_versions: ['TLSv1.3', 3] }, 'its tls_versions is no list of names'],
  [{ rsa_key_size: '4096' }, 'its rsa_key_size is no number of bits'],
  [{ dh_param_size: -1 }, 'its dh_param_size is no number of bits'],
  [{ ciphers: { openssl: 'AES128-SHA' } }, 'its ciphers have no list of names for openssl'],
  [{ ciphers: 'AES128-SHA' }, 'its ciphers have no list of names for openssl'],
])('%j is refused instead of being passed over', (fields, reason) => {
  const modern = PUBLISHED.at(-1)?.configurations.modern
  const document = { configurations: { modern: { ...modern, ...fields } } }
  expect(parseGuidelines(document, 'modern')).toEqual({ ok: false, reason })
})

/** What is found of a certificate by the newest guidelines. */
function findingsOf(level: string, certificate: Partial<CertificateResult>) {
  const newest = PUBLISHED.at(-1)
  if (!newest) throw new Error('there are no guidelines')
  const shown = { ...CERTIFICATE, ...certificate }
  const chains = [{ certificates: [shown], isInOrder: true, unreadable: [] }]
  const scan: TlsScan = { ...SCAN, chains, suites: [] }
  const findings = compareTls(scan, yardstickOf(newest, level))
  return findings.filter(({ item }) => item.kind === 'certificate')
}

/** The same as lines. */
function judge(level: string, certificate: Partial<CertificateResult>): readonly string[] {
  const told = findingsOf(level, certificate)
  return told.map(({ code, severity, reasons }) => `${code} ${severity} ${reasons[0]?.text}`)
}

const ON_P256 = {
  keyType: 'ec',
  keyBits: 256,
  curve: 'prime256v1',
  signatureAlgorithm: 'ECDSA-SHA256',
}

test('kinds of keys, curves and signatures of certificates are held against the guidelines', () => {
  expect(judge('intermediate', ON_P256)).toEqual([])
  expect(judge('intermediate', {})).toEqual([])
  expect(judge('modern', ON_P256)).toEqual([])
  expect(judge('modern', {})).toEqual(
    [
      'AUDIT_CERTIFICATE_SIGNATURE_FORBIDDEN low certificate_signatures of configurations.modern',
      'AUDIT_CERTIFICATE_KIND_FORBIDDEN low certificate_types of configurations.modern',
    ].toSorted(),
  )
  expect(judge('intermediate', { ...ON_P256, keyBits: 521, curve: 'secp521r1' })).toEqual([
    'AUDIT_CERTIFICATE_KIND_FORBIDDEN low certificate_curves of configurations.intermediate',
  ])
  expect(judge('intermediate', { signatureAlgorithm: 'RSA-SHA1' })).toEqual([
    'AUDIT_CERTIFICATE_SIGNATURE_FORBIDDEN high certificate_signatures of configurations.intermediate',
  ])
  expect(judge('intermediate', { keyType: 'ed25519', keyBits: null })).toEqual([
    'AUDIT_CERTIFICATE_KIND_FORBIDDEN low certificate_types of configurations.intermediate',
  ])
})

test('curves are held against the guidelines that name some, and signature schemes against none', () => {
  const told = (tls_curves: readonly string[]) => {
    const { intermediate } = PUBLISHED.at(-1)?.configurations ?? {}
    const changed = { ...intermediate, tls_curves }
    const parsed = parseGuidelines({ configurations: { intermediate: changed } }, 'intermediate')
    if (!parsed.ok) throw new Error(parsed.reason)
    const findings = compareTls(SCAN, guidelinesYardstick(parsed.guideline, 'intermediate', 'file'))
    const kinds = ['group', 'signature scheme']
    return findings.filter(({ item, severity }) => kinds.includes(item.kind) && severity !== 'info')
  }
  expect(told([])).toEqual([])
  expect(told(['X25519'])).toEqual([])
  expect(told(['secp384r1'])).toMatchObject([
    { code: 'AUDIT_GROUP_FORBIDDEN', item: { name: 'x25519', version: 'TLS1.3' } },
  ])
})

test('the least size of keys on curves is that of the guidelines', () => {
  const judged = (level: string, keyBits: number) => {
    const newest = PUBLISHED.at(-1)
    if (!newest) throw new Error('there are no guidelines')
    const fields = { ...newest.configurations[level], ecdh_param_size: 384 }
    const parsed = parseGuidelines({ configurations: { [level]: fields } }, level)
    if (!parsed.ok) throw new Error(parsed.reason)
    const chains = [
      { certificates: [{ ...CERTIFICATE, ...ON_P256, keyBits }], isInOrder: true, unreadable: [] },
    ]
    const findings = compareTls(
      { ...SCAN, chains },
      guidelinesYardstick(parsed.guideline, level, 'file'),
    )
    return findings.filter(({ code }) => code === 'AUDIT_KEY_TOO_SMALL')
  }
  expect(judged('intermediate', 384)).toEqual([])
  expect(judged('intermediate', 383)).toHaveLength(1)
})

test('signatures are called as OpenSSL and GnuTLS call them, other names are left as they are', () => {
  const { modern } = PUBLISHED.at(-1)?.configurations ?? {}
  const others = ['ed25519', 'xsha256WithRSAEncryption', 'sha256WithRSAEncryptionX']
  others.push(
    'sha-256WithRSAEncryption',
    'xecdsa-with-SHA256',
    'ecdsa-with-SHA256x',
    'ecdsa-with-SHA',
  )
  const certificate_signatures = [
    ...['sha1WithRSAEncryption', 'sha384WithRSAEncryption', 'ecdsa-with-SHA1', 'ecdsa-with-SHA512'],
    ...others,
  ]
  const document = { version: 1, configurations: { modern: { ...modern, certificate_signatures } } }
  const { certificates } = yardstickOf(document as Published, 'modern')
  expect(certificates?.signatures).toEqual([
    'RSA-SHA1',
    'RSA-SHA384',
    'ECDSA-SHA1',
    'ECDSA-SHA512',
    ...others,
  ])
})

test.each([
  ['CN=host.example', 'CN=host.example'],
  ['', 'ab'],
])('a certificate with the subject %j is called %s', (subject, name) => {
  const findings = findingsOf('modern', { subject })
  expect(findings.map(({ code, item }) => [code, item.name])).toEqual([
    ['AUDIT_CERTIFICATE_KIND_FORBIDDEN', name],
    ['AUDIT_CERTIFICATE_SIGNATURE_FORBIDDEN', name],
  ])
})
