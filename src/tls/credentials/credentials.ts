/** Credentials in use: handshakes with the newest load, and the checks that follow them. */
import type { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import type { TlsRole } from '../../algorithms/tls-role.ts'
import { fail } from '../../diagnostics/diagnostic.ts'
import { isHost } from '../../x509/host-name.ts'
import { parseHostName } from '../../x509/host-syntax.ts'
import type { StatusRequest } from '../../x509/status-demand.ts'
import type { Authorization } from '../authorization/authorization.ts'
import type { CredentialKind } from '../credential-kind.ts'
import { destroyOnFailure, runClientHandshake, runServerHandshake } from '../handshake.ts'
import { OBJECT_KINDS } from '../object-diagnostics.ts'
import { checkNegotiated } from '../session-check.ts'
import { SESSION_KINDS } from '../session-diagnostics.ts'
import { StatusRequestWatch } from '../status-request.ts'
import { noticesStatusRequests } from '../status-request-trial.ts'
import { checkDuplex } from '../tls-arguments.ts'
import type { TlsSettings } from '../tls-options.ts'
import type { CredentialsGeneration } from './credentials-generation.ts'
import { HandshakeTurns } from './handshake-turns.ts'
import { checkClient, checkServer } from './peer-verification.ts'
import {
  checkAcceptOptions,
  checkConnectOptions,
  requireAuthorization,
} from './session-arguments.ts'
import type { AcceptSessionOptions, ConnectSessionOptions } from './session-options.ts'
import { SharedKeyExchange } from './shared-key-exchange.ts'
import type { TlsPeer, TlsSession } from './tls-session.ts'

export interface TlsCredentials {
  readonly id: string
  readonly kind: CredentialKind
  readonly endpoint: TlsRole
  readonly verifyPeer: boolean
  /** Of the newest load. */
  readonly settings: TlsSettings
  /**
   * Refuses an authorization that could not decide anything: to be called when an endpoint is made.
   *
   * @throws DiagnosticError OBJECT_USELESS_AUTHORIZATION.
   */
  checkAuthorization(authorization: Authorization): void
  /**
   * Runs the server's side of a handshake and all checks of the peer.
   *
   * @throws DiagnosticError TLS_...; the connection is then destroyed, and no application data has
   *   been read or written.
   */
  accept(connection: Duplex, options?: AcceptSessionOptions): Promise<TlsSession>
  /**
   * Runs the client's side of a handshake and all checks of the peer.
   *
   * @throws DiagnosticError TLS_...; the connection is then destroyed, and no application data has
   *   been read or written.
   */
  connect(connection: Duplex, options?: ConnectSessionOptions): Promise<TlsSession>
}

/** Credentials whose generation is looked up once for each handshake. */
export class LiveCredentials implements TlsCredentials {
  readonly id: string
  readonly #newest: () => CredentialsGeneration

  constructor(id: string, newest: () => CredentialsGeneration) {
    this.id = id
    this.#newest = newest
  }

  get kind(): CredentialKind {
    return this.#newest().kind
  }

  get endpoint(): TlsRole {
    return this.#newest().endpoint
  }

  get verifyPeer(): boolean {
    return this.#newest().verifyPeer
  }

  get settings(): TlsSettings {
    return this.#newest().settings
  }

  checkAuthorization(authorization: Authorization): void {
    requireAuthorization(authorization, 'authorization')
    const { kind, verifyPeer } = this
    if (kind === 'x509' && verifyPeer) return
    const reasons = { x509: 'have verify-peer=off', psk: 'are shared keys', anon: 'are anonymous' }
    const data = { authorization: authorization.id, credentials: this.id, reason: reasons[kind] }
    fail(OBJECT_KINDS.uselessAuthorization, data)
  }

  async accept(connection: Duplex, options: AcceptSessionOptions = {}): Promise<TlsSession> {
    checkDuplex(connection, 'connection')
    return destroyOnFailure(connection, async () => {
      checkAcceptOptions(options, 'options')
      const generation = this.#require('server')
      const { authorization, timeout } = options
      if (authorization) this.checkAuthorization(authorization)
      const { kind, verifyPeer, isVerifiedByOpenssl } = generation
      if (kind === 'psk') return acceptSharedKey(connection, generation, timeout)
      const accept = () => acceptAny(connection, generation, options)
      if (kind !== 'x509' || !verifyPeer || !isVerifiedByOpenssl) return accept()
      const session = await costlyHandshakes.run(connection, accept)
      return session ?? fail(SESSION_KINDS.connectionClosed, {})
    })
  }

  async connect(connection: Duplex, options: ConnectSessionOptions = {}): Promise<TlsSession> {
    checkDuplex(connection, 'connection')
    return destroyOnFailure(connection, async () => {
      checkConnectOptions(options, 'options')
      const generation = this.#require('client')
      const { hostname, timeout } = options
      const { context, kind, verifyPeer, settings } = generation
      const verifies = kind === 'x509' && verifyPeer
      if (verifies && !hostname) fail(SESSION_KINDS.noHostname, {})
      if (verifies && hostname && !isHost(hostname)) fail(SESSION_KINDS.badHostname, { hostname })
      const servername = hostname === undefined ? undefined : parseHostName(hostname)
      const sharedKey = kind === 'psk' ? generation.key : undefined
      const { minDHSize } = settings.options
      const handshake = { context, timeout, servername, sharedKey, minDHSize }
      const socket = await runClientHandshake(connection, handshake)
      return finish(socket, generation, () => checkServer(socket, generation, hostname))
    })
  }

  #require(wanted: TlsRole): CredentialsGeneration {
    const generation = this.#newest()
    const { endpoint } = generation
    if (endpoint !== wanted) fail(OBJECT_KINDS.wrongEndpoint, { id: this.id, endpoint, wanted })
    return generation
  }
}

/** One for the process: all of its handshakes need the same processor. */
const costlyHandshakes = new HandshakeTurns()

async function acceptAny(
  connection: Duplex,
  generation: Exclude<CredentialsGeneration, { readonly kind: 'psk' }>,
  { authorization, timeout }: AcceptSessionOptions,
): Promise<TlsSession> {
  const { context, kind, verifyPeer } = generation
  const requestCertificate = kind === 'x509' && verifyPeer
  const watch = new StatusRequestWatch(context)
  const handshake = { context, requestCertificate, timeout, statusRequest: watch }
  const socket = await runServerHandshake(connection, handshake)
  const statusRequest = requestCertificate ? await statusRequestOf(watch) : 'not asked'
  return finish(socket, generation, () =>
    generation.kind === 'x509'
      ? checkClient(socket, generation, { authorization, statusRequest })
      : {},
  )
}

async function statusRequestOf({ isAsked }: StatusRequestWatch): Promise<StatusRequest> {
  if (isAsked) return 'asked'
  return (await noticesStatusRequests()) ? 'not asked' : 'unknown'
}

async function acceptSharedKey(
  connection: Duplex,
  generation: CredentialsGeneration & { readonly kind: 'psk' },
  timeout: number | undefined,
): Promise<TlsSession> {
  const exchange = new SharedKeyExchange(generation.keys)
  const { context } = generation
  const socket = await runServerHandshake(connection, {
    context,
    findKey: exchange.findKey,
    timeout,
  }).catch(exchange.explain)
  return finish(socket, generation, () => exchange.check(socket))
}

/** A session is handed over when everything about it has been checked, and is destroyed if not. */
async function finish(
  socket: TLSSocket,
  { settings, kind, endpoint, sendsTickets }: CredentialsGeneration,
  check: () => TlsPeer,
): Promise<TlsSession> {
  try {
    // What OpenSSL counts as resumed is the use of a shared key in TLS 1.3 too.
    if (kind !== 'psk' && socket.isSessionReused()) fail(SESSION_KINDS.resumed, {})
    if (socket.destroyed) fail(SESSION_KINDS.connectionClosed, {})
    const negotiated = checkNegotiated(socket, settings)
    const peer = check()
    // What node:tls says is the verdict of OpenSSL, which may not have looked.
    socket.authorized = peer.certificate !== undefined
    const sentTickets = sendsTickets && negotiated.protocol === 'TLSv1.3'
    return { ...negotiated, socket, peer, sentTickets }
  } catch (error) {
    // The last words of a client's handshake are still to be sent, as QEMU sends them: without
    // them the server would have to tell of a broken handshake, not of a client that left.
    if (endpoint === 'client') await setImmediate()
    socket.destroy()
    throw error
  }
}
