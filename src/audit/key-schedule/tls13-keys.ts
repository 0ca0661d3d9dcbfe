/** The key schedule of TLS 1.3: RFC 8446 section 7.1, with RFC 5869. */
import { createHash, createHmac } from 'node:crypto'
import { ByteWriter } from '../../wire/byte-writer.ts'

/** Of a suite: `sha256` or `sha384`. */
export type SuiteHash = 'sha256' | 'sha384'

export type TrafficSecrets = { readonly client: Buffer; readonly server: Buffer }

export function hashOf(hash: SuiteHash, bytes: Buffer): Buffer {
  return createHash(hash).update(bytes).digest()
}

/** HKDF-Expand-Label. */
export function expandLabel(
  hash: SuiteHash,
  secret: Buffer,
  label: string,
  context: Buffer,
  length: number,
): Buffer {
  const info = new ByteWriter()
    .uint16(length)
    .vector(1, (part) => part.bytes(Buffer.from(`tls13 ${label}`, 'latin1')))
    .vector(1, (part) => part.bytes(context))
    .finish()
  const parts: Buffer[] = []
  let block = Buffer.alloc(0)
  for (let count = 1; parts.length * secret.length < length; count++) {
    const counter = Buffer.from([count])
    block = createHmac(hash, secret)
      .update(Buffer.concat([block, info, counter]))
      .digest()
    parts.push(block)
  }
  return Buffer.concat(parts).subarray(0, length)
}

function extract(hash: SuiteHash, salt: Buffer, key: Buffer): Buffer {
  return createHmac(hash, salt).update(key).digest()
}

function deriveSecret(hash: SuiteHash, secret: Buffer, label: string, transcript: Buffer): Buffer {
  return expandLabel(hash, secret, label, hashOf(hash, transcript), secret.length)
}

/** @param psk All zero where there is none. */
export function earlySecret(hash: SuiteHash, psk?: Buffer): Buffer {
  const zeros = Buffer.alloc(hashOf(hash, Buffer.alloc(0)).length)
  return extract(hash, zeros, psk ?? zeros)
}

export function handshakeSecret(hash: SuiteHash, early: Buffer, shared: Buffer): Buffer {
  return extract(hash, deriveSecret(hash, early, 'derived', Buffer.alloc(0)), shared)
}

export function masterSecret(hash: SuiteHash, handshake: Buffer): Buffer {
  const salt = deriveSecret(hash, handshake, 'derived', Buffer.alloc(0))
  return extract(hash, salt, Buffer.alloc(handshake.length))
}

/** @param transcript From ClientHello to ServerHello. */
export function handshakeTraffic(
  hash: SuiteHash,
  handshake: Buffer,
  transcript: Buffer,
): TrafficSecrets {
  return {
    client: deriveSecret(hash, handshake, 'c hs traffic', transcript),
    server: deriveSecret(hash, handshake, 's hs traffic', transcript),
  }
}

/** @param transcript From ClientHello to the server's Finished. */
export function applicationTraffic(
  hash: SuiteHash,
  master: Buffer,
  transcript: Buffer,
): TrafficSecrets {
  return {
    client: deriveSecret(hash, master, 'c ap traffic', transcript),
    server: deriveSecret(hash, master, 's ap traffic', transcript),
  }
}

/** What the Finished of a side holds: RFC 8446 section 4.4.4. */
export function finishedData(hash: SuiteHash, traffic: Buffer, transcript: Buffer): Buffer {
  const key = expandLabel(hash, traffic, 'finished', Buffer.alloc(0), traffic.length)
  return createHmac(hash, key).update(hashOf(hash, transcript)).digest()
}
