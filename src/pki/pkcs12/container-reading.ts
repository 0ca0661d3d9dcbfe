/** Reads PKCS #12 files (RFC 7292): hostile ones too, so that all sizes and all work have limits. */
import {
  DER,
  type DerElement,
  readElements,
  readObjectIdentifier,
  readOnly,
  readSmallInteger,
  requireTag,
} from '../../asn1/der.ts'
import { readPemBlocks } from '../../asn1/pem.ts'
import { type Diagnostic, DiagnosticError, diagnose, fail } from '../../diagnostics/diagnostic.ts'
import { readOctets, withLengths } from './ber.ts'
import { isIntact, readMac } from './integrity.ts'
import { BAG, CONTENT, X509_CERTIFICATE } from './object-identifiers.ts'
import { Opening } from './opening.ts'
import { decrypt } from './password-encryption.ts'
import { PKCS12_KINDS } from './pkcs12-diagnostics.ts'

export type Pkcs12Content = {
  /** In DER. */
  readonly certificates: readonly Buffer[]
  /** PrivateKeyInfo (PKCS #8) in DER. */
  readonly keys: readonly Buffer[]
  /** What else there is, in words. */
  readonly others: readonly string[]
  readonly notes: readonly Diagnostic[]
}

const EXPLICIT_0 = 0xa0
const IMPLICIT_0 = 0x80
const VERSION = 3

/** A chain and a key are less than ten. */
const MAX_BAGS = 200
const MAX_NESTED_BAGS = 4

/**
 * Opens a PKCS #12 file.
 *
 * @throws DiagnosticError PKI_P12_...
 */
export function openPkcs12(path: string, bytes: Buffer, passphrase?: string): Pkcs12Content {
  try {
    return readFile(path, withoutPem(path, bytes), passphrase)
  } catch (error) {
    if (error instanceof DiagnosticError) throw error
    // Errors of node-forge may have a part of the file with them, but not in their message.
    return fail(PKCS12_KINDS.malformed, { path, reason: (error as Error).message })
  }
}

/** GnuTLS writes PKCS #12 as PEM unless told otherwise. */
function withoutPem(path: string, bytes: Buffer): Buffer {
  const source = { name: path, text: bytes.toString('latin1'), isSecret: true }
  if (!source.text.startsWith('-----BEGIN ')) return bytes
  return readPemBlocks(source, ['PKCS12'], 'PKCS #12')[0]?.bytes ?? bytes
}

function readFile(path: string, bytes: Buffer, passphrase: string | undefined): Pkcs12Content {
  const [version, authSafe, mac] = readOnly(withLengths(bytes), DER.sequence)
  const number = readSmallInteger(version)
  if (number !== VERSION) throw new RangeError(`it has version ${number}`)
  const [type, content] = readContentInfo(authSafe)
  if (type !== CONTENT.data) new Opening(path, passphrase).refuse(`the protection ${type}`)
  const safe = readOctets(content)
  const opening = unlock(path, safe, mac, passphrase)
  const reader = new BagReader(opening)
  for (const info of readOnly(withLengths(safe), DER.sequence)) reader.readSafe(info)
  return { ...reader.content, notes: notesOf(opening, mac !== undefined) }
}

/** Holds the passphrase against the code of the file. Without one, both that are empty are tried. */
function unlock(path: string, safe: Buffer, mac: DerElement | undefined, passphrase?: string) {
  const opening = new Opening(path, passphrase ?? '')
  if (!mac) return opening
  const stored = readMac(mac, opening)
  if (isIntact(safe, stored, opening)) return opening
  if (passphrase !== undefined) fail(PKCS12_KINDS.passphraseWrong, { path })
  const without = new Opening(path, undefined)
  return isIntact(safe, stored, without) ? without : fail(PKCS12_KINDS.passphraseMissing, { path })
}

function notesOf({ path, outdated }: Opening, hasMac: boolean): readonly Diagnostic[] {
  const names = [...outdated]
  return [
    ...(names.length > 0 ? [diagnose(PKCS12_KINDS.outdated, { path, names })] : []),
    ...(hasMac ? [] : [diagnose(PKCS12_KINDS.unprotected, { path })]),
  ]
}

/** ContentInfo ::= SEQUENCE { contentType, content [0] EXPLICIT }. */
function readContentInfo(
  element: DerElement | undefined,
): readonly [string, DerElement | undefined] {
  const [type, content] = readElements(requireTag(element, DER.sequence).body)
  const [inner] = readElements(requireTag(content, EXPLICIT_0).body)
  return [readObjectIdentifier(requireTag(type, DER.objectIdentifier)), inner]
}

class BagReader {
  readonly #opening: Opening
  readonly #certificates: Buffer[] = []
  readonly #keys: Buffer[] = []
  readonly #others: string[] = []
  #count = 0

  constructor(opening: Opening) {
    this.#opening = opening
  }

  get content(): Omit<Pkcs12Content, 'notes'> {
    return { certificates: this.#certificates, keys: this.#keys, others: this.#others }
  }

  readSafe(info: DerElement): void {
    const [type, content] = readContentInfo(info)
    if (type === CONTENT.data) this.#readBags(readOctets(content), 0)
    else if (type === CONTENT.encryptedData) this.#readBags(this.#decryptSafe(content), 0)
    else this.#opening.refuse(`the protection ${type}`)
  }

  /** EncryptedData ::= SEQUENCE { version, SEQUENCE { contentType, algorithm, [0] octets } }. */
  #decryptSafe(element: DerElement | undefined): Buffer {
    const [, info] = readElements(requireTag(element, DER.sequence).body)
    const [, algorithm, bytes] = readElements(requireTag(info, DER.sequence).body)
    return decrypt(algorithm, readOctets(bytes, IMPLICIT_0), this.#opening)
  }

  #readBags(bytes: Buffer, depth: number): void {
    if (depth > MAX_NESTED_BAGS) throw new RangeError('it has bags in bags in bags')
    for (const bag of readOnly(withLengths(bytes), DER.sequence)) {
      if (++this.#count > MAX_BAGS) throw new RangeError(`it has more than ${MAX_BAGS} parts`)
      this.#readBag(bag, depth)
    }
  }

  /** SafeBag ::= SEQUENCE { bagId, bagValue [0] EXPLICIT, bagAttributes OPTIONAL }. */
  #readBag(bag: DerElement, depth: number): void {
    const [identifier, value] = readContentInfo(bag)
    if (!value) throw new RangeError('it has an empty bag')
    if (identifier === BAG.certificate) this.#readCertificate(value)
    else if (identifier === BAG.key) this.#keys.push(value.whole)
    else if (identifier === BAG.encryptedKey) this.#keys.push(this.#decryptKey(value))
    else if (identifier === BAG.bags) this.#readBags(value.whole, depth + 1)
    else this.#others.push(nameOfBag(identifier))
  }

  /** CertBag ::= SEQUENCE { certId, certValue [0] EXPLICIT OCTET STRING }. */
  #readCertificate(value: DerElement): void {
    const [type, content] = readContentInfo(value)
    if (type === X509_CERTIFICATE) this.#certificates.push(readOctets(content))
    else this.#others.push('a certificate of another kind')
  }

  /** EncryptedPrivateKeyInfo ::= SEQUENCE { algorithm, encryptedData }. */
  #decryptKey(value: DerElement): Buffer {
    const [algorithm, bytes] = readElements(requireTag(value, DER.sequence).body)
    return decrypt(algorithm, readOctets(bytes), this.#opening)
  }
}

function nameOfBag(identifier: string): string {
  if (identifier === BAG.revocationList) return 'a revocation list'
  return identifier === BAG.secret ? 'a secret' : `a part ${identifier}`
}
