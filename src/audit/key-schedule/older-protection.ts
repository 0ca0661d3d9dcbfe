/** Protection of records in TLS 1.0 to 1.2: RFC 5246 section 6.2.3, RFC 2246 section 6.2.3, RFC 7366. */
import { type CipherGCMTypes, createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import { refuse } from '../../wire/protocol-error.ts'
import { RECORD_HEADER, type TlsRecord } from '../messages/record.ts'
import type { OlderCipher } from './older-ciphers.ts'
import { pseudoRandom } from './older-prf.ts'

export type Protection = {
  /** @throws ProtocolError where the record was not made with the keys. */
  open(record: TlsRecord): TlsRecord
  seal(type: number, payload: Buffer): Buffer
}

/** What both directions of a connection have in common. */
export type OlderConnection = {
  readonly version: number
  readonly cipher: OlderCipher
  readonly master: Buffer
  readonly clientRandom: Buffer
  readonly serverRandom: Buffer
  /** Whether the MAC is over what is encrypted. */
  readonly encryptsFirst: boolean
  readonly random: (length: number) => Buffer
}

type Keys = { readonly mac: Buffer; readonly key: Buffer; readonly iv: Buffer }

/** RFC 5246 section 6.3. */
export function protectOlder(connection: OlderConnection): {
  readonly client: Protection
  readonly server: Protection
} {
  const { cipher, master, clientRandom, serverRandom } = connection
  const { keyLength, ivLength } = cipher
  const macLength = cipher.mac?.length ?? 0
  const size = 2 * (macLength + keyLength + ivLength)
  const seed = Buffer.concat([serverRandom, clientRandom])
  const block = pseudoRandom(cipher.prf, master, 'key expansion', seed, size)
  let at = 0
  const take = (length: number) => {
    at += length
    return block.subarray(at - length, at)
  }
  const [clientMac, serverMac] = [take(macLength), take(macLength)]
  const [clientKey, serverKey] = [take(keyLength), take(keyLength)]
  const [clientIv, serverIv] = [take(ivLength), take(ivLength)]
  const protect = (keys: Keys): Protection =>
    cipher.kind === 'aead'
      ? new AeadProtection(connection, keys)
      : new CbcProtection(connection, keys)
  return {
    client: protect({ mac: clientMac, key: clientKey, iv: clientIv }),
    server: protect({ mac: serverMac, key: serverKey, iv: serverIv }),
  }
}

/** The number of the record, its type, its version and its length. */
function associated(sequence: number, type: number, version: number, length: number): Buffer {
  const bytes = Buffer.alloc(13)
  bytes.writeUInt32BE(sequence, 4)
  bytes.writeUInt8(type, 8)
  bytes.writeUInt16BE(version, 9)
  bytes.writeUInt16BE(length, 11)
  return bytes
}

function recordOf(type: number, version: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(RECORD_HEADER)
  head.writeUInt8(type)
  head.writeUInt16BE(version, 1)
  head.writeUInt16BE(payload.length, 3)
  return Buffer.concat([head, payload])
}

class AeadProtection implements Protection {
  readonly #connection: OlderConnection
  readonly #keys: Keys
  #sequence = 0

  constructor(connection: OlderConnection, keys: Keys) {
    this.#connection = connection
    this.#keys = keys
  }

  open({ type, payload }: TlsRecord): TlsRecord {
    const { version, cipher } = this.#connection
    const { name, tagLength, explicitLength } = cipher
    const length = payload.length - tagLength - explicitLength
    if (length < 0) refuse('a protected record that is too short')
    const sequence = this.#sequence++
    const nonce = this.#nonce(sequence, payload.subarray(0, explicitLength))
    const decipher = createDecipheriv(name as CipherGCMTypes, this.#keys.key, nonce, {
      authTagLength: tagLength,
    })
    decipher.setAuthTag(payload.subarray(payload.length - tagLength))
    decipher.setAAD(associated(sequence, type, version, length), { plaintextLength: length })
    const sealed = payload.subarray(explicitLength, payload.length - tagLength)
    return { type, version, payload: decrypted(decipher, sealed) }
  }

  seal(type: number, payload: Buffer): Buffer {
    const { version, cipher } = this.#connection
    const { name, tagLength, explicitLength } = cipher
    const { length } = payload
    const sequence = this.#sequence++
    const explicit = Buffer.alloc(8)
    explicit.writeUInt32BE(sequence, 4)
    const own = explicit.subarray(0, explicitLength)
    const sealing = createCipheriv(
      name as CipherGCMTypes,
      this.#keys.key,
      this.#nonce(sequence, own),
      { authTagLength: tagLength },
    )
    sealing.setAAD(associated(sequence, type, version, length), { plaintextLength: length })
    const sealed = Buffer.concat([sealing.update(payload), sealing.final()])
    return recordOf(type, version, Buffer.concat([own, sealed, sealing.getAuthTag()]))
  }

  /** A part of its own in each record, or the number of the record mixed in: RFC 7905 section 2. */
  #nonce(sequence: number, explicit: Buffer): Buffer {
    if (explicit.length > 0) return Buffer.concat([this.#keys.iv, explicit])
    const nonce = Buffer.from(this.#keys.iv)
    nonce.writeUInt32BE((nonce.readUInt32BE(nonce.length - 4) ^ sequence) >>> 0, nonce.length - 4)
    return nonce
  }
}

class CbcProtection implements Protection {
  readonly #connection: OlderConnection
  readonly #keys: Keys
  /** Before TLS 1.1, the last block of a record is the vector of the next. */
  #vector: Buffer
  #sequence = 0

  constructor(connection: OlderConnection, keys: Keys) {
    this.#connection = connection
    this.#keys = keys
    this.#vector = keys.iv
  }

  open({ type, payload }: TlsRecord): TlsRecord {
    const { version, cipher, encryptsFirst } = this.#connection
    const macLength = cipher.mac?.length ?? 0
    const sequence = this.#sequence++
    const sealed = encryptsFirst ? payload.subarray(0, payload.length - macLength) : payload
    if (encryptsFirst) this.#check(sequence, type, sealed, payload.subarray(sealed.length))
    const vectorLength = cipher.explicitLength || this.#vector.length
    if (sealed.length < cipher.explicitLength + vectorLength) refuse('a record that is too short')
    const vector = cipher.explicitLength > 0 ? sealed.subarray(0, vectorLength) : this.#vector
    this.#vector = sealed.subarray(sealed.length - vectorLength)
    const decipher = createDecipheriv(cipher.name, this.#keys.key, vector).setAutoPadding(false)
    const plain = decrypted(decipher, sealed.subarray(cipher.explicitLength))
    const unpadded = plain.subarray(0, plain.length - 1 - (plain.at(-1) ?? 0))
    if (encryptsFirst) return { type, version, payload: unpadded }
    if (unpadded.length < macLength) refuse('a protected record that is too short')
    const content = unpadded.subarray(0, unpadded.length - macLength)
    this.#check(sequence, type, content, unpadded.subarray(content.length))
    return { type, version, payload: content }
  }

  seal(type: number, payload: Buffer): Buffer {
    const { version, cipher, encryptsFirst, random } = this.#connection
    const { explicitLength } = cipher
    const sequence = this.#sequence++
    const mac = (bytes: Buffer) => this.#mac(sequence, type, bytes)
    const content = encryptsFirst ? payload : Buffer.concat([payload, mac(payload)])
    const blockLength = explicitLength || this.#vector.length
    const padding = blockLength - 1 - (content.length % blockLength)
    const vector = explicitLength > 0 ? random(explicitLength) : this.#vector
    const sealing = createCipheriv(cipher.name, this.#keys.key, vector).setAutoPadding(false)
    const padded = Buffer.concat([content, Buffer.alloc(padding + 1, padding)])
    const body = Buffer.concat([sealing.update(padded), sealing.final()])
    this.#vector = body.subarray(body.length - blockLength)
    const sealed = explicitLength > 0 ? Buffer.concat([vector, body]) : body
    const whole = encryptsFirst ? Buffer.concat([sealed, mac(sealed)]) : sealed
    return recordOf(type, version, whole)
  }

  #mac(sequence: number, type: number, bytes: Buffer): Buffer {
    const { version, cipher } = this.#connection
    return createHmac(cipher.mac?.hash ?? 'sha1', this.#keys.mac)
      .update(associated(sequence, type, version, bytes.length))
      .update(bytes)
      .digest()
  }

  #check(sequence: number, type: number, bytes: Buffer, mac: Buffer): void {
    if (!this.#mac(sequence, type, bytes).equals(mac)) refuse(NOT_OF_CONNECTION)
  }
}

const NOT_OF_CONNECTION = 'a record that was not made with the keys of the connection'

function decrypted(
  decipher: { update(bytes: Buffer): Buffer; final(): Buffer },
  sealed: Buffer,
): Buffer {
  try {
    return Buffer.concat([decipher.update(sealed), decipher.final()])
  } catch {
    return refuse(NOT_OF_CONNECTION)
  }
}
