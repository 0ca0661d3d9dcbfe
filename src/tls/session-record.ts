/**
 * What OpenSSL writes of a session that node:tls has no words for: `SSL_SESSION` in DER, whose
 * fields are those of OpenSSL's ssl/ssl_asn1.c.
 */
import { readElements, readSequence } from '../asn1/der.ts'

const DER_SEQUENCE = 0x30

/** Fields by their tags: `[n] EXPLICIT`. */
const FLAGS = 0xa0 + 13
const KEY_EXCHANGE_GROUP = 0xa0 + 19

/** Whether the secret is bound to the handshake (RFC 7627); what cannot be read proves nothing. */
export function hasExtendedMasterSecret(session: Buffer | undefined): boolean {
  return (readNumber(session, FLAGS) & 1) === 1
}

/** The IANA number of the group of the key exchange; 0 where the session does not say. */
export function keyExchangeGroup(session: Buffer | undefined): number {
  return readNumber(session, KEY_EXCHANGE_GROUP)
}

function readNumber(session: Buffer | undefined, field: number): number {
  const encoded = session && unwrapSession(session)
  if (encoded?.[0] !== DER_SEQUENCE) return 0
  const found = readSequence(encoded).find(({ tag }) => tag === field)
  const [value] = found ? readElements(found.body) : []
  const bytes = value?.body.subarray(-MOST_BYTES) ?? Buffer.alloc(0)
  return bytes.length === 0 ? 0 : bytes.readUIntBE(0, bytes.length)
}

/** Both fields are 32 bits; a sign byte may come before them. */
const MOST_BYTES = 4

/** What newer releases of Node write before a client's session: this, and the server's name. */
const SESSION_HEADER = Buffer.from('\0nodejs:tls:session:1\0', 'latin1')

function unwrapSession(session: Buffer): Buffer {
  const at = SESSION_HEADER.length
  if (!session.subarray(0, at).equals(SESSION_HEADER)) return session
  return session.subarray(at + 2 + session.readUInt16BE(at))
}
