/** Opens the connection to a server: TCP or a unix socket. */
import { connect, type Socket } from 'node:net'
import { fail } from '../diagnostics/diagnostic.ts'
import { NBD_CLIENT_KINDS } from '../nbd/client/client-diagnostics.ts'
import { type NbdAddress, printAddress } from '../nbd/client/nbd-uri.ts'

/**
 * @param timeout In milliseconds.
 * @throws DiagnosticError NBD_UNREACHABLE or NBD_TIMED_OUT.
 */
export async function openConnection(address: NbdAddress, timeout: number): Promise<Socket> {
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
    fail(NBD_CLIENT_KINDS.timedOut, { server, what: 'answer', seconds: timeout / 1000 })
  }
  fail(NBD_CLIENT_KINDS.unreachable, { server, error: outcome })
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
