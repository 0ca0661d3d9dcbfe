/** The first messages of a connection of SSH: identifications, then packets in clear. */
import { refuse } from '../../wire/protocol-error.ts'
import type { ClearExchange } from '../connection/clear-exchange.ts'
import { ExchangeEnded } from '../connection/failure.ts'
import { type Disconnect, decodeDisconnect } from './messages/disconnect.ts'
import {
  IDENTIFICATION_LIMIT,
  type Identification,
  isIdentification,
  LINES_BEFORE_LIMIT,
  parseIdentification,
} from './messages/identification.ts'
import { SSH_MSG } from './messages/message-numbers.ts'
import {
  decodePacketBody,
  decodePacketLength,
  encodePacket,
  PACKET_LENGTH_SIZE,
} from './messages/packet.ts'

/** Thrown where the server ends the conversation with SSH_MSG_DISCONNECT. */
export class SshDisconnected extends Error {
  readonly disconnect: Disconnect

  constructor(disconnect: Disconnect) {
    super(disconnect.description)
    this.name = 'SshDisconnected'
    this.disconnect = disconnect
  }
}

/** Thrown where the server ends the connection before it says that it speaks SSH. */
export class SshTurnedAway extends Error {
  /** What it said instead: `Exceeded MaxStartups`. */
  readonly lines: readonly string[]

  constructor(lines: readonly string[]) {
    super(lines.join(' '))
    this.name = 'SshTurnedAway'
    this.lines = lines
  }
}

/** What the audit calls itself. It says no version: servers treat some versions of programs apart. */
export const CLIENT_IDENTIFICATION = 'SSH-2.0-cryptopolicy_audit'

/** Messages that mean nothing to an audit, in a row. */
const IGNORED_LIMIT = 64

/** Lines of the server that are kept, to be shown. */
const LINES_KEPT = 4

export class SshConversation {
  /** Packets of each direction: they number what is encrypted. */
  sent = 0
  received = 0
  /** The server's first line; empty before it. */
  identification = ''
  readonly #exchange: ClearExchange

  constructor(exchange: ClearExchange) {
    this.#exchange = exchange
  }

  /** Random bytes that a replay has again. */
  random(length: number): Buffer {
    return this.#exchange.random(length)
  }

  readonly read = (length: number): Promise<Buffer> => this.#exchange.read(length)

  write(bytes: Buffer): Promise<void> {
    return this.#exchange.write(bytes)
  }

  /** @throws SshTurnedAway */
  async identify(): Promise<Identification> {
    await this.write(Buffer.from(`${CLIENT_IDENTIFICATION}\r\n`, 'latin1'))
    const lines: string[] = []
    for (let count = 0; count < LINES_BEFORE_LIMIT; count++) {
      const line = await this.#readLine(lines)
      if (isIdentification(line)) {
        const identification = parseIdentification(line)
        this.identification = identification.line
        return identification
      }
      if (lines.length < LINES_KEPT) lines.push(line)
    }
    return refuse(`${LINES_BEFORE_LIMIT} lines that do not identify it`)
  }

  writePayload(payload: Buffer): Promise<void> {
    this.sent++
    return this.write(encodePacket(payload))
  }

  /**
   * The next message; those that may come at any time are left out.
   *
   * @throws SshDisconnected
   */
  async readPayload(): Promise<Buffer> {
    for (let count = 0; count < IGNORED_LIMIT; count++) {
      const length = decodePacketLength(await this.read(PACKET_LENGTH_SIZE))
      const payload = decodePacketBody(Buffer.from(await this.read(length)))
      this.received++
      if (isForAudit(payload)) return payload
    }
    return refuse(`${IGNORED_LIMIT} messages that say nothing`)
  }

  async #readLine(before: readonly string[]): Promise<string> {
    const bytes: number[] = []
    for (let count = 0; count < IDENTIFICATION_LIMIT; count++) {
      const byte = (await this.#readByte(before, bytes))[0] ?? 0
      if (byte === 0x0a) return decodeLine(bytes)
      bytes.push(byte)
    }
    return refuse(`a line of more than ${IDENTIFICATION_LIMIT} bytes before it identified itself`)
  }

  #readByte(before: readonly string[], bytes: readonly number[]): Promise<Buffer> {
    return this.read(1).catch((error: unknown) => {
      if (!(error instanceof ExchangeEnded) || error.end === 'timed-out') throw error
      const last = decodeLine(bytes)
      throw new SshTurnedAway(last === '' ? before : [...before, last])
    })
  }
}

/** @throws SshDisconnected */
export function isForAudit(payload: Buffer): boolean {
  const [message] = payload
  if (message === SSH_MSG.DISCONNECT) throw new SshDisconnected(decodeDisconnect(payload))
  return message !== SSH_MSG.IGNORE && message !== SSH_MSG.DEBUG
}

function decodeLine(bytes: readonly number[]): string {
  return Buffer.from(bytes).toString('latin1').replace(/\r$/, '')
}
