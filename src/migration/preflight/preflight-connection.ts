/** A connection of a preflight, on the side that dials: hello, handshake, and what follows. */
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { DiagnosticError, fail } from '../../diagnostics/diagnostic.ts'
import { printHostAndPort } from '../../net/address.ts'
import { ByteChannel, ConnectionEnded } from '../../net/byte-channel.ts'
import { dial } from '../../net/dial.ts'
import { NET_KINDS } from '../../net/net-diagnostics.ts'
import type { TlsCredentials } from '../../tls/credentials/credentials.ts'
import type { TlsSession } from '../../tls/credentials/tls-session.ts'
import type { TlsSettings } from '../../tls/tls-options.ts'
import { ProtocolError } from '../../wire/protocol-error.ts'
import {
  checkRateResult,
  checkServerHello,
  checkServerVerdict,
  PROTOCOL_VERSION,
  type PreflightClientHello,
  type PreflightServerHello,
  type RateResult,
  type ServerVerdict,
} from './hello.ts'
import { readMessage, writeMessage } from './message.ts'
import { offeredTls } from './offered-tls.ts'
import { PREFLIGHT_KINDS } from './preflight-diagnostics.ts'
import { sendChunks } from './rate-stream.ts'

export type PreflightTarget = {
  /** An address: names were looked up before. */
  readonly address: string
  readonly port: number
  /** For each step, in milliseconds. */
  readonly timeout: number
}

/** With what both sides let each other in. */
export type AgreedTls = {
  readonly credentials: TlsCredentials
  readonly hostname: string | undefined
}

/**
 * Tells the listener that nothing more comes. It need not be there any more.
 *
 * @param agreed Without it a listener that has credentials does not heed it.
 */
export async function sayDone(target: PreflightTarget, agreed?: AgreedTls): Promise<void> {
  const connection = await PreflightConnection.open(target).catch(() => undefined)
  try {
    const greeting = await connection?.greet('done', { tls: agreed !== undefined })
    if (agreed && greeting?.hello.tls) await connection?.secure(agreed.credentials, agreed.hostname)
    await connection?.verdict()
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
  } finally {
    connection?.close()
  }
}

/** What was heard in clear, and when. */
export type Greeting = {
  readonly hello: PreflightServerHello
  /** The times of this host just before and just after, in milliseconds since 1970. */
  readonly asked: number
  readonly answered: number
}

type GreetingOptions = {
  readonly tls: boolean
  readonly settings?: TlsSettings | undefined
  readonly ticket?: string | undefined
}

export class PreflightConnection {
  readonly nonce: string
  /** `192.0.2.1:50777` */
  readonly server: string
  readonly #timeout: number
  readonly #socket: Duplex
  readonly #channel: ByteChannel

  private constructor(socket: Duplex, { address, port, timeout }: PreflightTarget, nonce: string) {
    this.nonce = nonce
    this.#socket = socket
    this.server = printHostAndPort(address, port)
    this.#timeout = timeout
    this.#channel = new ByteChannel(socket)
  }

  /** @throws DiagnosticError NET_... */
  static async open(
    target: PreflightTarget,
    nonce = randomBytes(16).toString('hex'),
  ): Promise<PreflightConnection> {
    const { address: host, port, timeout } = target
    const socket = await dial({ kind: 'tcp', host, port }, { timeout })
    socket.on('error', () => {})
    return new PreflightConnection(socket, target, nonce)
  }

  /**
   * @param tls Whether TLS is to follow.
   * @param ticket For a rate in clear.
   * @throws DiagnosticError PREFLIGHT_..., NET_TIMED_OUT
   */
  async greet(
    purpose: PreflightClientHello['purpose'],
    { tls, settings, ticket }: GreetingOptions,
  ): Promise<Greeting> {
    const hello: PreflightClientHello = {
      version: PROTOCOL_VERSION,
      purpose,
      nonce: this.nonce,
      tls,
      ...(settings ? { offered: offeredTls(settings) } : {}),
      ...(ticket === undefined ? {} : { ticket }),
    }
    const asked = Date.now()
    const answer = await this.#within(async () => {
      await writeMessage(this.#channel, hello)
      return readMessage(this.#channel, checkServerHello)
    })
    const answered = Date.now()
    if (answer.version !== PROTOCOL_VERSION) {
      const versions = { own: PROTOCOL_VERSION, theirs: answer.version }
      fail(PREFLIGHT_KINDS.otherVersion, { server: this.server, ...versions })
    }
    return { hello: answer, asked, answered }
  }

  /** @throws DiagnosticError TLS_... */
  secure(credentials: TlsCredentials, hostname: string | undefined): Promise<TlsSession> {
    const options = { timeout: this.#timeout, ...(hostname === undefined ? {} : { hostname }) }
    return this.#channel.replace((stream) => credentials.connect(stream, options))
  }

  /** @throws DiagnosticError PREFLIGHT_..., NET_TIMED_OUT */
  verdict(): Promise<ServerVerdict> {
    return this.#within(() => readMessage(this.#channel, checkServerVerdict))
  }

  /**
   * Sends bytes until a time of performance.now(), and reads how many came. A slow peer has all the time
   * that it needs; one that takes nothing and says nothing has that of a step.
   *
   * @throws DiagnosticError PREFLIGHT_..., NET_TIMED_OUT
   */
  rate(deadline: number): Promise<RateResult> {
    const stream = this.#channel.stream as Socket
    const work = async () => {
      await sendChunks(this.#channel, deadline)
      return readMessage(this.#channel, checkRateResult)
    }
    return this.#within(work, (giveUp) => {
      stream.setTimeout(this.#timeout, giveUp)
      return () => void stream.setTimeout(0)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  /** @param watch Calls what it is given when the work takes too long; returns what ends the watch. */
  async #within<Result>(
    work: () => Promise<Result>,
    watch = (giveUp: () => void): (() => void) => {
      const timer = setTimeout(giveUp, this.#timeout)
      return () => clearTimeout(timer)
    },
  ): Promise<Result> {
    let isLate = false
    const stopWatch = watch(() => {
      isLate = true
      this.#socket.destroy()
    })
    try {
      return await work()
    } catch (error) {
      if (isLate) {
        const seconds = this.#timeout / 1000
        return fail(NET_KINDS.timedOut, { server: this.server, what: 'answer', seconds })
      }
      return this.#explain(error)
    } finally {
      stopWatch()
    }
  }

  #explain(error: unknown): never {
    const server = this.server
    if (error instanceof ProtocolError) {
      return fail(PREFLIGHT_KINDS.brokenProtocol, { server, what: error.message })
    }
    if (error instanceof ConnectionEnded) {
      return fail(PREFLIGHT_KINDS.lost, { server, error: error.cause })
    }
    if (error instanceof DiagnosticError) throw error
    return fail(PREFLIGHT_KINDS.lost, { server, error })
  }
}
