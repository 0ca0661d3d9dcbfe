/** TLS over a connection that is already there: hands it over once the session has been checked. */
import type { Duplex } from 'node:stream'
import {
  type ConnectionOptions,
  connect,
  createSecureContext,
  type SecureContext,
  TLSSocket,
  type TlsOptions,
} from 'node:tls'
import { includesTls13 } from '../algorithms/tls-versions.ts'
import { type Diagnostic, DiagnosticError, diagnose, fail } from '../diagnostics/diagnostic.ts'
import type { Certificate } from '../x509/certificate.ts'
import { findChainProblem } from '../x509/chain-check.ts'
import { MAX_CHAIN } from '../x509/chain-search.ts'
import { checkChainStrength } from '../x509/chain-strength.ts'
import { destroyOnFailure, runHandshake } from './handshake.ts'
import { handshakeError } from './handshake-error.ts'
import { sendNoTickets } from './openssl-tickets.ts'
import { limitVerification, omitVerification } from './openssl-verification.ts'
import { readPeerChain } from './peer-chain.ts'
import { checkNegotiated, checkSession, requireX509 } from './session-check.ts'
import { checkDuplex, checkNodeOptions, checkSettingsFor } from './tls-arguments.ts'
import { TLS_KINDS } from './tls-diagnostics.ts'
import type { PriorityTlsOptions, TlsSettings } from './tls-options.ts'
import { type TrustOptions, trustedAuthorities } from './trusted-authorities.ts'

/**
 * What the caller adds to what the string decides: keys, certificates, which clients must show
 * one. `handshakeTimeout` is 30000 milliseconds unless it is given.
 */
export type AcceptOptions = Omit<TlsOptions, keyof PriorityTlsOptions>

/** Without `session`: a saved one does not hold the whole chain, so nothing could check it. */
export type ConnectOptions = Omit<
  ConnectionOptions,
  Exclude<keyof PriorityTlsOptions, 'checkServerIdentity'> | 'socket' | 'secureContext' | 'session'
> & {
  /** How long the handshake may take, in milliseconds; 30000 unless it is given. */
  readonly handshakeTimeout?: number | undefined
}

/**
 * Runs the server's side of a handshake over a connection, for STARTTLS too.
 *
 * @throws DiagnosticError where the handshake fails, takes too long, or the session is not
 * allowed; LIBRARY_ARGUMENT; the connection is then destroyed.
 */
export async function acceptTls(
  connection: Duplex,
  settings: TlsSettings,
  options: AcceptOptions,
): Promise<TLSSocket> {
  checkDuplex(connection, 'connection')
  return destroyOnFailure(connection, async () => {
    checkSettingsFor('server', settings, 'settings')
    checkNodeOptions(options, 'options')
    requireSharedKeys(settings, options)
    const { handshakeTimeout, requestCert = false, rejectUnauthorized = true, ...rest } = options
    const { secureContext, authorities } = makeContext(rest, settings)
    const hasTls13 = includesTls13(settings.allowed.versions)
    if (hasTls13 && !sendNoTickets(secureContext)) warnOnceAboutTickets()
    const asked = { requestCert, rejectUnauthorized }
    const start = (): TLSSocket =>
      new TLSSocket(connection as never, { ...rest, ...asked, isServer: true, secureContext })
    const socket = await runHandshake(connection, 'secure', handshakeTimeout, start)
    if (requestCert) checkOpensslVerdict(socket, rejectUnauthorized)
    checkPeer(socket, settings, { authorities, rejectUnauthorized })
    return socket
  })
}

/**
 * Runs the client's side of a handshake over a connection, for STARTTLS too. Unless `rejectUnauthorized` is
 * false, a server that is not verified is refused, whatever the environment says.
 *
 * @throws DiagnosticError where the handshake fails, takes too long, or the session is not
 * allowed; LIBRARY_ARGUMENT; the connection is then destroyed.
 */
export async function connectTls(
  connection: Duplex,
  settings: TlsSettings,
  options: ConnectOptions,
): Promise<TLSSocket> {
  checkDuplex(connection, 'connection')
  return destroyOnFailure(connection, async () => {
    checkSettingsFor('client', settings, 'settings')
    checkNodeOptions(options, 'options')
    requireSharedKeys(settings, options)
    const { handshakeTimeout, rejectUnauthorized = true, ...rest } = options
    const { secureContext, authorities } = makeContext(rest, settings)
    const own = { rejectUnauthorized, socket: connection, secureContext }
    const start = (): TLSSocket => connect({ ...rest, ...settings.options, ...own })
    const socket = await runHandshake(connection, 'secureConnect', handshakeTimeout, start)
    checkPeer(socket, settings, { authorities, rejectUnauthorized })
    return socket
  })
}

/** The process gets the warning: servers of the library have no other place for it. */
function warnOnceAboutTickets(): void {
  if (isToldAboutTickets) return
  isToldAboutTickets = true
  const { code, message, hint = '' } = diagnose(TLS_KINDS.sessionTickets, {})
  process.emitWarning(message, { code, detail: hint })
}

let isToldAboutTickets = false

type OwnContext = {
  readonly secureContext: SecureContext
  /** Undefined where OpenSSL verifies the peer's chain, since it alone knows who is trusted. */
  readonly authorities: readonly Certificate[] | undefined
}

/** A context of this endpoint alone: how it verifies may be changed. */
function makeContext(options: TrustOptions, settings: TlsSettings): OwnContext {
  const secureContext = createSecureContext({ ...options, ...settings.options })
  const authorities = trustedAuthorities(options)
  if (authorities && omitVerification(secureContext)) return { secureContext, authorities }
  limitVerification(secureContext)
  return { secureContext, authorities: undefined }
}

type PeerTrust = Pick<OwnContext, 'authorities'> & { readonly rejectUnauthorized: boolean }

/** Nothing has been read yet: data that came along with the handshake waits in the socket. */
function checkPeer(
  socket: TLSSocket,
  settings: TlsSettings,
  { authorities, rejectUnauthorized }: PeerTrust,
): void {
  if (!authorities) {
    checkSession(socket, settings)
    return
  }
  checkNegotiated(socket, settings)
  const chain = readPeerChain(socket)
  if (chain.length === 0) return
  requireX509(settings)
  const problem = findPeerProblem(chain, settings, authorities)
  if (!problem) return
  if (rejectUnauthorized) throw new DiagnosticError([problem])
  markUnauthorized(socket, problem.code)
  checkChainStrength(chain.slice(0, MAX_CHAIN), settings.evaluation)
}

function findPeerProblem(
  chain: readonly Certificate[],
  { role, evaluation }: TlsSettings,
  authorities: readonly Certificate[],
): Diagnostic | undefined {
  const purpose = role === 'server' ? 'client' : 'server'
  const trust = { authorities, revocationLists: [], evaluation, now: new Date(), purpose } as const
  return findChainProblem({ chain, ...trust })
}

/** The part of a TLSSocket that its type leaves out: the verdict of OpenSSL on the peer's chain. */
type Verdict = (Error & { readonly code?: string }) | null
type Verifying = { readonly _handle?: { verifyError?(): Verdict } }

/**
 * What a server of node:tls does for each client that it asked for a certificate. Where OpenSSL was told
 * not to verify, its verdict is only whether there is a certificate.
 */
function checkOpensslVerdict(socket: TLSSocket, rejectUnauthorized: boolean): void {
  const handle = (socket as unknown as Verifying)._handle
  const unknown: Verdict = new Error('OpenSSL gave no verdict')
  const error = handle?.verifyError ? handle.verifyError() : unknown
  socket.authorized = !error
  if (!error) return
  if (rejectUnauthorized) throw handshakeError(error)
  markUnauthorized(socket, error.code ?? error.message)
}

function markUnauthorized(socket: TLSSocket, reason: string): void {
  socket.authorized = false
  socket.authorizationError = reason as unknown as Error
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
  const isAllowed = includesTls13(allowed.versions)
    ? evaluation.keyExchanges.some(({ name }) => /^(EC)?DHE-PSK$/.test(name))
    : allowed.suites.some(({ keyExchange }) => keyExchange?.endsWith('PSK'))
  if (!isAllowed) fail(TLS_KINDS.pskNotAllowed, {})
}
