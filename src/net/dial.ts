/** Opens the connection to a server: TCP or a Unix socket. */
import { connect, type Socket } from 'node:net'
import { fail } from '../diagnostics/diagnostic.ts'
import { printAddress, type SocketAddress } from './address.ts'
import { NET_KINDS } from './net-diagnostics.ts'

/**
 * @param timeout In milliseconds.
 * @throws DiagnosticError NET_UNREACHABLE or NET_TIMED_OUT.
 */
export async function dial(address: SocketAddress, timeout: number): Promise<Socket> {
  const server = printAddress(address)
  const socket = connect(
    address.kind === 'unix'
      ? { path: address.path }
      : { host: address.host, port: address.port, noDelay: true, keepAlive: true },
  )
  const outcome = await settle(socket, timeout)
  if (outcome === 'connected') return socket
  socket.on('error', () => {})
  socket.destroy()
  if (outcome === 'late') {
    fail(NET_KINDS.timedOut, { server, what: 'answer', seconds: timeout / 1000 })
  }
  fail(NET_KINDS.unreachable, { server, error: outcome })
}

function settle(socket: Socket, timeout: number): Promise<'connected' | 'late' | Error> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, timeout, 'late')
    const end = (outcome: 'connected' | Error) => {
      clearTimeout(timer)
      socket.off('connect', connected).off('error', end)
      resolve(outcome)
    }
    const connected = () => end('connected')
    socket.once('connect', connected).once('error', end)
  })
}
