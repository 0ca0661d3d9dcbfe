/** Runs a handshake over a connection that is already there: for STARTTLS, and for any stream. */
import type { Duplex } from 'node:stream'
import {
  type ConnectionOptions,
  connect,
  type SecureContext,
  TLSSocket,
  type TLSSocketOptions,
} from 'node:tls'
import { type Diagnostic, DiagnosticError, diagnose } from '../diagnostics/diagnostic.ts'
import { handshakeError } from './handshake-error.ts'
import { SESSION_KINDS } from './session-diagnostics.ts'
import type { StatusRequestWatch } from './status-request.ts'

/** How long a handshake may take, in milliseconds. */
const HANDSHAKE_TIMEOUT = 30_000

/** Node ends a longer wait at once. */
const LONGEST_TIMEOUT = 2 ** 31 - 1

export type ServerHandshake = {
  /** Made once for many handshakes. */
  readonly context: SecureContext
  /** Whether to ask for a certificate; a client without one is not refused here. */
  readonly requestCertificate?: boolean
  /** The key of the user that a client names. */
  readonly findKey?: (username: string) => Buffer | undefined
  readonly timeout?: number | undefined
  readonly statusRequest?: StatusRequestWatch
}

export type ClientHandshake = {
  readonly context: SecureContext
  /** The name to ask for (SNI); nothing is compared with it. */
  readonly servername?: string | undefined
  readonly sharedKey?: { readonly username: string; readonly key: Buffer } | undefined
  /** The smallest prime to accept, in bits. */
  readonly minDHSize?: number | undefined
  readonly timeout?: number | undefined
}

/**
 * Runs the server's side. Nothing of the peer but its possession of a key is checked.
 *
 * A TLSSocket is made for each connection. A server of node:tls would not say which of its sessions
 * belongs to which connection.
 *
 * @throws DiagnosticError; the connection is then destroyed.
 */
export function runServerHandshake(
  connection: Duplex,
  { context, requestCertificate = false, findKey, timeout, statusRequest }: ServerHandshake,
): Promise<TLSSocket> {
  const options: TLSSocketOptions = {
    isServer: true,
    secureContext: context,
    requestCert: requestCertificate,
    rejectUnauthorized: false,
    ...statusRequest?.options,
    ...(findKey
      ? { pskCallback: (_: TLSSocket, username: string) => findKey(username) ?? null }
      : {}),
  }
  const start = () => new TLSSocket(connection as never, options)
  return runHandshake(connection, 'secure', timeout, start)
}

/**
 * Runs the client's side. Nothing of the peer but its possession of a key is checked.
 *
 * @throws DiagnosticError; the connection is then destroyed.
 */
export function runClientHandshake(
  connection: Duplex,
  { context, servername, sharedKey, minDHSize, timeout }: ClientHandshake,
): Promise<TLSSocket> {
  const options: ConnectionOptions = {
    socket: connection,
    secureContext: context,
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...(servername === undefined ? {} : { servername }),
    ...(minDHSize === undefined ? {} : { minDHSize }),
    ...(sharedKey
      ? { pskCallback: () => ({ psk: sharedKey.key, identity: sharedKey.username }) }
      : {}),
  }
  return runHandshake(connection, 'secureConnect', timeout, () => connect(options))
}

/** What a TLSSocket of each side emits when its handshake is done. */
type DoneEvent = 'secure' | 'secureConnect'

/**
 * Starts a handshake and waits for its end: success, failure, a closed connection or the time
 * limit. Nothing has been read of the session then.
 *
 * @param timeout In milliseconds.
 * @throws DiagnosticError; the connection is then destroyed.
 */
export function runHandshake(
  connection: Duplex,
  doneEvent: DoneEvent,
  timeout = HANDSHAKE_TIMEOUT,
  start: () => TLSSocket,
): Promise<TLSSocket> {
  // A connection may break at any time, also after its caller has stopped listening to it.
  connection.on('error', ignore)
  // Not a turn later: the end of a fast peer would come before its owner listens.
  return destroyOnFailure(connection, () => handshakeEnd(connection, doneEvent, timeout, start))
}

async function handshakeEnd(
  connection: Duplex,
  doneEvent: DoneEvent,
  timeout: number,
  start: () => TLSSocket,
): Promise<TLSSocket> {
  const end = Promise.withResolvers<TLSSocket>()
  const refuse = (error: Error): void => end.reject(handshakeError(error))
  const close = (): void => end.reject(errorOf(diagnose(SESSION_KINDS.connectionClosed, {})))
  const late = diagnose(SESSION_KINDS.handshakeTimeout, { seconds: timeout / 1000 })
  const timer = setTimeout(() => end.reject(errorOf(late)), Math.min(timeout, LONGEST_TIMEOUT))
  // The socket tells why it closes the connection, and the connection may close before that.
  const closeAfterReasons = (): void => void setImmediate(close)
  connection.once('close', closeAfterReasons)
  try {
    if (connection.destroyed) close()
    else watchHandshake(start(), doneEvent, { done: end.resolve, refuse, close })
    return await end.promise
  } catch (error) {
    // What node:tls throws at once, such as for a name that cannot be asked for, ends it too.
    throw error instanceof DiagnosticError ? error : handshakeError(error as Error)
  } finally {
    clearTimeout(timer)
    connection.off('close', closeAfterReasons)
  }
}

type Ends = {
  readonly done: (socket: TLSSocket) => void
  readonly refuse: (error: Error) => void
  readonly close: () => void
}

/** The first of the ends counts; the listeners stay, and do nothing after it. */
function watchHandshake(socket: TLSSocket, doneEvent: DoneEvent, ends: Ends): void {
  socket.on('error', ignore)
  socket.once('error', ends.refuse)
  socket.once('close', ends.close)
  // A connection whose other direction stays open is not closed by the peer's end. An error comes before it.
  socket.once('end', () => setImmediate(ends.close))
  socket.once(doneEvent, () => {
    // A changed record ends the session. node:tls tells of it by this event alone where a server's
    // socket was made without a server of node:tls.
    socket.on('_tlsError', (error: Error) => process.nextTick(() => socket.destroy(error)))
    ends.done(socket)
  })
}

/** After a failure no data may go on in clear over a connection that was to be secured. */
export async function destroyOnFailure<Result>(
  connection: Duplex,
  secure: () => Promise<Result>,
): Promise<Result> {
  try {
    return await secure()
  } catch (error) {
    // OpenSSL may be at work on this connection further up the stack, and destroying it there ends
    // the process (a server with a short DH prime did that).
    await new Promise<void>((resolve) => process.nextTick(resolve))
    connection.destroy()
    throw error
  }
}

function errorOf(diagnostic: Diagnostic): DiagnosticError {
  return new DiagnosticError([diagnostic])
}

function ignore(): void {}
