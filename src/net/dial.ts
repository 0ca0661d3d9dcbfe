/** Opens the connection to a server: TCP or a Unix socket. */
import { connect, type Socket } from 'node:net'
import { fail } from '../diagnostics/diagnostic.ts'
import { printAddress, type SocketAddress } from './address.ts'
import { NET_KINDS } from './net-diagnostics.ts'

export type DialOptions = {
  /** In milliseconds. */
  readonly timeout: number
  /** Gives the attempt up. */
  readonly signal?: AbortSignal | undefined
  /** The one family of addresses to be used. */
  readonly family?: 4 | 6 | undefined
  /** The connection stays open when the server has said all, until this side has done so too. */
  readonly allowHalfOpen?: boolean
}

/** @throws DiagnosticError NET_UNREACHABLE, NET_TIMED_OUT or NET_GIVEN_UP. */
export async function dial(
  address: SocketAddress,
  { timeout, signal, family, allowHalfOpen = false }: DialOptions,
): Promise<Socket> {
  const server = printAddress(address)
  if (signal?.aborted) fail(NET_KINDS.givenUp, { server })
  const target =
    address.kind === 'unix'
      ? { path: address.path }
      : { host: address.host, port: address.port, family, noDelay: true, keepAlive: true }
  const socket = connect({ ...target, allowHalfOpen })
  const outcome = await outcomeOf(socket, timeout, signal)
  if (outcome === 'connected') return socket
  socket.on('error', () => {})
  socket.destroy()
  if (outcome === 'given up') fail(NET_KINDS.givenUp, { server })
  if (outcome === 'late') {
    fail(NET_KINDS.timedOut, { server, what: 'answer', seconds: timeout / 1000 })
  }
  fail(NET_KINDS.unreachable, { server, error: outcome })
}

type DialOutcome = 'connected' | 'late' | 'given up' | Error

function outcomeOf(
  socket: Socket,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<DialOutcome> {
  return new Promise((resolve) => {
    const end = (outcome: DialOutcome) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', giveUp)
      socket.off('connect', connected).off('error', end)
      resolve(outcome)
    }
    const timer = setTimeout(end, timeout, 'late')
    const connected = () => end('connected')
    const giveUp = () => end('given up')
    signal?.addEventListener('abort', giveUp)
    socket.once('connect', connected).once('error', end)
  })
}
