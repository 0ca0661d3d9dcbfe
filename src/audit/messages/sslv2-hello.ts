/** CLIENT-HELLO and SERVER-HELLO of SSLv2: draft-hickman-netscape-ssl-00 sections 2.5 and 2.6. */
import { ByteReader } from '../../wire/byte-reader.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { refuse } from '../../wire/protocol-error.ts'
import { VERSION } from './iana-numbers.ts'

const CLIENT_HELLO = 1
const SERVER_HELLO = 4

/** A header of two bytes has its highest bit set. */
const TWO_BYTE_HEADER = 0x8000

/** The second bit of the other header is kept for escapes, which are never sent. */
const LONGEST_PADDED = 0x3fff

/** Ciphers by their number of three bytes. */
const CIPHERS = [
  [0x010080, 'SSL_CK_RC4_128_WITH_MD5'],
  [0x020080, 'SSL_CK_RC4_128_EXPORT40_WITH_MD5'],
  [0x030080, 'SSL_CK_RC2_128_CBC_WITH_MD5'],
  [0x040080, 'SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5'],
  [0x050080, 'SSL_CK_IDEA_128_CBC_WITH_MD5'],
  [0x060040, 'SSL_CK_DES_64_CBC_WITH_MD5'],
  [0x0700c0, 'SSL_CK_DES_192_EDE3_CBC_WITH_MD5'],
] as const

const names = new Map<number, string>(CIPHERS)

export const SSLV2_CIPHERS: readonly number[] = [...names.keys()]

export function sslv2CipherName(number: number): string {
  return names.get(number) ?? `0x${number.toString(16).padStart(6, '0')}`
}

/** A whole record: header and message. */
export function encodeSslv2ClientHello(ciphers: readonly number[], challenge: Buffer): Buffer {
  const message = new ByteWriter()
    .uint8(CLIENT_HELLO)
    .uint16(VERSION.SSL2)
    .uint16(ciphers.length * 3)
    .uint16(0)
    .uint16(challenge.length)
  for (const cipher of ciphers) message.uint24(cipher)
  const body = message.bytes(challenge).finish()
  return new ByteWriter()
    .uint16(TWO_BYTE_HEADER | body.length)
    .bytes(body)
    .finish()
}

export type Sslv2ServerHello = {
  readonly version: number
  readonly ciphers: readonly number[]
  readonly certificate: Buffer
}

export type Sslv2Header = {
  /** Of what stands behind the header: a message, and padding. */
  readonly length: number
  /** Whether the header has a third byte, which says how long the padding is. */
  readonly isPadded: boolean
}

/** @param start The first two bytes: section 1.1. */
export function decodeSslv2Header(start: Buffer): Sslv2Header {
  const value = start.readUInt16BE(0)
  const isPadded = (value & TWO_BYTE_HEADER) === 0
  return { length: value & (isPadded ? LONGEST_PADDED : ~TWO_BYTE_HEADER), isPadded }
}

/** @param message Its first byte is enough. */
export function isSslv2ServerHello(message: Buffer): boolean {
  return message.readUInt8(0) === SERVER_HELLO
}

/**
 * @param message What stands behind the header.
 * @throws ProtocolError
 */
export function decodeSslv2ServerHello(message: Buffer): Sslv2ServerHello {
  const reader = new ByteReader(message, 'a SERVER-HELLO of SSLv2')
  if (reader.readUint8() !== SERVER_HELLO) refuse('what is no SERVER-HELLO of SSLv2')
  reader.readUint8()
  reader.readUint8()
  const version = reader.readUint16()
  const lengths = [reader.readUint16(), reader.readUint16(), reader.readUint16()] as const
  const certificate = reader.readBytes(lengths[0])
  const list = new ByteReader(reader.readBytes(lengths[1]), 'ciphers of SSLv2')
  const ciphers: number[] = []
  while (list.remaining > 0) ciphers.push(list.readUint24())
  reader.readBytes(lengths[2])
  reader.end()
  return { version, ciphers, certificate }
}
