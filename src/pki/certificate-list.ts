/** Makes lists of revoked certificates (RFC 5280 section 5). */
import { DER, readElements, readOnly, requireTag } from '../asn1/der.ts'
import {
  bitString,
  enumerated,
  explicit,
  integer,
  sequenceOf,
  time,
  unsignedInteger,
} from '../asn1/der-writer.ts'
import { encodePem } from '../asn1/pem.ts'
import type { Signer } from './certificate-builder.ts'
import {
  authorityKeyIdentifier,
  encodeExtension,
  ISSUED_EXTENSIONS,
} from './certificate-extensions.ts'
import { encodeAlgorithm, signBytes } from './certificate-signature.ts'
import { REASONS, type RevocationReason } from './revocation-reasons.ts'

export type RevokedCertificate = {
  /** In hexadecimal. */
  readonly serial: string
  readonly reason: RevocationReason
}

export type ListContent = {
  readonly issuer: Buffer
  readonly issuerKeyId: Buffer
  readonly thisUpdate: Date
  readonly nextUpdate: Date
  readonly number: bigint
  /** Entries of the list before, as they stand there, and new ones. */
  readonly entries: readonly Buffer[]
}

/** Version 2 is written as 1. */
const VERSION_2 = Buffer.from([1])

/** CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue }, as PEM. */
export function signList(content: ListContent, signer: Signer): string {
  const { issuer, issuerKeyId, thisUpdate, nextUpdate, number, entries } = content
  const algorithm = encodeAlgorithm(signer.signature)
  const body = sequenceOf(
    integer(VERSION_2),
    algorithm,
    issuer,
    time(thisUpdate),
    time(nextUpdate),
    // An empty list is left out.
    // As one piece: there may be more entries than a call takes arguments.
    ...(entries.length > 0 ? [sequenceOf(Buffer.concat(entries))] : []),
    explicit(
      0,
      sequenceOf(
        authorityKeyIdentifier(issuerKeyId),
        encodeExtension(ISSUED_EXTENSIONS.listNumber, false, unsignedInteger(number)),
      ),
    ),
  )
  const signature = signBytes(body, signer.signature, signer.key)
  return encodePem('X509 CRL', sequenceOf(body, algorithm, bitString(signature)))
}

/** An entry of revokedCertificates; the reason `unspecified` is left out, as the RFC asks for. */
export function encodeEntry({ serial, reason }: RevokedCertificate, date: Date): Buffer {
  const number = unsignedInteger(BigInt(`0x${serial}`))
  if (reason === 'unspecified') return sequenceOf(number, time(date))
  const value = enumerated(REASONS[reason])
  return sequenceOf(
    number,
    time(date),
    sequenceOf(encodeExtension(ISSUED_EXTENSIONS.reason, false, value)),
  )
}

/** The entries of a list, as they stand there. */
export function readEntries(list: Buffer): readonly Buffer[] {
  const [body] = readOnly(list, DER.sequence)
  const fields = readElements(requireTag(body, DER.sequence).body)
  // Behind the optional version stand the algorithm and the issuer, both sequences too.
  const [first] = fields
  const rest = fields.slice(first?.tag === DER.integer ? 3 : 2)
  const entries = rest.find(({ tag }) => tag === DER.sequence)
  return entries ? readElements(entries.body).map(({ whole }) => whole) : []
}
