/** Encryption with a passphrase: PBES2 (RFC 8018 section 6.2), and what came before (RFC 7292, appendix C). */
import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes } from 'node:crypto'
import forge from 'node-forge'
import {
  DER,
  type DerElement,
  readElements,
  readObjectIdentifier,
  readSmallInteger,
  requireTag,
} from '../../asn1/der.ts'
import {
  nullValue,
  objectIdentifier,
  octetString,
  sequenceOf,
  unsignedInteger,
} from '../../asn1/der-writer.ts'
import { fail } from '../../diagnostics/diagnostic.ts'
import type { Opening } from './opening.ts'
import { PKCS12_KINDS } from './pkcs12-diagnostics.ts'

const PBES2 = '1.2.840.113549.1.5.13'
const PBKDF2 = '1.2.840.113549.1.5.12'
const AES_256_CBC = '2.16.840.1.101.3.4.1.42'
const HMAC_SHA256 = '1.2.840.113549.2.9'

/** The names of node:crypto and the bytes of the key. */
const CIPHERS: Readonly<Record<string, readonly [name: string, keyLength: number]>> = {
  '2.16.840.1.101.3.4.1.2': ['aes-128-cbc', 16],
  '2.16.840.1.101.3.4.1.22': ['aes-192-cbc', 24],
  [AES_256_CBC]: ['aes-256-cbc', 32],
  '1.2.840.113549.3.7': ['des-ede3-cbc', 24],
}

const PSEUDO_RANDOM: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  [HMAC_SHA256]: 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
}

/** Those that node-forge can still decrypt. */
const OLD: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.12.1.3': 'Triple DES',
  '1.2.840.113549.1.12.1.6': 'RC2 with 40 bits',
}

/** As many as keep a guess expensive and a reader waiting for less than a second. */
export const ITERATIONS = 100_000

/**
 * Decrypts what stands under an AlgorithmIdentifier.
 *
 * @throws DiagnosticError PKI_P12_UNSUPPORTED, PKI_P12_TOO_COSTLY or PKI_P12_PASSPHRASE_WRONG.
 */
export function decrypt(
  algorithm: DerElement | undefined,
  bytes: Buffer,
  opening: Opening,
): Buffer {
  const [name, parameters] = readElements(requireTag(algorithm, DER.sequence).body)
  const identifier = readObjectIdentifier(requireTag(name, DER.objectIdentifier))
  const fields = requireTag(parameters, DER.sequence)
  if (identifier === PBES2) return decryptPbes2(fields, bytes, opening)
  const old = OLD[identifier]
  if (old === undefined) return opening.refuse(`the encryption ${identifier}`)
  opening.outdated.add(old)
  return decryptOld(identifier, fields, bytes, opening)
}

function decryptPbes2(parameters: DerElement, bytes: Buffer, opening: Opening): Buffer {
  const [derivation, scheme] = readElements(parameters.body)
  const [kind, derivationFields] = readElements(requireTag(derivation, DER.sequence).body)
  const kindName = readObjectIdentifier(requireTag(kind, DER.objectIdentifier))
  if (kindName !== PBKDF2) opening.refuse(`the key derivation ${kindName}`)
  const [cipherName, vector] = readElements(requireTag(scheme, DER.sequence).body)
  const identifier = readObjectIdentifier(requireTag(cipherName, DER.objectIdentifier))
  const [cipher, keyLength] = CIPHERS[identifier] ?? opening.refuse(`the cipher ${identifier}`)
  if (cipher === 'des-ede3-cbc') opening.outdated.add('Triple DES')
  const key = deriveKey(requireTag(derivationFields, DER.sequence), keyLength, opening)
  const iv = requireTag(vector, DER.octetString).body
  return orWrong(opening, () => {
    const decipher = createDecipheriv(cipher, key, iv)
    return Buffer.concat([decipher.update(bytes), decipher.final()])
  })
}

/** PBKDF2-params ::= SEQUENCE { salt, iterationCount, keyLength OPTIONAL, prf DEFAULT }. */
function deriveKey(parameters: DerElement, keyLength: number, opening: Opening): Buffer {
  const [salt, count, ...rest] = readElements(parameters.body)
  const iterations = readSmallInteger(count)
  const functionOf = rest.find(({ tag }) => tag === DER.sequence)
  const [name] = functionOf ? readElements(functionOf.body) : []
  const identifier = name && readObjectIdentifier(name)
  const hash = identifier === undefined ? 'sha1' : PSEUDO_RANDOM[identifier]
  if (hash === undefined) return opening.refuse(`the pseudo-random function ${identifier}`)
  opening.spend(iterations)
  const bytes = requireTag(salt, DER.octetString).body
  return pbkdf2Sync(opening.passphrase ?? '', bytes, iterations, keyLength, hash)
}

/** pkcs-12PbeParams ::= SEQUENCE { salt, iterations }. */
function decryptOld(identifier: string, parameters: DerElement, bytes: Buffer, opening: Opening) {
  const [, count] = readElements(parameters.body)
  opening.spend(readSmallInteger(count))
  const fields = forge.asn1.fromDer(parameters.whole.toString('latin1'))
  return orWrong(opening, () => {
    const cipher = cipherFor(identifier, fields, opening.passphrase)
    cipher.update(forge.util.createBuffer(bytes.toString('latin1')))
    if (!cipher.finish()) throw new RangeError('the padding is wrong')
    return Buffer.from(cipher.output.getBytes(), 'latin1')
  })
}

type OldCipher = {
  readonly update: (bytes: forge.util.ByteStringBuffer) => void
  readonly finish: () => boolean
  readonly output: forge.util.ByteStringBuffer
}

type CipherSource = {
  readonly getCipher: (
    identifier: string,
    parameters: forge.asn1.Asn1,
    passphrase: string | null,
  ) => OldCipher
}

/** The types of node-forge leave this part of it out. */
function cipherFor(
  identifier: string,
  parameters: forge.asn1.Asn1,
  passphrase?: string,
): OldCipher {
  const { pbe } = forge.pki as unknown as { readonly pbe: CipherSource }
  return pbe.getCipher(identifier, parameters, passphrase ?? null)
}

/** Padding that is wrong, most of all: without a MAC that is how a wrong passphrase shows. */
function orWrong(opening: Opening, work: () => Buffer): Buffer {
  try {
    return work()
  } catch {
    return fail(PKCS12_KINDS.passphraseWrong, { path: opening.path })
  }
}

export type Encrypted = { readonly algorithm: Buffer; readonly bytes: Buffer }

/** Encrypts with AES-256 and a key of its own. */
export function encrypt(content: Buffer, passphrase: string): Encrypted {
  const [salt, iv] = [randomBytes(16), randomBytes(16)]
  const key = pbkdf2Sync(passphrase, salt, ITERATIONS, 32, 'sha256')
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  const derivation = sequenceOf(
    objectIdentifier(PBKDF2),
    sequenceOf(
      octetString(salt),
      unsignedInteger(ITERATIONS),
      sequenceOf(objectIdentifier(HMAC_SHA256), nullValue()),
    ),
  )
  const scheme = sequenceOf(objectIdentifier(AES_256_CBC), octetString(iv))
  return {
    algorithm: sequenceOf(objectIdentifier(PBES2), sequenceOf(derivation, scheme)),
    bytes: Buffer.concat([cipher.update(content), cipher.final()]),
  }
}
