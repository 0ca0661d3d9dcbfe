/** What connects to a server and negotiates with it, before requests or a listing. */
import { type Diagnostic, DiagnosticError, diagnose } from '../../diagnostics/diagnostic.ts'
import type { ClientTls } from '../../endpoint/client-tls.ts'
import { printAddress, type SocketAddress } from '../../net/address.ts'
import { dial } from '../../net/dial.ts'
import { BASE_ALLOCATION } from '../protocol/constants.ts'
import { beginNegotiation, type OpenNegotiation } from './client-negotiation.ts'
import { NBD_CLIENT_KINDS } from './nbd-client-diagnostics.ts'
import { blameServer, NegotiationChannel } from './negotiation-channel.ts'

export type NbdClientOptions = {
  readonly tls?: ClientTls
  /** Called where TLS was optional and there is none. */
  readonly warn?: (diagnostic: Diagnostic) => void
  /** For connecting, for the negotiation, and for silence while an answer is due: milliseconds. */
  readonly timeout?: number
  /** Requests on their way at a time. */
  readonly maximumInFlight?: number
  /** The metadata context that block status tells of: `base:allocation` without it. */
  readonly context?: string
  /** Gives up a connection that is not there yet; it does nothing to one that is. */
  readonly signal?: AbortSignal
}

/** What is not said, or undefined, has a default; a signal has none. */
export type CompleteOptions = Required<Omit<NbdClientOptions, 'signal'>> &
  Pick<NbdClientOptions, 'signal'>

export function completeOptions(options: NbdClientOptions): CompleteOptions {
  const { tls = { mode: 'off' }, warn = () => {}, timeout = 30_000, maximumInFlight = 64 } = options
  const { signal, context = BASE_ALLOCATION } = options
  return { tls, warn, timeout, maximumInFlight, context, ...(signal && { signal }) }
}

/** Opens a connection and negotiates over it; whatever goes wrong ends the connection. */
export async function negotiate<Result>(
  address: SocketAddress,
  { tls, warn, timeout, signal }: CompleteOptions,
  work: (open: OpenNegotiation) => Promise<Result>,
): Promise<{ readonly channel: NegotiationChannel; readonly result: Result }> {
  const socket = await dial(address, { timeout, signal })
  const channel = new NegotiationChannel(socket, printAddress(address), { timeout, signal })
  let isSecure = false
  try {
    const open = await beginNegotiation(channel, { tls, warn })
    isSecure = open.tls !== undefined
    return { channel, result: await work(open) }
  } catch (error) {
    channel.destroy()
    socket.destroy()
    throw isSecure ? explainEnd(error, channel.server) : blameServer(error, channel.server)
  }
}

/** In TLS 1.3 a client learns only by the end of the connection that it is not let in. */
function explainEnd(error: unknown, server: string): unknown {
  const reasons = error instanceof DiagnosticError ? error.diagnostics : []
  const isLost = reasons.some(({ code }) => code === NBD_CLIENT_KINDS.closed.code)
  if (!isLost) return blameServer(error, server)
  return new DiagnosticError([diagnose(NBD_CLIENT_KINDS.closedAfterTls, { server })])
}
