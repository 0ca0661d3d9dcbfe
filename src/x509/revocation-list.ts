/** Lists of revoked certificates (RFC 5280 section 5). */
import { createPublicKey, verify } from 'node:crypto'
import { DER, type DerElement, readElements, readOnly, readTime, requireTag } from '../asn1/der.ts'
import { readPemBlocks } from '../asn1/pem.ts'
import { fail } from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import type { Certificate } from './certificate.ts'
import type { CertificatePlace } from './certificate-place.ts'
import { printName } from './distinguished-name.ts'
import { readExtensions } from './extension-values.ts'
import { signatureParameters } from './signature-algorithm.ts'
import { X509_KINDS } from './x509-diagnostics.ts'

export type RevocationList = {
  readonly place: CertificatePlace
  /** As GnuTLS writes it in the order of the encoding. */
  readonly issuer: string
  /** The issuer's name in DER, which is what names are compared by. */
  readonly issuerName: Buffer
  readonly thisUpdate: Date
  readonly nextUpdate?: Date
  /** Grows with each list of an issuer (RFC 5280 section 5.2.3). */
  readonly number?: bigint
  /** Serial numbers in hexadecimal, upper case, as node:crypto writes those of certificates. */
  readonly revoked: ReadonlySet<string>
  /** What was signed, and the signature. */
  readonly signed: SignedList
}

type SignedList = {
  readonly body: Buffer
  readonly algorithm: DerElement
  readonly signature: Buffer
}

/**
 * The revocation lists of a PEM text.
 *
 * @throws DiagnosticError TLS_PEM_... or TLS_REVOCATION_LIST_MALFORMED.
 */
export function parseRevocationLists(source: Source): readonly RevocationList[] {
  const blocks = readPemBlocks(source, ['X509 CRL', 'CRL'], 'revocation list')
  return blocks.map(({ bytes }, index) => openList(bytes, { file: source.name, index }))
}

function openList(bytes: Buffer, place: CertificatePlace): RevocationList {
  try {
    return { place, ...readList(bytes) }
  } catch (error) {
    return fail(X509_KINDS.malformedList, { place, reason: (error as Error).message })
  }
}

/** The list that revokes a certificate. Lists are trusted as they stand, as GnuTLS trusts them. */
export function findRevocation(
  { x509, link }: Certificate,
  lists: readonly RevocationList[],
): RevocationList | undefined {
  const serial = normalizeSerial(x509.serialNumber)
  return lists.find(
    ({ issuerName, revoked }) => issuerName.equals(link.issuer) && revoked.has(serial),
  )
}

/** Whether the key of an authority signed a list. */
export function isListSignedBy(
  { signed, issuerName }: RevocationList,
  authority: Certificate,
): boolean {
  if (!issuerName.equals(authority.link.subject)) return false
  const { body, algorithm, signature } = signed
  try {
    const key = createPublicKey({ key: authority.link.publicKey, format: 'der', type: 'spki' })
    const { hash, options } = signatureParameters(algorithm, key)
    return verify(hash, body, { key, ...options }, signature)
  } catch {
    // A signature that this OpenSSL does not know is none that it can vouch for.
    return false
  }
}

/**
 * CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue };
 * TBSCertList ::= SEQUENCE { version, signature, issuer, thisUpdate, nextUpdate,
 * revokedCertificates, crlExtensions [0] }.
 */
function readList(raw: Buffer): Omit<RevocationList, 'place'> {
  const [body, algorithm, signature] = readOnly(raw, DER.sequence)
  const fields = readElements(requireTag(body, DER.sequence).body)
  const [, issuer, thisUpdate, ...rest] = fields[0]?.tag === DER.integer ? fields.slice(1) : fields
  const issuerName = requireTag(issuer, DER.sequence).whole
  const nextUpdate = rest.find(({ tag }) => tag === DER.utcTime || tag === DER.generalizedTime)
  const entries = rest.find(({ tag }) => tag === DER.sequence)
  return {
    issuer: printName(issuerName),
    issuerName,
    thisUpdate: readTime(thisUpdate),
    ...(nextUpdate ? { nextUpdate: readTime(nextUpdate) } : {}),
    ...readNumber(rest.find(({ tag }) => tag === 0xa0)),
    revoked: new Set(entries ? readElements(entries.body).map(readSerial) : []),
    signed: {
      body: requireTag(body, DER.sequence).whole,
      algorithm: requireTag(algorithm, DER.sequence),
      signature: requireTag(signature, DER.bitString).body.subarray(1),
    },
  }
}

function readNumber(wrapped: DerElement | undefined): { number?: bigint } {
  const [sequence] = wrapped ? readElements(wrapped.body) : []
  const value = sequence && readExtensions(sequence).get(CRL_NUMBER)?.value
  if (!value) return {}
  const [number] = readElements(value)
  return { number: BigInt(`0x${requireTag(number, DER.integer).body.toString('hex') || '0'}`) }
}

const CRL_NUMBER = '2.5.29.20'

function readSerial(entry: DerElement): string {
  const [serial] = readElements(requireTag(entry, DER.sequence).body)
  return normalizeSerial(requireTag(serial, DER.integer).body.toString('hex'))
}

/** The same number has the same text, whatever zeros stand in front. */
function normalizeSerial(hex: string): string {
  return hex.toUpperCase().replace(/^0+/, '')
}
