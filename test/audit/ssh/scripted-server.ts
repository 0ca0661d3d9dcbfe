/** A server of SSH as a test wants it, in this process: what it offers, what it answers, and what it tells behind the keys. */
import { createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { ClearExchange } from '../../../src/audit/connection/clear-exchange.ts'
import { ExchangeEnded } from '../../../src/audit/connection/failure.ts'
import {
  readSshString,
  writePositiveNumber,
  writeSshString,
  writeText,
} from '../../../src/audit/ssh/messages/data-types.ts'
import {
  encodeExchangeGroup,
  encodeKeyExchangeReply,
} from '../../../src/audit/ssh/messages/key-exchange.ts'
import {
  encodeKeyExchangeInit,
  type KeyExchangeInit,
} from '../../../src/audit/ssh/messages/key-exchange-init.ts'
import { SSH_MSG } from '../../../src/audit/ssh/messages/message-numbers.ts'
import { encodePacket } from '../../../src/audit/ssh/messages/packet.ts'
import { sealPacket } from '../../../src/audit/ssh/packet-ciphers.ts'
import { exchangeHash, type KeySource, sessionKeys } from '../../../src/audit/ssh/session-keys.ts'
import { ByteReader } from '../../../src/wire/byte-reader.ts'
import { ByteWriter } from '../../../src/wire/byte-writer.ts'

export const INIT: KeyExchangeInit = {
  ...{ cookie: Buffer.alloc(16), guessFollows: false },
  ...{ keyExchanges: ['curve25519-sha256'], hostKeyAlgorithms: ['ssh-ed25519'] },
  ...{ ciphersToServer: ['aes128-ctr'], ciphersToClient: ['aes128-ctr'] },
  ...{ macsToServer: ['hmac-sha2-256'], macsToClient: ['hmac-sha2-256'] },
  ...{ compressionToServer: ['none'], compressionToClient: ['none'] },
  ...{ languagesToServer: [], languagesToClient: [] },
}

/** A key as it is sent: its type, then its fields. */
export function hostKeyOf(type: string, ...fields: readonly Buffer[]): Buffer {
  const writer = writeText(new ByteWriter(), type)
  for (const field of fields) writeSshString(writer, field)
  return writer.finish()
}

export const ED25519 = hostKeyOf('ssh-ed25519', Buffer.alloc(32, 7))

/** A number whose bits are all set, as SSH writes it behind its length. */
export function numberOf(bits: number): Buffer {
  const bytes = Buffer.from(
    ((1n << BigInt(bits)) - 1n).toString(16).padStart(2 * Math.ceil(bits / 8), '0'),
    'hex',
  )
  return writePositiveNumber(new ByteWriter(), bytes).finish().subarray(4)
}

export type ServerOptions = {
  /** Up to its first packet; its last line is the identification. */
  readonly greeting?: string
  readonly init?: Partial<KeyExchangeInit>
  /** Payloads before its SSH_MSG_KEXINIT, and behind it. */
  readonly before?: readonly Buffer[]
  readonly guess?: readonly Buffer[]
  readonly hostKey?: Buffer
  /** Of the group that it picks. */
  readonly prime?: Buffer
  /** Payloads in place of its answer to the client's share. */
  readonly answer?: readonly Buffer[]
  /** Payload in place of SSH_MSG_NEWKEYS. */
  readonly newKeys?: Buffer
  /** Payload of the first packet under the new keys. */
  readonly last?: Buffer
}

/** The server's side of a connection. It answers as soon as it is written to. */
export class ScriptedServer implements ClearExchange {
  readonly #options: ServerOptions
  readonly #init: KeyExchangeInit
  #toClient: Buffer
  #fromClient = Buffer.alloc(0)
  #identification = ''
  #clientInit: Buffer = Buffer.alloc(0)
  #sent = 0
  #keys: KeySource | undefined
  /** Messages of the client, by their numbers. */
  readonly heard: number[] = []

  constructor(options: ServerOptions = {}) {
    this.#options = options
    this.#init = { ...INIT, ...options.init }
    this.#toClient = Buffer.from(options.greeting ?? 'SSH-2.0-x\r\n', 'latin1')
  }

  /** Its identification, without its end. */
  get #ownLine(): string {
    return this.#options.greeting?.trimEnd().split('\n').at(-1) ?? 'SSH-2.0-x'
  }

  random(length: number): Buffer {
    return Buffer.alloc(length, 9)
  }

  async read(length: number): Promise<Buffer> {
    if (length > this.#toClient.length) throw new ExchangeEnded('closed')
    const bytes = this.#toClient.subarray(0, length)
    this.#toClient = this.#toClient.subarray(length)
    return bytes
  }

  async write(bytes: Buffer): Promise<void> {
    if (this.#identification === '') {
      this.#identification = bytes.toString('latin1').trimEnd()
      // Without an identification there is no more to come.
      if (!this.#ownLine.startsWith('SSH-')) return
      const { before = [], guess = [] } = this.#options
      this.#say(...before, encodeKeyExchangeInit(this.#init), ...guess)
      return
    }
    // What comes behind SSH_MSG_NEWKEYS is encrypted.
    if (this.heard.at(-1) === SSH_MSG.NEWKEYS) return
    this.#fromClient = Buffer.concat([this.#fromClient, bytes])
    while (this.#fromClient.length > 0) {
      const end = 4 + this.#fromClient.readUInt32BE()
      const packet = this.#fromClient.subarray(0, end)
      this.#fromClient = this.#fromClient.subarray(end)
      this.#hear(Buffer.from(packet.subarray(5, packet.length - packet.readUInt8(4))))
    }
  }

  #say(...payloads: readonly Buffer[]): void {
    for (const payload of payloads) {
      this.#sent++
      this.#toClient = Buffer.concat([this.#toClient, encodePacket(payload)])
    }
  }

  #hear(payload: Buffer): void {
    const message = payload.readUInt8()
    this.heard.push(message)
    if (message === SSH_MSG.KEXINIT) this.#clientInit = payload
    if (message === SSH_MSG.KEX_DH_GEX_REQUEST) this.#pickGroup()
    if (message === SSH_MSG.KEX_DH_GEX_INIT) this.#answerInGroup()
    if (message === SSH_MSG.KEXDH_INIT) this.#answer(payload)
    if (message === SSH_MSG.NEWKEYS) this.#tell()
  }

  #pickGroup(): void {
    const prime = this.#options.prime ?? Buffer.alloc(0)
    this.#say(encodeExchangeGroup({ prime, generator: Buffer.of(2) }))
  }

  /** The client computes a secret from any share; the server of a test needs none. */
  #answerInGroup(): void {
    const { hostKey = ED25519 } = this.#options
    const reply = { hostKey, share: Buffer.of(4), signature: Buffer.alloc(0) }
    this.#say(encodeKeyExchangeReply(reply, 'number', SSH_MSG.KEX_DH_GEX_REPLY))
  }

  /** Agrees by curve25519 (RFC 8731). */
  #answer(payload: Buffer): void {
    const { answer, hostKey = ED25519 } = this.#options
    if (answer) {
      this.#say(...answer)
      return
    }
    const clientShare = readSshString(new ByteReader(payload.subarray(1), 'a share'))
    const { publicKey, privateKey } = generateKeyPairSync('x25519')
    const share = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
    const number = diffieHellman({ privateKey, publicKey: x25519Key(clientShare) })
    const secret = writePositiveNumber(new ByteWriter(), number).finish()
    const hash = exchangeHash('sha256', {
      clientIdentification: this.#identification,
      serverIdentification: this.#ownLine,
      ...{ clientInit: this.#clientInit, serverInit: encodeKeyExchangeInit(this.#init), hostKey },
      ...{ shareForm: 'bytes', clientShare, serverShare: share, secret },
    })
    this.#keys = sessionKeys('sha256', secret, hash)
    this.#say(encodeKeyExchangeReply({ hostKey, share, signature: Buffer.alloc(0) }, 'bytes'))
  }

  #tell(): void {
    const { newKeys = Buffer.of(SSH_MSG.NEWKEYS), last } = this.#options
    this.#say(newKeys)
    const keys = this.#keys
    if (!last || !keys) return
    const protection = { cipher: INIT.ciphersToClient[0] ?? '', mac: INIT.macsToClient[0] ?? '' }
    const sealed = sealPacket(last, protection, (use, size) => keys(OWN[use], size), this.#sent)
    this.#toClient = Buffer.concat([this.#toClient, sealed])
  }
}

/** Letters of keys in the direction of the client, for those in the direction of the server. */
const OWN = { A: 'B', C: 'D', E: 'F', B: 'A', D: 'C', F: 'E' } as const

function x25519Key(share: Buffer): KeyObject {
  const head = Buffer.from('302a300506032b656e032100', 'hex')
  return createPublicKey({ key: Buffer.concat([head, share]), format: 'der', type: 'spki' })
}
