/** The proof of a client that it has the shared key of a ticket: RFC 8446 section 4.2.11.2. */
import { ByteWriter } from '../../wire/byte-writer.ts'
import type { TlsExtension } from '../messages/extensions.ts'
import { EXTENSION } from '../messages/iana-numbers.ts'
import type { SessionTicket } from '../messages/new-session-ticket.ts'
import { earlySecret, expandLabel, finishedData, hashOf, type SuiteHash } from './tls13-keys.ts'

/** The shared key that a ticket stands for: RFC 8446 section 4.6.1. */
export function ticketKey(hash: SuiteHash, resumption: Buffer, { nonce }: SessionTicket): Buffer {
  return expandLabel(hash, resumption, 'resumption', nonce, resumption.length)
}

/** The last extension of a hello, with room for the proof. */
export function preSharedKey(
  { ticket, ageAdd }: SessionTicket,
  binderLength: number,
): TlsExtension {
  const data = new ByteWriter()
    .vector(2, (list) => list.vector(2, (part) => part.bytes(ticket)).uint32(ageAdd))
    .vector(2, (list) => list.vector(1, (part) => part.bytes(Buffer.alloc(binderLength))))
    .finish()
  return { type: EXTENSION.pre_shared_key, data }
}

/**
 * Fills the room for the proof, at the end of the message.
 *
 * @param hello The whole handshake message.
 */
export function bindSharedKey(hash: SuiteHash, key: Buffer, hello: Buffer): Buffer {
  const length = key.length
  const listLength = 2 + 1 + length
  const empty = hashOf(hash, Buffer.alloc(0))
  const binderKey = expandLabel(hash, earlySecret(hash, key), 'res binder', empty, length)
  const partial = hello.subarray(0, hello.length - listLength)
  return Buffer.concat([
    hello.subarray(0, hello.length - length),
    finishedData(hash, binderKey, partial),
  ])
}
