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
import { SESSION_KINDS } from './session-diagnostics.ts'
import { TLS_KINDS } from './tls-diagnostics.ts'

/** How long a handshake may take, in milliseconds. */
const HANDSHAKE_TIMEOUT = 30_000

export type ServerHandshake = {
  /** Made once for many handshakes. */
  readonly context: SecureContext
  /** Whether to ask for a certificate; a client without one is not refused here. */
  readonly requestCertificate?: boolean
  /** The key of the user that a client names. */
  readonly findKey?: (username: string) => Buffer | undefined
  readonly timeout?: number | undefined
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
 * A TLSSocket is made for each connection and no server of node:tls, so nobody has to find out
 * which of the sessions of a server belongs to which connection.
 *
 * @throws DiagnosticError; the connection is then destroyed.
 */
export function runServerHandshake(
  connection: Duplex,
  { context, requestCertificate = false, findKey, timeout }: ServerHandshake,
): Promise<TLSSocket> {
  const options: TLSSocketOptions = {
    isServer: true,
    secureContext: context,
    requestCert: requestCertificate,
    rejectUnauthorized: false,
    ...(findKey
      ? { pskCallback: (_: TLSSocket, username: string) => findKey(username) ?? null }
      : {}),
  }
  return settle(connection, 'secure', timeout, () => new TLSSocket(connection as never, options))
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
  return settle(connection, 'secureConnect', timeout, () => connect(options))
}

/** Waits for the end of a handshake, whatever it is. Nothing has been read of the session then. */
function settle(
  connection: Duplex,
  event: 'secure' | 'secureConnect',
  timeout = HANDSHAKE_TIMEOUT,
  start: () => TLSSocket,
): Promise<TLSSocket> {
  // A connection may break at any time, also after somebody stopped listening to it.
  connection.on('error', ignore)
  return new Promise<TLSSocket>((resolve, reject) => {
    let socket: TLSSocket | undefined
    const clear = (): void => {
      clearTimeout(timer)
      for (const stream of [connection, socket]) stream?.off('close', close)
    }
    const stop = (error: DiagnosticError): void => {
      clear()
      // Not at once: OpenSSL may be at work on this connection further up the stack, and destroying
      // it there ends the process (a server with a short DH prime did that).
      process.nextTick(() => {
        connection.destroy()
        reject(error)
      })
    }
    const close = (): void => stop(errorOf(diagnose(SESSION_KINDS.connectionClosed, {})))
    const late = diagnose(SESSION_KINDS.handshakeTimeout, { seconds: timeout / 1000 })
    const timer = setTimeout(() => stop(errorOf(late)), timeout)
    const started = connection.destroyed ? undefined : tryStart(start, stop)
    if (!started) return close()
    socket = started
    connection.once('close', close)
    started.on('error', ignore)
    started.once('error', (error) => stop(handshakeError(error)))
    started.once('close', close)
    started.once(event, () => {
      clear()
      resolve(started)
    })
  })
}

/** What node:tls throws at once, such as for a name that cannot be asked for, ends it too. */
function tryStart(
  start: () => TLSSocket,
  stop: (error: DiagnosticError) => void,
): TLSSocket | undefined {
  try {
    return start()
  } catch (error) {
    stop(handshakeError(error as Error))
    return undefined
  }
}

function errorOf(diagnostic: Diagnostic): DiagnosticError {
  return new DiagnosticError([diagnostic])
}

function ignore(): void {}

/** What OpenSSL says, in words that help. */
const REASONS: Readonly<Record<string, string>> = {
  'wrong version number': 'what came is no TLS: the peer speaks in clear or another protocol',
  'packet length too long': 'what came is no TLS: the peer speaks in clear or another protocol',
  'http request': 'what came is no TLS but HTTP',
  'no shared cipher': 'the client offers no cipher suite that is allowed here',
  'unsupported protocol': 'the peer offers no version of TLS that is allowed here',
  'tlsv1 alert protocol version': 'the peer allows no version of TLS that is allowed here',
  'no suitable signature algorithm': 'no signature or shared key is usable for both sides',
  'ssl/tls alert handshake failure': 'the peer refused the handshake: nothing it allows is offered',
  'sslv3 alert handshake failure': 'the peer refused the handshake: nothing it allows is offered',
  'tlsv1 alert unknown ca': 'the peer does not know the authority of our certificate',
  'ssl/tls alert bad certificate': 'the peer refuses our certificate',
}

/** The error of a handshake as a diagnostic, with OpenSSL's own as its cause. */
export function handshakeError(error: Error): DiagnosticError {
  const { reason = error.message, code } = error as NodeJS.ErrnoException & { reason?: string }
  const diagnostic =
    code === 'ECONNRESET' || code === 'EPIPE'
      ? diagnose(SESSION_KINDS.connectionClosed, {})
      : diagnose(TLS_KINDS.handshakeFailed, { reason: REASONS[reason] ?? reason })
  return Object.assign(new DiagnosticError([diagnostic]), { cause: error })
}
