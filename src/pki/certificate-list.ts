/** Makes lists of revoked certificates (RFC 5280 section 5). */
import { DER, readElements, readOnly, requireTag } from '../asn1/der.ts'
import type { Signer } from './certificate-builder.ts'
import { authorityKeyIdentifier, EXTENSIONS, encodeExtension } from './certificate-extensions.ts'
import { encodeAlgorithm, signBytes } from './certificate-signature.ts'
import {
  type Asn1,
  bitString,
  decodeDer,
  encodeDer,
  enumerated,
  explicit,
  integer,
  sequenceOf,
  time,
} from './der-values.ts'
import { REASONS, type RevocationReason } from './revocation-reasons.ts'

export type RevokedCertificate = {
  /** In hexadecimal. */
  readonly serial: string
  readonly reason: RevocationReason
}

export type ListContent = {
  readonly issuer: Asn1
  readonly issuerKeyId: Buffer
  readonly thisUpdate: Date
  readonly nextUpdate: Date
  readonly number: bigint
  /** Entries of the list before, as they stand there, and new ones. */
  readonly entries: readonly Asn1[]
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
    ...(entries.length > 0 ? [sequenceOf(...entries)] : []),
    explicit(
      0,
      sequenceOf(
        authorityKeyIdentifier(issuerKeyId),
        encodeExtension(EXTENSIONS.listNumber, false, integer(bytesOf(number))),
      ),
    ),
  )
  const signature = signBytes(encodeDer(body), signer.signature, signer.key)
  return pemOf(encodeDer(sequenceOf(body, algorithm, bitString(signature))))
}

/** An entry of revokedCertificates; the reason `unspecified` is left out, as the RFC asks for. */
export function encodeEntry({ serial, reason }: RevokedCertificate, date: Date): Asn1 {
  const number = integer(bytesOf(BigInt(`0x${serial}`)))
  if (reason === 'unspecified') return sequenceOf(number, time(date))
  const value = enumerated(REASONS[reason])
  return sequenceOf(
    number,
    time(date),
    sequenceOf(encodeExtension(EXTENSIONS.reason, false, value)),
  )
}

/** The entries of a list, as they stand there. */
export function readEntries(list: Buffer): readonly Asn1[] {
  const [body] = readOnly(list, DER.sequence)
  const fields = readElements(requireTag(body, DER.sequence).body)
  // Behind the optional version stand the algorithm and the issuer, both sequences too.
  const [first] = fields
  const rest = fields.slice(first?.tag === DER.integer ? 3 : 2)
  const entries = rest.find(({ tag }) => tag === DER.sequence)
  return entries ? readElements(entries.body).map(({ whole }) => decodeDer(whole)) : []
}

/** The bytes of a number that is not negative; the highest bit is the sign. */
function bytesOf(number: bigint): Buffer {
  const hex = number.toString(16)
  const bytes = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex')
  return (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes
}

function pemOf(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN X509 CRL-----\n${lines.join('\n')}\n-----END X509 CRL-----\n`
}
