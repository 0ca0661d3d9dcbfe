/** TLS over a connection that is already there: hands it over once the session has been checked. */
import type { Duplex } from 'node:stream'
import {
  type ConnectionOptions,
  connect,
  createServer,
  type TLSSocket,
  type TlsOptions,
} from 'node:tls'
import { fail } from '../diagnostics/diagnostic.ts'
import { handshakeError } from './handshake.ts'
import { checkSession } from './session-check.ts'
import { TLS_KINDS } from './tls-diagnostics.ts'
import type { PriorityTlsOptions, TlsSettings } from './tls-options.ts'

/** What the caller adds to what the string decides: keys, certificates, who must show one. */
export type AcceptOptions = Omit<TlsOptions, keyof PriorityTlsOptions>

/** Without `session`: a saved one does not hold the whole chain, so nothing could check it. */
export type ConnectOptions = Omit<
  ConnectionOptions,
  Exclude<keyof PriorityTlsOptions, 'checkServerIdentity'> | 'socket' | 'secureContext' | 'session'
>

/**
 * Runs the server's side of a handshake over a connection, for STARTTLS too.
 *
 * @throws DiagnosticError where the handshake fails or the session is not allowed; the
 * connection is then destroyed.
 */
export function acceptTls(
  connection: Duplex,
  settings: TlsSettings,
  options: AcceptOptions,
): Promise<TLSSocket> {
  const secured = new Promise<TLSSocket>((resolve, reject) => {
    requireSharedKeys(settings, options)
    // One for each connection: it tells which socket belongs to it. `runServerHandshake` cannot
    // stand in for it: callers give the options of a server of node:tls, and only that refuses
    // clients that do not verify.
    const server = createServer({ ...options, ...settings.options })
    server.once('secureConnection', (socket) => handOver(socket, settings, resolve, reject))
    server.once('tlsClientError', (error) => reject(handshakeError(error)))
    server.emit('connection', connection)
  })
  return orDestroy(connection, secured)
}

/**
 * Runs the client's side of a handshake over a connection, for STARTTLS too.
 *
 * @throws DiagnosticError where the handshake fails or the session is not allowed; the
 * connection is then destroyed.
 */
export function connectTls(
  connection: Duplex,
  settings: TlsSettings,
  options: ConnectOptions,
): Promise<TLSSocket> {
  const secured = new Promise<TLSSocket>((resolve, reject) => {
    requireSharedKeys(settings, options)
    const socket = connect({ ...options, ...settings.options, socket: connection })
    const refuse = (error: Error): void => reject(handshakeError(error))
    socket.once('error', refuse)
    socket.once('secureConnect', () => {
      socket.off('error', refuse)
      handOver(socket, settings, resolve, reject)
    })
  })
  return orDestroy(connection, secured)
}

/** Nothing has been read yet: data that came along with the handshake waits in the socket. */
function handOver(
  socket: TLSSocket,
  settings: TlsSettings,
  resolve: (socket: TLSSocket) => void,
  reject: (error: unknown) => void,
): void {
  try {
    checkSession(socket, settings)
    resolve(socket)
  } catch (error) {
    // The connection may break once more while it is torn down.
    socket.on('error', () => {})
    socket.destroy()
    reject(error)
  }
}

/** Whatever went wrong, nobody may go on in clear on a connection that was to be secured. */
async function orDestroy(connection: Duplex, secured: Promise<TLSSocket>): Promise<TLSSocket> {
  try {
    return await secured
  } catch (error) {
    connection.destroy()
    throw error
  }
}

/**
 * In TLS 1.3 a shared key needs no suite of its own, so OpenSSL would use one that the string
 * says nothing about; and it always adds a fresh exchange, which `PSK` alone does not allow.
 */
function requireSharedKeys(
  { evaluation, allowed }: TlsSettings,
  options: { readonly pskCallback?: unknown },
): void {
  if (options.pskCallback === undefined) return
  const hasTls13 = allowed.versions.some(({ name }) => name === 'TLS1.3')
  const isAllowed = hasTls13
    ? evaluation.keyExchanges.some(({ name }) => /^(EC)?DHE-PSK$/.test(name))
    : allowed.suites.some(({ keyExchange }) => keyExchange?.endsWith('PSK'))
  if (!isAllowed) fail(TLS_KINDS.pskNotAllowed, {})
}
