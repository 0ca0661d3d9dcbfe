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
      ...findUnreadKey(certificate, yardstick, evidence),
      ...findSmallKey(certificate, yardstick, evidence),
      ...findForbiddenSignature(certificate, yardstick, evidence),
    ]),
  ]
}

/** What was not read is held against nothing. */
function findUnread({ chains, suites }: TlsScan, evidence: readonly string[]): readonly Finding[] {
  const unknown = (name: string, because: string) =>
    unlessAnswered({ answer: 'unknown', because }, 'certificate', name, null, evidence)
  const places = [...new Set(chains.flatMap(({ unreadable }) => unreadable))]
  const names = suites.flatMap(({ items }) => items.map(({ name }) => name))
  // One that cannot be read may have a key of any kind.
  const missing = places.includes(0) ? [] : KINDS.filter((kind) => isMissing(kind, names, chains))
  return [
    ...places.flatMap((at) => unknown(String(at), `certificate ${at} of a chain cannot be read`)),
    ...missing.flatMap(({ title }) =>
      unknown(
        title,
        `the server showed none with a key of ${title}, although it accepts suites that need one`,
      ),
    ),
  ]
}

type KeyKind = {
  readonly title: string
  /** Names of suites before TLS 1.3 in which the server shows a key of the kind. */
  readonly suites: RegExp
  /** Types of such keys. */
  readonly types: readonly string[]
}

/** RFC 5246 section 7.4.2; RFC 4279 section 4 for RSA_PSK, RFC 8422 sections 2 and 5.3, RFC 5054 section 2.5.2. */
const KINDS: readonly KeyKind[] = [
  {
    title: 'RSA',
    suites: /^TLS_(RSA|(ECDHE|DHE)_RSA|SRP_SHA_RSA)_/,
    types: ['rsa', 'rsa-pss'],
  },
  {
    title: 'elliptic curves',
    suites: /^TLS_(ECDHE_ECDSA|ECDH_ECDSA|ECDH_RSA)_/,
    types: ['ec', 'ed25519', 'ed448'],
  },
  { title: 'DSA', suites: /^TLS_(DHE_DSS|SRP_SHA_DSS)_/, types: ['dsa'] },
  { title: 'Diffie-Hellman', suites: /^TLS_DH_(RSA|DSS)_/, types: ['dh'] },
]

function isMissing(
  { suites, types }: KeyKind,
  names: readonly string[],
  chains: TlsScan['chains'],
): boolean {
  const isShown = chains.some(({ certificates: [leaf] }) => {
    return leaf !== undefined && (types.includes(leaf.keyType) || leaf.keyType === UNREAD)
  })
  return !isShown && names.some((name) => suites.test(name))
}

/** The type of a key that Node.js does not read. */
const UNREAD = 'unknown'

/** Its size is held against nothing. */
function findUnreadKey(
  { keyType, keyBits, subject, fingerprint }: CertificateResult,
  { silentOn }: TlsYardstick,
  evidence: readonly string[],
): readonly Finding[] {
  const isRead = keyType !== UNREAD && (!SIZE_NAMES.has(keyType) || keyBits !== null)
  if (isRead || silentOn.includes('key size')) return []
  const answer = { answer: 'unknown', because: 'its key cannot be read' } as const
  return unlessAnswered(answer, 'certificate', subject || fingerprint, null, evidence)
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
