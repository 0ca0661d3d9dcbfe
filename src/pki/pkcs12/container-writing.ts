/** Writes PKCS #12 files (RFC 7292): certificates and their key, all encrypted with AES-256. */

import { DER } from '../../asn1/der.ts'
import {
  encodeElement,
  explicit,
  implicit,
  objectIdentifier,
  octetString,
  sequenceOf,
  setOf,
  unsignedInteger,
} from '../../asn1/der-writer.ts'
import { encodeMac } from './integrity.ts'
import { ATTRIBUTE, BAG, CONTENT, X509_CERTIFICATE } from './object-identifiers.ts'
import { encrypt } from './password-encryption.ts'

export type Pkcs12Parts = {
  /** In DER; the first is that of the key. */
  readonly certificates: readonly Buffer[]
  /** PrivateKeyInfo (PKCS #8) in DER. */
  readonly key: Buffer
  /** Joins the key and its certificate. */
  readonly keyId: Buffer
  /** What programs show in their lists. */
  readonly name: string
}

const VERSION = 3

/** PFX ::= SEQUENCE { version, authSafe, macData }. */
export function encodePkcs12(parts: Pkcs12Parts, passphrase: string): Buffer {
  const { certificates, key, keyId, name } = parts
  const attributes = encodeAttributes(keyId, name)
  const certificateBags = certificates.map((certificate, index) =>
    encodeCertificateBag(certificate, index === 0 ? [attributes] : []),
  )
  const { algorithm, bytes } = encrypt(key, passphrase)
  const keyBag = encodeBag(BAG.encryptedKey, sequenceOf(algorithm, octetString(bytes)), attributes)
  const safe = sequenceOf(
    encodeEncrypted(sequenceOf(...certificateBags), passphrase),
    encodeContentInfo(CONTENT.data, octetString(sequenceOf(keyBag))),
  )
  return sequenceOf(
    unsignedInteger(VERSION),
    encodeContentInfo(CONTENT.data, octetString(safe)),
    encodeMac(safe, passphrase),
  )
}

function encodeContentInfo(type: string, content: Buffer): Buffer {
  return sequenceOf(objectIdentifier(type), explicit(0, content))
}

function encodeEncrypted(bags: Buffer, passphrase: string): Buffer {
  const { algorithm, bytes } = encrypt(bags, passphrase)
  const info = sequenceOf(objectIdentifier(CONTENT.data), algorithm, implicit(0, bytes))
  return encodeContentInfo(CONTENT.encryptedData, sequenceOf(unsignedInteger(0), info))
}

function encodeCertificateBag(certificate: Buffer, attributes: readonly Buffer[]): Buffer {
  const value = encodeContentInfo(X509_CERTIFICATE, octetString(certificate))
  return encodeBag(BAG.certificate, value, ...attributes)
}

function encodeBag(identifier: string, value: Buffer, ...attributes: readonly Buffer[]): Buffer {
  return sequenceOf(objectIdentifier(identifier), explicit(0, value), ...attributes)
}

function encodeAttributes(keyId: Buffer, name: string): Buffer {
  return setOf(
    encodeAttribute(ATTRIBUTE.friendlyName, encodeElement(DER.bmpString, bigEndian(name))),
    encodeAttribute(ATTRIBUTE.localKeyId, octetString(keyId)),
  )
}

function encodeAttribute(identifier: string, value: Buffer): Buffer {
  return sequenceOf(objectIdentifier(identifier), setOf(value))
}

/** UTF-16, the higher byte first, as BMPString has it. */
function bigEndian(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16()
}
