/** Certificates that a server shows: the sizes of their keys, and how they are signed. */
import type { MinimumKeySizes } from '../../algorithms/allowed-tls.ts'
import type { CertificateResult, TlsScan } from '../model.ts'
import type { Finding } from './finding.ts'
import { FINDING_KINDS, makeFinding } from './finding-kinds.ts'
import type { TlsYardstick } from './yardstick.ts'

export function compareCertificates(
  { chains }: TlsScan,
  yardstick: TlsYardstick,
): readonly Finding[] {
  const all = chains.flatMap(({ certificates }) => certificates)
  // Chains of several keys share their authorities.
  const different = [...new Map(all.map((one) => [one.fingerprint, one])).values()]
  return different.flatMap((certificate) => [
    ...findSmallKey(certificate, yardstick),
    ...findForbiddenSignature(certificate, yardstick),
  ])
}

const SIZE_NAMES: ReadonlyMap<string, keyof MinimumKeySizes> = new Map([
  ['rsa', 'rsa'],
  ['rsa-pss', 'rsa'],
  ['dsa', 'dsa'],
  ['ec', 'ec'],
])

function findSmallKey(
  { keyType, keyBits, subject, fingerprint }: CertificateResult,
  { allowed, silentOn, reasonsFor }: TlsYardstick,
): readonly Finding[] {
  const name = SIZE_NAMES.get(keyType)
  if (!name || keyBits === null || silentOn.includes('key size')) return []
  const least = allowed.minimumKeySizes[name]
  if (keyBits >= least) return []
  return [
    makeFinding(FINDING_KINDS.keyTooSmall, {
      item: { kind: 'certificate', name: subject || fingerprint, version: null },
      evidence: ['certificates'],
      reasons: reasonsFor({ kind: 'key size', name }),
      detail: `a ${name.toUpperCase()} key of ${keyBits} bits; at least ${least} are asked for`,
    }),
  ]
}

/** The signature of an authority on itself is never checked. */
function findForbiddenSignature(
  { signatureAlgorithm, subject, issuer, fingerprint }: CertificateResult,
  { allowed, silentOn, reasonsFor }: TlsYardstick,
): readonly Finding[] {
  const scheme = signatureAlgorithm === null ? undefined : schemeOf(signatureAlgorithm)
  if (!scheme || subject === issuer || silentOn.includes('signature scheme')) return []
  const isAllowed = allowed.signatureSchemes.some(({ name }) => scheme.includes(name))
  if (isAllowed) return []
  return [
    makeFinding(FINDING_KINDS.certificateSignatureForbidden, {
      item: { kind: 'certificate', name: subject || fingerprint, version: null },
      evidence: ['certificates'],
      reasons: reasonsFor({ kind: 'signature scheme', name: scheme[0] ?? '' }),
      detail: `${signatureAlgorithm}, which is not allowed`,
    }),
  ]
}

/** Schemes that are this signature of a certificate. An ECDSA signature says no curve. */
function schemeOf(algorithm: string): readonly string[] | undefined {
  const [, hash = ''] = /(md5|sha-?1|sha-?256|sha-?384|sha-?512)/i.exec(algorithm) ?? []
  const digest = hash.toLowerCase().replace('-', '')
  if (/pss/i.test(algorithm)) return [`rsa_pss_rsae_${digest}`, `rsa_pss_pss_${digest}`]
  if (/ecdsa/i.test(algorithm)) return ECDSA_SCHEMES.get(digest)
  if (/rsa/i.test(algorithm) && digest) return [`rsa_pkcs1_${digest}`]
  return /^ed(25519|448)$/i.test(algorithm) ? [algorithm.toLowerCase()] : undefined
}

const ECDSA_SCHEMES: ReadonlyMap<string, readonly string[]> = new Map([
  ['sha1', ['ecdsa_sha1']],
  ['sha256', ['ecdsa_secp256r1_sha256']],
  ['sha384', ['ecdsa_secp384r1_sha384']],
  ['sha512', ['ecdsa_secp521r1_sha512']],
])
