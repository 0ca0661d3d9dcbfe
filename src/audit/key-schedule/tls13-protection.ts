/** Protection of records in TLS 1.3: RFC 8446 section 5.2. */
import { type CipherGCMTypes, createCipheriv, createDecipheriv } from 'node:crypto'
import { refuse } from '../../wire/protocol-error.ts'
import { CONTENT_TYPES, VERSION } from '../messages/iana-numbers.ts'
import type { TlsRecord } from '../messages/record.ts'
import { expandLabel, type SuiteHash } from './tls13-keys.ts'

type Cipher = {
  readonly name: string
  readonly keyLength: number
  readonly tagLength: number
  readonly hash: SuiteHash
}

const CIPHERS: Readonly<Record<number, Cipher>> = {
  4865: { name: 'aes-128-gcm', keyLength: 16, tagLength: 16, hash: 'sha256' },
  4866: { name: 'aes-256-gcm', keyLength: 32, tagLength: 16, hash: 'sha384' },
  4867: { name: 'chacha20-poly1305', keyLength: 32, tagLength: 16, hash: 'sha256' },
  4868: { name: 'aes-128-ccm', keyLength: 16, tagLength: 16, hash: 'sha256' },
  4869: { name: 'aes-128-ccm', keyLength: 16, tagLength: 8, hash: 'sha256' },
}

const NONCE = 12

/** Suites that can be computed with. */
export const COMPUTABLE_SUITES: readonly number[] = Object.keys(CIPHERS).map(Number)

/** @throws ProtocolError where the suite is none that was offered. */
export function suiteHash(suite: number): SuiteHash {
  return CIPHERS[suite]?.hash ?? refuse('a suite that was not offered')
}

/** One direction of a connection under one traffic secret. */
export class Tls13Protection {
  readonly #cipher: Cipher
  readonly #key: Buffer
  readonly #iv: Buffer
  #sequence = 0

  constructor(suite: number, traffic: Buffer) {
    const cipher = CIPHERS[suite] ?? refuse('a suite that was not offered')
    const empty = Buffer.alloc(0)
    this.#cipher = cipher
    this.#key = expandLabel(cipher.hash, traffic, 'key', empty, cipher.keyLength)
    this.#iv = expandLabel(cipher.hash, traffic, 'iv', empty, NONCE)
  }

  /** @throws ProtocolError */
  open({ type, payload }: TlsRecord): TlsRecord {
    const { name, tagLength } = this.#cipher
    if (type !== CONTENT_TYPES.application_data) return { type, version: VERSION.TLS12, payload }
    const length = payload.length - tagLength
    if (length < 1) refuse('a protected record without content')
    const decipher = createDecipheriv(name as CipherGCMTypes, this.#key, this.#nonce(), {
      authTagLength: tagLength,
    })
    decipher.setAuthTag(payload.subarray(length))
    decipher.setAAD(header(payload.length), { plaintextLength: length })
    return contentOf(finish(decipher, payload.subarray(0, length)))
  }

  seal(type: number, payload: Buffer): Buffer {
    const { name, tagLength } = this.#cipher
    const inner = Buffer.concat([payload, Buffer.from([type])])
    const head = header(inner.length + tagLength)
    const cipher = createCipheriv(name as CipherGCMTypes, this.#key, this.#nonce(), {
      authTagLength: tagLength,
    })
    cipher.setAAD(head, { plaintextLength: inner.length })
    const sealed = Buffer.concat([cipher.update(inner), cipher.final()])
    return Buffer.concat([head, sealed, cipher.getAuthTag()])
  }

  #nonce(): Buffer {
    const nonce = Buffer.from(this.#iv)
    nonce.writeUInt32BE((nonce.readUInt32BE(NONCE - 4) ^ this.#sequence++) >>> 0, NONCE - 4)
    return nonce
  }
}

function header(length: number): Buffer {
  const head = Buffer.from([CONTENT_TYPES.application_data, 3, 3, 0, 0])
  head.writeUInt16BE(length, 3)
  return head
}

function finish(decipher: ReturnType<typeof createDecipheriv>, sealed: Buffer): Buffer {
  try {
    return Buffer.concat([decipher.update(sealed), decipher.final()])
  } catch {
    return refuse('a record that was not made with the keys of the connection')
  }
}

/** The content ends with its type, which zeros may follow. */
function contentOf(inner: Buffer): TlsRecord {
  let end = inner.length - 1
  while (end >= 0 && inner.readUInt8(end) === 0) end--
  if (end < 0) refuse('a protected record without a type')
  return { type: inner.readUInt8(end), version: VERSION.TLS12, payload: inner.subarray(0, end) }
}
