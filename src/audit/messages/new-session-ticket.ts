/** NewSessionTicket: RFC 8446 section 4.6.1, and before TLS 1.3 RFC 5077 section 3.3. */
import { ByteReader } from '../../wire/byte-reader.ts'
import { ByteWriter } from '../../wire/byte-writer.ts'
import { readTlsExtensions, type TlsExtensions, writeExtensions } from './extensions.ts'

export type SessionTicket = {
  /** In seconds. */
  readonly lifetime: number
  readonly ageAdd: number
  readonly nonce: Buffer
  readonly ticket: Buffer
  readonly extensions: TlsExtensions
}

/** Of versions before TLS 1.3. */
export type OlderSessionTicket = {
  /** In seconds; 0 where the server does not say. */
  readonly lifetimeHint: number
  /** Empty where the server gives none after all. */
  readonly ticket: Buffer
}

/** @throws ProtocolError */
export function decodeOlderSessionTicket(body: Buffer): OlderSessionTicket {
  const reader = new ByteReader(body, 'a NewSessionTicket')
  const ticket = { lifetimeHint: reader.readUint32(), ticket: reader.readVector(2) }
  reader.end()
  return ticket
}

/** @internal Exported for tests. */
export function encodeOlderSessionTicket({ lifetimeHint, ticket }: OlderSessionTicket): Buffer {
  return new ByteWriter()
    .uint32(lifetimeHint)
    .vector(2, (part) => part.bytes(ticket))
    .finish()
}

/** @throws ProtocolError */
export function decodeSessionTicket(body: Buffer): SessionTicket {
  const reader = new ByteReader(body, 'a NewSessionTicket')
  const ticket = {
    lifetime: reader.readUint32(),
    ageAdd: reader.readUint32(),
    nonce: reader.readVector(1),
    ticket: reader.readVector(2),
    extensions: readTlsExtensions(reader),
  }
  reader.end()
  return ticket
}

/** @internal Exported for tests. */
export function encodeSessionTicket(ticket: SessionTicket): Buffer {
  const writer = new ByteWriter()
    .uint32(ticket.lifetime)
    .uint32(ticket.ageAdd)
    .vector(1, (part) => part.bytes(ticket.nonce))
    .vector(2, (part) => part.bytes(ticket.ticket))
  writeExtensions(writer, ticket.extensions)
  return writer.finish()
}
