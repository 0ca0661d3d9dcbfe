/** SSH_MSG_DISCONNECT, the reason why a side ends the connection: RFC 4253, section 11.1. */
import { ByteReader } from '../../../wire/byte-reader.ts'
import { ByteWriter } from '../../../wire/byte-writer.ts'
import { refuse } from '../../../wire/protocol-error.ts'
import { readText, writeText } from './data-types.ts'
import { SSH_MSG } from './message-numbers.ts'

export type Disconnect = {
  readonly reason: number
  /** The server's words. */
  readonly description: string
}

/** SSH_DISCONNECT_... */
const REASONS: Readonly<Record<number, string>> = {
  1: 'HOST_NOT_ALLOWED_TO_CONNECT',
  2: 'PROTOCOL_ERROR',
  3: 'KEY_EXCHANGE_FAILED',
  5: 'MAC_ERROR',
  8: 'PROTOCOL_VERSION_NOT_SUPPORTED',
  10: 'CONNECTION_LOST',
  11: 'BY_APPLICATION',
  12: 'TOO_MANY_CONNECTIONS',
}

export const TOO_MANY_CONNECTIONS = 12

export function disconnectReasonName(reason: number): string {
  return `SSH_DISCONNECT_${REASONS[reason] ?? reason}`
}

/** @internal Exported for tests. */
export function encodeDisconnect({ reason, description }: Disconnect): Buffer {
  const writer = new ByteWriter().uint8(SSH_MSG.DISCONNECT).uint32(reason)
  return writeText(writeText(writer, description), '').finish()
}

export function decodeDisconnect(payload: Buffer): Disconnect {
  const reader = new ByteReader(payload, 'SSH_MSG_DISCONNECT')
  if (reader.readUint8() !== SSH_MSG.DISCONNECT) refuse('another message than SSH_MSG_DISCONNECT')
  const reason = reader.readUint32()
  const description = readText(reader)
  // The language of the description. Old servers leave it out.
  if (reader.remaining > 0) readText(reader)
  reader.end()
  return { reason, description }
}
