/** One connection of a preflight, on the side that listens. */
import { DiagnosticError, fail } from '../../diagnostics/diagnostic.ts'
import type { ConnectionHandler, EndpointConnection } from '../../endpoint/connection.ts'
import type { Security } from '../../endpoint/security.ts'
import { ByteChannel } from '../../net/byte-channel.ts'
import type { SystemConfig } from '../../priority/system-config.ts'
import type { TlsSession } from '../../tls/credentials/tls-session.ts'
import {
  checkClientHello,
  PROTOCOL_VERSION,
  type PreflightClientHello,
  type PreflightServerHello,
  type RateResult,
  type ServerVerdict,
} from './hello.ts'
import { readMessage, writeMessage } from './message.ts'
import { lackingReasons, offeredTls } from './offered-tls.ts'
import { PREFLIGHT_KINDS } from './preflight-diagnostics.ts'
import { takeChunks } from './rate-stream.ts'
import type { RateTickets } from './rate-tickets.ts'
import type { RefusedHandshakes } from './refused-handshakes.ts'

export type PreflightHandlerOptions = {
  readonly security: Security
  /** The file that keywords of priority strings are looked up in. */
  readonly config: SystemConfig
  readonly refused: RefusedHandshakes
  readonly tickets: RateTickets
  /** For one rate, in seconds. */
  readonly rateLimit: number
  /** Called when a client that was let in says that it was its last connection. */
  readonly onDone?: (() => void) | undefined
}

export class PreflightHandler implements ConnectionHandler {
  readonly #options: PreflightHandlerOptions

  constructor(options: PreflightHandlerOptions) {
    this.#options = options
  }

  /** A client asks again; what is under way can be cut. */
  drain(): boolean {
    return false
  }

  async run(connection: EndpointConnection): Promise<string> {
    const channel = new ByteChannel(connection.socket)
    const [hello, session] = await connection.withinHandshakeLimit(() =>
      this.#greet(channel, connection),
    )
    this.#checkRate(hello, session)
    // Without TLS where that is there, a client is only told why it was refused.
    if (session || !this.#hasTls || hello.purpose === 'rate') await connection.letIn()
    const { stream } = channel
    await connection.withinIdleLimit(stream, () => this.#serve(hello, channel, session))
    connection.close(channel.release())
    if (hello.purpose !== 'done') return ENDINGS[hello.purpose]
    // In clear any stranger can say it.
    if (!session && this.#hasTls) return 'done, which counts over TLS only'
    this.#options.onDone?.()
    return ENDINGS.done
  }

  get #hasTls(): boolean {
    return this.#options.security.tlsMode !== 'off'
  }

  /** Any stranger could have this host busy. @throws DiagnosticError PREFLIGHT_RATE_REFUSED */
  #checkRate({ purpose, ticket }: PreflightClientHello, session: TlsSession | undefined): void {
    if (purpose !== 'rate' || session || !this.#hasTls) return
    if (!this.#options.tickets.redeem(ticket)) fail(PREFLIGHT_KINDS.rateRefused, {})
  }

  /** Exchanges what both allow; then the handshake, where the client wants one. */
  async #greet(
    channel: ByteChannel,
    connection: EndpointConnection,
  ): Promise<readonly [PreflightClientHello, TlsSession | undefined]> {
    const hello = await readMessage(channel, checkClientHello)
    const { secure } = this.#options.security
    await writeMessage(channel, this.#answer(hello))
    if (!hello.tls || !this.#hasTls) return [hello, undefined]
    try {
      const session = await channel.replace((stream) => connection.secure(stream, secure))
      return [hello, session]
    } catch (error) {
      if (error instanceof DiagnosticError) {
        this.#options.refused.add(hello.nonce, error.diagnostics)
      }
      throw error
    }
  }

  #answer({ offered }: PreflightClientHello): PreflightServerHello {
    const { security, config } = this.#options
    const { settings } = security
    return {
      version: PROTOCOL_VERSION,
      time: Date.now(),
      tls: this.#hasTls,
      ...(settings ? { offered: offeredTls(settings) } : {}),
      refusals: settings && offered ? lackingReasons(settings, config, offered) : [],
    }
  }

  async #serve(
    { purpose, nonce }: PreflightClientHello,
    channel: ByteChannel,
    session: TlsSession | undefined,
  ): Promise<void> {
    if (purpose === 'rate') return serveRate(channel, this.#options.rateLimit)
    const { distinguishedName, username } = session?.peer ?? {}
    const verdict: ServerVerdict = {
      ...(distinguishedName === undefined ? {} : { distinguishedName }),
      ...(username === undefined ? {} : { username }),
      ...(session && purpose === 'check' ? { rateTicket: this.#options.tickets.issue() } : {}),
      refusals: purpose === 'verdict' ? this.#options.refused.take(nonce) : [],
    }
    await writeMessage(channel, verdict)
  }
}

const ENDINGS: { readonly [Purpose in PreflightClientHello['purpose']]: string } = {
  check: 'checked',
  verdict: 'told why',
  rate: 'measured',
  done: 'done',
}

/** @throws DiagnosticError PREFLIGHT_RATE_TIME. */
async function serveRate(channel: ByteChannel, seconds: number): Promise<void> {
  const before = process.cpuUsage()
  const stream = channel.release()
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    stream.destroy()
  }, seconds * 1000)
  const bytes = await takeChunks(stream)
    .catch((error) =>
      isLate ? fail(PREFLIGHT_KINDS.rateTime, { seconds }) : Promise.reject(error),
    )
    .finally(() => clearTimeout(timer))
  const { user, system } = process.cpuUsage(before)
  const result: RateResult = { bytes, cpuTime: user + system }
  await writeMessage(new ByteChannel(stream), result)
}
