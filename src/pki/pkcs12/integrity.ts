/** The code of a PKCS #12 file that shows whether it was changed (RFC 7292 section 4 and appendix B). */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
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
import { readOctets } from './ber.ts'
import type { Opening } from './opening.ts'
import { ITERATIONS } from './password-encryption.ts'

const SHA256 = '2.16.840.1.101.3.4.2.1'
const PBMAC1 = '1.2.840.113549.1.5.14'

/** By identifier, with the bytes of a hash. */
const HASHES = {
  '1.3.14.3.2.26': { name: 'sha1', size: 20, make: () => forge.md.sha1.create() },
  [SHA256]: { name: 'sha256', size: 32, make: () => forge.md.sha256.create() },
  '2.16.840.1.101.3.4.2.2': { name: 'sha384', size: 48, make: () => forge.md.sha384.create() },
  '2.16.840.1.101.3.4.2.3': { name: 'sha512', size: 64, make: () => forge.md.sha512.create() },
} as const

type Hash = (typeof HASHES)[keyof typeof HASHES]

/** Appendix B.3: the key is one for a MAC. */
const MAC_KEY = 3

export type StoredMac = {
  readonly hash: Hash
  readonly digest: Buffer
  readonly salt: Buffer
  readonly iterations: number
}

/** MacData ::= SEQUENCE { mac DigestInfo, macSalt, iterations DEFAULT 1 }. */
export function readMac(element: DerElement, opening: Opening): StoredMac {
  const [info, salt, count] = readElements(requireTag(element, DER.sequence).body)
  const [algorithm, digest] = readElements(requireTag(info, DER.sequence).body)
  const [name] = readElements(requireTag(algorithm, DER.sequence).body)
  const identifier = readObjectIdentifier(requireTag(name, DER.objectIdentifier))
  const hash = Object.entries(HASHES).find(([known]) => known === identifier)?.[1]
  if (!hash) return opening.refuse(identifier === PBMAC1 ? 'PBMAC1' : `the hash ${identifier}`)
  return {
    hash,
    digest: readOctets(digest),
    salt: readOctets(salt),
    iterations: count ? readSmallInteger(count) : 1,
  }
}

/** Whether a content is what the code was made of, with the passphrase. */
export function isIntact(content: Buffer, mac: StoredMac, opening: Opening): boolean {
  opening.spend(mac.iterations)
  const digest = macOf(content, mac, opening.passphrase)
  return digest.length === mac.digest.length && timingSafeEqual(digest, mac.digest)
}

export function encodeMac(content: Buffer, passphrase: string): Buffer {
  const salt = randomBytes(16)
  const digest = macOf(content, { hash: HASHES[SHA256], salt, iterations: ITERATIONS }, passphrase)
  return sequenceOf(
    sequenceOf(sequenceOf(objectIdentifier(SHA256), nullValue()), octetString(digest)),
    octetString(salt),
    unsignedInteger(ITERATIONS),
  )
}

function macOf(
  content: Buffer,
  { hash, salt, iterations }: Omit<StoredMac, 'digest'>,
  passphrase: string | undefined,
): Buffer {
  const key = deriveKey(passphrase, salt, iterations, hash)
  return createHmac(hash.name, key).update(content).digest()
}

function deriveKey(passphrase: string | undefined, salt: Buffer, iterations: number, hash: Hash) {
  const { generateKey } = forge.pkcs12 as unknown as { readonly generateKey: KeyDerivation }
  const bytes = forge.util.createBuffer(salt.toString('latin1'))
  const key = generateKey(passphrase ?? null, bytes, MAC_KEY, iterations, hash.size, hash.make())
  return Buffer.from(key.getBytes(), 'latin1')
}

/** The types of node-forge leave this part of it out. */
type KeyDerivation = (
  passphrase: string | null,
  salt: forge.util.ByteStringBuffer,
  purpose: number,
  iterations: number,
  size: number,
  hash: forge.md.MessageDigest,
) => forge.util.ByteStringBuffer
