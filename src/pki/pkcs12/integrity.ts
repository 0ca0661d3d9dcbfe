/** The code of a PKCS #12 file that shows whether it was changed (RFC 7292 section 4 and appendix B). */
import { createHmac, hash as digestOf, randomBytes, timingSafeEqual } from 'node:crypto'
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

/** By identifier, with the bytes that a hash works on at a time. */
const HASHES = {
  '1.3.14.3.2.26': { name: 'sha1', block: 64 },
  [SHA256]: { name: 'sha256', block: 64 },
  '2.16.840.1.101.3.4.2.2': { name: 'sha384', block: 128 },
  '2.16.840.1.101.3.4.2.3': { name: 'sha512', block: 128 },
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

/** Appendix B.2, for a key as long as the hash: there is one block of it, so the last steps fall away. */
function deriveKey(
  passphrase: string | undefined,
  salt: Buffer,
  iterations: number,
  { name, block }: Hash,
): Buffer {
  const parts = [Buffer.alloc(block, MAC_KEY), fillBlocks(salt, block)]
  let key = Buffer.concat([...parts, fillBlocks(encodePassphrase(passphrase), block)])
  for (let round = 0; round < iterations; round++) key = digestOf(name, key, 'buffer')
  return key
}

/** Repeats bytes up to the end of a block. */
function fillBlocks(bytes: Buffer, block: number): Buffer {
  const size = Math.ceil(bytes.length / block) * block
  return size === 0 ? bytes : Buffer.alloc(size, bytes)
}

/** BMPString with a zero at its end (appendix B.1); no passphrase at all has no bytes. */
function encodePassphrase(passphrase: string | undefined): Buffer {
  return passphrase === undefined
    ? Buffer.alloc(0)
    : Buffer.from(`${passphrase}\0`, 'utf16le').swap16()
}
