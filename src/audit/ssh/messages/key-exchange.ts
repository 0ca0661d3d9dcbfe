/**
 * Messages of the key exchange: RFC 4253, section 8 (Diffie-Hellman), RFC 5656, section 4 (curves), and
 * RFC 4419, section 3 (a group that the server picks).
 */
import { ByteReader } from '../../../wire/byte-reader.ts'
import { ByteWriter } from '../../../wire/byte-writer.ts'
import { refuse } from '../../../wire/protocol-error.ts'
import {
  readPositiveNumber,
  readSshString,
  writePositiveNumber,
  writeSshString,
} from './data-types.ts'
import { SSH_MSG } from './message-numbers.ts'

/** What the server answers, in any key exchange. */
export type KeyExchangeReply = {
  /** K_S: the host key, or a certificate of it. */
  readonly hostKey: Buffer
  /** The server's share as it is hashed: a number, or bytes. */
  readonly share: Buffer
  readonly signature: Buffer
}

/** How a key exchange writes its shares: as a number (Diffie-Hellman), or as bytes. */
export type ShareForm = 'number' | 'bytes'

export function writeShare(writer: ByteWriter, share: Buffer, form: ShareForm): ByteWriter {
  return form === 'number' ? writePositiveNumber(writer, share) : writeSshString(writer, share)
}

/** SSH_MSG_KEXDH_INIT or SSH_MSG_KEX_ECDH_INIT; SSH_MSG_KEX_DH_GEX_INIT has another number. */
export function encodeKeyExchangeShare(
  share: Buffer,
  form: ShareForm,
  message: number = SSH_MSG.KEXDH_INIT,
): Buffer {
  return writeShare(new ByteWriter().uint8(message), share, form).finish()
}

/** SSH_MSG_KEXDH_REPLY or SSH_MSG_KEX_ECDH_REPLY; SSH_MSG_KEX_DH_GEX_REPLY has another number. */
export function decodeKeyExchangeReply(
  payload: Buffer,
  form: ShareForm,
  message: number = SSH_MSG.KEXDH_REPLY,
): KeyExchangeReply {
  const reader = readerOf(payload, message, 'the reply of a key exchange')
  const hostKey = readSshString(reader)
  const share = form === 'number' ? readPositiveNumber(reader) : readSshString(reader)
  const signature = readSshString(reader)
  reader.end()
  return { hostKey, share, signature }
}

/** @internal Exported for tests. */
export function encodeKeyExchangeReply(
  { hostKey, share, signature }: KeyExchangeReply,
  form: ShareForm,
  message: number = SSH_MSG.KEXDH_REPLY,
): Buffer {
  const writer = writeSshString(new ByteWriter().uint8(message), hostKey)
  return writeSshString(writeShare(writer, share, form), signature).finish()
}

/** Sizes of the prime that a client asks for, in bits. */
export type GroupRequest = {
  readonly least: number
  readonly preferred: number
  readonly most: number
}

export function encodeGroupRequest({ least, preferred, most }: GroupRequest): Buffer {
  const message = new ByteWriter().uint8(SSH_MSG.KEX_DH_GEX_REQUEST)
  return message.uint32(least).uint32(preferred).uint32(most).finish()
}

export type ExchangeGroup = { readonly prime: Buffer; readonly generator: Buffer }

export function decodeExchangeGroup(payload: Buffer): ExchangeGroup {
  const reader = readerOf(payload, SSH_MSG.KEX_DH_GEX_GROUP, 'SSH_MSG_KEX_DH_GEX_GROUP')
  const prime = readPositiveNumber(reader)
  const generator = readPositiveNumber(reader)
  reader.end()
  return { prime, generator }
}

/** @internal Exported for tests. */
export function encodeExchangeGroup({ prime, generator }: ExchangeGroup): Buffer {
  const writer = new ByteWriter().uint8(SSH_MSG.KEX_DH_GEX_GROUP)
  return writePositiveNumber(writePositiveNumber(writer, prime), generator).finish()
}

function readerOf(payload: Buffer, message: number, what: string): ByteReader {
  const reader = new ByteReader(payload, what)
  const number = reader.readUint8()
  if (number !== message) refuse(`message ${number} in place of ${what}`)
  return reader
}
