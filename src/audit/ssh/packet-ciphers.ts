/**
 * Seals the first packet to the server and opens the first one from it: RFC 4253, section 6; RFC 4344;
 * RFC 5647 as OpenSSH does it; OpenSSH's PROTOCOL and PROTOCOL.chacha20poly1305.
 *
 * What is opened is not authenticated where a code stands beside the cipher: the host was not authenticated
 * either, and the first packet holds public facts.
 */
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import { refuse } from '../../wire/protocol-error.ts'
import { decodePacketLength, encodePacket, PACKET_LENGTH_SIZE } from './messages/packet.ts'
import { poly1305 } from './poly1305.ts'
import { type KeySource, TO_CLIENT, TO_SERVER } from './session-keys.ts'

type Read = (length: number) => Promise<Buffer>

/** What was agreed upon for one direction. */
export type PacketProtection = { readonly cipher: string; readonly mac: string }

type CipherMode = 'gcm' | 'chacha' | 'ctr' | 'cbc'

type PacketCipher = {
  readonly mode: CipherMode
  /** OpenSSL's name. */
  readonly openssl: string
  readonly keySize: number
  readonly ivSize: number
  readonly blockSize: number
}

function aes(bits: 128 | 192 | 256, mode: 'gcm' | 'ctr' | 'cbc'): PacketCipher {
  const ivSize = mode === 'gcm' ? 12 : 16
  return { mode, openssl: `aes-${bits}-${mode}`, keySize: bits / 8, ivSize, blockSize: 16 }
}

/** In the order of the audit's preference. */
const CIPHERS: Readonly<Record<string, PacketCipher>> = {
  'aes128-gcm@openssh.com': aes(128, 'gcm'),
  'aes256-gcm@openssh.com': aes(256, 'gcm'),
  'chacha20-poly1305@openssh.com': {
    mode: 'chacha',
    openssl: 'chacha20',
    keySize: 64,
    ivSize: 0,
    blockSize: 8,
  },
  'aes128-ctr': aes(128, 'ctr'),
  'aes192-ctr': aes(192, 'ctr'),
  'aes256-ctr': aes(256, 'ctr'),
  'aes128-cbc': aes(128, 'cbc'),
  'aes192-cbc': aes(192, 'cbc'),
  'aes256-cbc': aes(256, 'cbc'),
  '3des-cbc': { mode: 'cbc', openssl: 'des-ede3-cbc', keySize: 24, ivSize: 8, blockSize: 8 },
}

/** The hash of each code, the size of its key, and how much of the code is sent. */
const MACS: Readonly<Record<string, readonly [hash: string, keySize: number, size: number]>> = {
  'hmac-sha2-256': ['sha256', 32, 32],
  'hmac-sha2-512': ['sha512', 64, 64],
  'hmac-sha1': ['sha1', 20, 20],
  'hmac-sha1-96': ['sha1', 20, 12],
  'hmac-md5': ['md5', 16, 16],
  'hmac-md5-96': ['md5', 16, 12],
}

const ETM_SUFFIX = /-etm@openssh\.com$/

export const SUPPORTED_CIPHERS: readonly string[] = Object.keys(CIPHERS)

export const SUPPORTED_MACS: readonly string[] = Object.keys(MACS).flatMap((name) => [
  `${name}-etm@openssh.com`,
  name,
])

/** Whether packets under this protection can be read and written here. */
export function isSupported({ cipher, mac }: PacketProtection): boolean {
  return SUPPORTED_CIPHERS.includes(cipher) && (isAead(cipher) || SUPPORTED_MACS.includes(mac))
}

/** These bring their own authentication: no code is agreed upon beside them. */
export function isAead(cipher: string): boolean {
  return /^(aes\d+-gcm|chacha20-poly1305)@openssh\.com$/.test(cipher)
}

/**
 * The first packet under new keys.
 *
 * @param sequence How many packets this side has sent.
 */
export function sealPacket(
  payload: Buffer,
  protection: PacketProtection,
  keys: KeySource,
  sequence: number,
): Buffer {
  const cipher = cipherOf(protection)
  const { mode } = cipher
  const key = keys(TO_SERVER.key, cipher.keySize)
  const iv = keys(TO_SERVER.iv, cipher.ivSize)
  const isLengthApart = mode === 'gcm' || mode === 'chacha' || ETM_SUFFIX.test(protection.mac)
  // The length counts for the padding only where it is encrypted with the rest.
  const packet = isLengthApart
    ? padBehindLength(payload, cipher.blockSize)
    : encodePacket(payload, cipher.blockSize)
  const [length, body] = [packet.subarray(0, 4), packet.subarray(4)]
  if (mode === 'gcm') {
    const sealing = createCipheriv(cipher.openssl as 'aes-128-gcm', key, iv).setAAD(length)
    const sealed = Buffer.concat([sealing.update(body), sealing.final()])
    return Buffer.concat([length, sealed, sealing.getAuthTag()])
  }
  if (mode === 'chacha') return sealChacha(length, body, key, sequence)
  const sealing = createCipheriv(cipher.openssl, key, iv).setAutoPadding(false)
  const sealed = isLengthApart
    ? Buffer.concat([length, sealing.update(body)])
    : sealing.update(packet)
  const authenticated = isLengthApart ? sealed : packet
  return Buffer.concat([sealed, authenticate(authenticated, protection.mac, keys, sequence)])
}

function padBehindLength(payload: Buffer, blockSize: number): Buffer {
  const least = blockSize - ((1 + payload.length) % blockSize)
  const padding = least < 4 ? least + blockSize : least
  const packet = Buffer.alloc(PACKET_LENGTH_SIZE + 1 + payload.length + padding)
  packet.writeUInt32BE(packet.length - PACKET_LENGTH_SIZE, 0)
  packet.writeUInt8(padding, PACKET_LENGTH_SIZE)
  payload.copy(packet, PACKET_LENGTH_SIZE + 1)
  return packet
}

function authenticate(bytes: Buffer, mac: string, keys: KeySource, sequence: number): Buffer {
  const [hash, keySize, size] = MACS[mac.replace(ETM_SUFFIX, '')] ?? refuse(`the MAC ${mac}`)
  const code = createHmac(hash, keys(TO_SERVER.macKey, keySize))
  return code.update(numbered(sequence)).update(bytes).digest().subarray(0, size)
}

function numbered(sequence: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(sequence)
  return bytes
}

/** A key of 64 bytes: the first half encrypts the packet, the second its length. */
function sealChacha(length: Buffer, body: Buffer, key: Buffer, sequence: number): Buffer {
  const sealed = Buffer.concat([
    chacha(key.subarray(32), sequence, 0).update(length),
    chacha(key.subarray(0, 32), sequence, 1).update(body),
  ])
  const codeKey = chacha(key.subarray(0, 32), sequence, 0).update(Buffer.alloc(32))
  return Buffer.concat([sealed, poly1305(sealed, codeKey)])
}

/** OpenSSL's ChaCha20 takes its counter and the nonce as one: 64 bits each here, as Bernstein has them. */
function chacha(key: Buffer, sequence: number, counter: 0 | 1) {
  const iv = Buffer.alloc(16)
  iv.writeUInt8(counter, 0)
  iv.writeUInt32BE(sequence, 12)
  return createCipheriv('chacha20', key, iv)
}

/**
 * Reads the first packet under new keys.
 *
 * @param sequence How many packets the server has sent.
 */
export async function openPacket(
  read: Read,
  protection: PacketProtection,
  keys: KeySource,
  sequence: number,
): Promise<Buffer> {
  const cipher = cipherOf(protection)
  const key = keys(TO_CLIENT.key, cipher.keySize)
  const iv = keys(TO_CLIENT.iv, cipher.ivSize)
  if (cipher.mode === 'gcm') return openGcm(read, cipher, key, iv)
  if (cipher.mode === 'chacha') return openChacha(read, cipher, key, sequence)
  const opening = createDecipheriv(cipher.openssl, key, iv).setAutoPadding(false)
  if (ETM_SUFFIX.test(protection.mac)) {
    const length = decodeLengthApart(await read(PACKET_LENGTH_SIZE), cipher)
    return opening.update(await read(length))
  }
  const first = opening.update(await read(cipher.blockSize))
  const length = decodePacketLength(first.subarray(0, PACKET_LENGTH_SIZE))
  const missing = length - (cipher.blockSize - PACKET_LENGTH_SIZE)
  if (missing < 0 || missing % cipher.blockSize > 0) refuse(`a packet of ${length} bytes`)
  const rest = opening.update(await read(missing))
  return Buffer.concat([first.subarray(PACKET_LENGTH_SIZE), rest])
}

async function openGcm(read: Read, cipher: PacketCipher, key: Buffer, iv: Buffer): Promise<Buffer> {
  const lengthBytes = Buffer.from(await read(PACKET_LENGTH_SIZE))
  const sealed = Buffer.from(await read(decodeLengthApart(lengthBytes, cipher)))
  const opening = createDecipheriv(cipher.openssl as 'aes-128-gcm', key, iv).setAAD(lengthBytes)
  opening.setAuthTag(await read(16))
  try {
    return Buffer.concat([opening.update(sealed), opening.final()])
  } catch {
    return refuse('a packet that its keys do not open')
  }
}

async function openChacha(
  read: Read,
  cipher: PacketCipher,
  key: Buffer,
  sequence: number,
): Promise<Buffer> {
  const lengthCipher = chacha(key.subarray(32), sequence, 0)
  const clear = lengthCipher.update(await read(PACKET_LENGTH_SIZE))
  const length = decodeLengthApart(clear, cipher)
  return chacha(key.subarray(0, 32), sequence, 1).update(await read(length))
}

/** The length of what is encrypted without it: whole blocks (RFC 4253, section 6; RFC 5647, section 7.2). */
function decodeLengthApart(bytes: Buffer, { blockSize }: PacketCipher): number {
  const length = decodePacketLength(bytes)
  if (length % blockSize > 0) refuse(`a packet of ${length} bytes`)
  return length
}

function cipherOf({ cipher }: PacketProtection): PacketCipher {
  return CIPHERS[cipher] ?? refuse(`the cipher ${cipher}`)
}
