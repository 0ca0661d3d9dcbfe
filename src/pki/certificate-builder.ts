/** Builds and signs certificates (RFC 5280 section 4.1): any key, one way. */
import { type KeyObject, randomBytes, X509Certificate } from 'node:crypto'
import { DER, readElements, readOnly, requireTag } from '../asn1/der.ts'
import { bitString, explicit, integer, sequenceOf, time } from '../asn1/der-writer.ts'
import { readExtensions } from '../x509/extension-values.ts'
import { ISSUED_EXTENSIONS } from './certificate-extensions.ts'
import {
  type CertificateSignature,
  encodeAlgorithm,
  keyIdentifier,
  signBytes,
} from './certificate-signature.ts'
import type { Validity } from './validity-period.ts'

export type CertificateContent = {
  readonly subject: Buffer
  readonly issuer: Buffer
  readonly validity: Validity
  readonly publicKey: KeyObject
  readonly extensions: readonly Buffer[]
}

export type Signer = {
  readonly key: KeyObject
  readonly signature: CertificateSignature
}

/** Version 3 is written as 2. */
const VERSION_3 = Buffer.from([2])

/** `[0]` and `[3]` of TBSCertificate. */
const VERSION_TAG = 0xa0
const EXTENSIONS_TAG = 0xa3

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
    encodePublicKey(content.publicKey),
    explicit(3, sequenceOf(...content.extensions)),
  )
  const bytes = signBytes(body, signer.signature, signer.key)
  return new X509Certificate(sequenceOf(body, algorithm, bitString(bytes)))
}

/** The parts of a certificate that are written into others, as they are encoded. */
export type CertificateParts = {
  readonly subject: Buffer
  readonly alternativeNames: Buffer | undefined
  readonly keyId: Buffer
}

/**
 * Takes a certificate apart.
 *
 * @throws RangeError where it is not in DER.
 */
export function readCertificateParts(certificate: X509Certificate): CertificateParts {
  const [body] = readOnly(certificate.raw, DER.sequence)
  const fields = readElements(requireTag(body, DER.sequence).body)
  // Before version 3 there are no extensions, and the version itself is left out.
  const subject = requireTag(fields[fields[0]?.tag === VERSION_TAG ? 5 : 4], DER.sequence)
  const wrapper = fields.find(({ tag }) => tag === EXTENSIONS_TAG)
  const extensions =
    wrapper && readExtensions(requireTag(readElements(wrapper.body)[0], DER.sequence))
  const keyId = extensions?.get(ISSUED_EXTENSIONS.subjectKeyIdentifier)?.value
  return {
    subject: subject.whole,
    alternativeNames: extensions?.get(ISSUED_EXTENSIONS.subjectAlternativeName)?.value,
    keyId: keyId ? readOctets(keyId) : keyIdOf(certificate.publicKey),
  }
}

function readOctets(value: Buffer): Buffer {
  return requireTag(readElements(value)[0], DER.octetString).body
}

/** Names a public key by what of it is its own: not the algorithm. */
export function keyIdOf(publicKey: KeyObject): Buffer {
  const [, bits] = readOnly(encodePublicKey(publicKey), DER.sequence)
  // The first byte is the number of bits that do not count.
  return keyIdentifier(requireTag(bits, DER.bitString).body.subarray(1))
}

function encodePublicKey(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' })
}

/** 159 random bits: never negative, never shorter than 20 octets, and the next one cannot be guessed. */
function randomSerial(): Buffer {
  const bytes = randomBytes(20)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes
}
