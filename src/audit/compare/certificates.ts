/** Certificates that a server shows: the sizes of their keys, and how they are signed. */
import type { MinimumKeySizes } from '../../algorithms/allowed-tls.ts'
import { GNUTLS_SIGNATURES } from '../../priority/gnutls-algorithms.ts'
import type { CertificateResult, TlsScan } from '../model.ts'
import type { Finding } from './finding.ts'
import { FINDING_KINDS, makeFinding } from './finding-kinds.ts'
import { handshakeClaims } from './handshake-claims.ts'
import { unlessAnswered } from './unknown.ts'
import type { TlsYardstick } from './yardstick.ts'

export function compareCertificates(scan: TlsScan, yardstick: TlsYardstick): readonly Finding[] {
  const { chains } = scan
  const evidence = handshakeClaims(scan)
  const all = chains.flatMap(({ certificates }) => certificates)
  // Chains of several keys share their authorities.
  const different = [...new Map(all.map((one) => [one.fingerprint, one])).values()]
  return [
    ...findUnread(scan, evidence),
    ...different.flatMap((certificate) => [
      ...findSmallKey(certificate, yardstick, evidence),
      ...findForbiddenSignature(certificate, yardstick, evidence),
    ]),
  ]
}

/** What was not read is held against nothing. */
function findUnread({ chains, suites }: TlsScan, evidence: readonly string[]): readonly Finding[] {
  const unknown = (name: string, because: string) =>
    unlessAnswered({ answer: 'unknown', because }, 'certificate', name, null, evidence)
  const places = new Set(chains.flatMap(({ unreadable }) => unreadable))
  const unread = [...places].flatMap((at) =>
    unknown(String(at), `certificate ${at} of a chain cannot be read`),
  )
  const isShown = suites.some(({ items }) => items.some(({ name }) => SHOWS_CERTIFICATE.test(name)))
  return isShown && chains.length === 0
    ? unknown('', 'the server did not show it, although it accepts suites that need one')
    : unread
}

/** Names of suites before TLS 1.3 in which the server shows one: RFC 4279 section 4 for RSA_PSK. */
const SHOWS_CERTIFICATE = /^TLS_(RSA|(ECDHE?|DHE?)_(RSA|ECDSA|DSS))_/

const SIZE_NAMES: ReadonlyMap<string, keyof MinimumKeySizes> = new Map([
  ['rsa', 'rsa'],
  ['rsa-pss', 'rsa'],
  ['dsa', 'dsa'],
  ['ec', 'ec'],
])

function findSmallKey(
  { keyType, keyBits, subject, fingerprint }: CertificateResult,
  { allowed, silentOn, reasonsFor }: TlsYardstick,
  evidence: readonly string[],
): readonly Finding[] {
  const name = SIZE_NAMES.get(keyType)
  if (!name || keyBits === null || silentOn.includes('key size')) return []
  const least = allowed.minimumKeySizes[name]
  if (keyBits >= least) return []
  const article = name === 'dsa' ? 'a' : 'an'
  return [
    makeFinding(FINDING_KINDS.keyTooSmall, {
      item: { kind: 'certificate', name: subject || fingerprint, version: null },
      evidence,
      reasons: reasonsFor({ kind: 'key size', name }),
      detail: `${article} ${name.toUpperCase()} key of ${keyBits} bits; at least ${least} are asked for`,
    }),
  ]
}

/** The signature of an authority on itself is never checked. */
function findForbiddenSignature(
  { signatureAlgorithm, subject, isSelfSigned, fingerprint }: CertificateResult,
  { allowed, silentOn, reasonsFor }: TlsYardstick,
  evidence: readonly string[],
): readonly Finding[] {
  if (signatureAlgorithm === null) return []
  const schemes = schemesOf(signatureAlgorithm)
  if (!schemes || isSelfSigned || silentOn.includes('signature scheme')) return []
  const isAllowed = allowed.signatureSchemes.some(({ name }) => schemes.includes(name))
  if (isAllowed) return []
  return [
    makeFinding(FINDING_KINDS.certificateSignatureForbidden, {
      item: { kind: 'certificate', name: subject || fingerprint, version: null },
      evidence,
      reasons: reasonsFor({ kind: 'signature scheme', name: schemes[0] ?? signatureAlgorithm }),
      detail: `${signatureAlgorithm}, which is not allowed`,
    }),
  ]
}

/**
 * Schemes that are this signature of a certificate: none of one that is broken, undefined where it is not known which.
 * An ECDSA signature says no curve, and one with RSA-PSS not for which kind of key.
 */
function schemesOf(algorithm: string): readonly string[] | undefined {
  const names = [algorithm, algorithm.replace(/^RSA-PSS-/, 'RSA-PSS-RSAE-')]
  const rows = GNUTLS_SIGNATURES.filter(({ name }) => names.includes(name))
  const schemes = rows.flatMap(({ scheme }) => scheme ?? [])
  const isJudged = schemes.length > 0 || rows.some(({ insecure }) => insecure !== undefined)
  return isJudged ? schemes : undefined
}
