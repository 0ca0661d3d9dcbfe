/** Builds and signs certificates (RFC 5280 section 4.1): any key, one way. */
import { type KeyObject, randomBytes, X509Certificate } from 'node:crypto'
import { EXTENSIONS, readExtension } from './certificate-extensions.ts'
import {
  type CertificateSignature,
  encodeAlgorithm,
  keyIdentifier,
  signBytes,
} from './certificate-signature.ts'
import {
  type Asn1,
  bitString,
  decodeDer,
  encodeDer,
  explicit,
  integer,
  sequenceOf,
  time,
} from './der-values.ts'
import type { Validity } from './validity.ts'

export type CertificateContent = {
  readonly subject: Asn1
  readonly issuer: Asn1
  readonly validity: Validity
  readonly publicKey: KeyObject
  readonly extensions: readonly Asn1[]
}

export type Signer = {
  readonly key: KeyObject
  readonly signature: CertificateSignature
}

/** Version 3 is written as 2. */
const VERSION_3 = Buffer.from([2])

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }. */
export function signCertificate(content: CertificateContent, signer: Signer): X509Certificate {
  const algorithm = encodeAlgorithm(signer.signature)
  const { notBefore, notAfter } = content.validity
  const body = sequenceOf(
    explicit(0, integer(VERSION_3)),
    integer(randomSerial()),
    algorithm,
    content.issuer,
    sequenceOf(time(notBefore), time(notAfter)),
    content.subject,
    decodeDer(encodePublicKey(content.publicKey)),
    explicit(3, sequenceOf(...content.extensions)),
  )
  const bytes = signBytes(encodeDer(body), signer.signature, signer.key)
  return new X509Certificate(encodeDer(sequenceOf(body, algorithm, bitString(bytes))))
}

/** The parts of a certificate that are written into others, as they are encoded. */
export type CertificateParts = {
  readonly subject: Asn1
  readonly alternativeNames: Asn1 | undefined
  readonly keyId: Buffer
}

/**
 * Takes a certificate apart.
 *
 * @throws RangeError where it is not in DER.
 */
export function readCertificateParts(certificate: X509Certificate): CertificateParts {
  const [body] = decodeDer(certificate.raw).value as Asn1[]
  const fields = (body?.value ?? []) as Asn1[]
  // Before version 3 there are no extensions, and the version itself is left out.
  const subject = fields[fields[0]?.tagClass === 0x80 ? 5 : 4]
  if (!subject) throw new RangeError('a certificate without a subject')
  const wrapper = fields.find(({ tagClass, type }) => tagClass === 0x80 && Number(type) === 3)
  const [extensions] = (wrapper?.value ?? []) as Asn1[]
  const read = (identifier: string) => extensions && readExtension(extensions, identifier)
  const keyId = read(EXTENSIONS.subjectKeyIdentifier)?.value
  return {
    subject,
    alternativeNames: read(EXTENSIONS.alternativeNames),
    keyId:
      typeof keyId === 'string' ? Buffer.from(keyId, 'latin1') : keyIdOf(certificate.publicKey),
  }
}

/** Names a public key by what of it is its own: not the algorithm. */
export function keyIdOf(publicKey: KeyObject): Buffer {
  const [, bits] = decodeDer(encodePublicKey(publicKey)).value as [Asn1, Asn1]
  const encoded = encodeDer(bits)
  // Behind the tag and the length stands the number of bits that do not count.
  const header = (encoded[1] ?? 0) < 0x80 ? 2 : 2 + ((encoded[1] ?? 0) & 0x7f)
  return keyIdentifier(encoded.subarray(header + 1))
}

function encodePublicKey(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' })
}

/** 159 bits: never negative, never shorter than 20 octets, and nobody guesses the next one. */
function randomSerial(): Buffer {
  const bytes = randomBytes(20)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes
}
