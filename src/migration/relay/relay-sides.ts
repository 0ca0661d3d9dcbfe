/** Which side of a relay has TLS: the credentials decide, `endpoint=client` or `endpoint=server`. */
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { DiagnosticError, fail } from '../../diagnostics/diagnostic.ts'
import type { EndpointConnection } from '../../endpoint/connection.ts'
import { handshakeTimeout } from '../../endpoint/handshake-limit.ts'
import { findSecurity, type Security } from '../../endpoint/security.ts'
import type { SocketAddress } from '../../net/address.ts'
import { dial } from '../../net/dial.ts'
import { NET_KINDS } from '../../net/net-diagnostics.ts'
import type { TlsCredentials } from '../../tls/credentials/credentials.ts'
import type { TlsFacts } from '../../tls/credentials/tls-session.ts'
import type { TlsObjects } from '../../tls/objects/tls-objects.ts'
import { ADDRESS_KINDS } from '../address/address-diagnostics.ts'
import { expectedName } from '../address/expected-name.ts'
import { type MigrationUri, printMigrationUri } from '../address/migration-uri.ts'
import { firstBytes } from './first-bytes.ts'
import { RELAY_KINDS } from './relay-diagnostics.ts'

export type FarSide = {
  readonly stream: Duplex
  /** The connection below TLS; the same where there is none. */
  readonly socket: Duplex
  /** Whether nothing came after the handshake, not even the goodbye of TLS. */
  readonly saidNothing?: () => boolean
  /** What was negotiated, where this side has TLS. */
  readonly tls?: TlsFacts
}

/** How the two connections of a channel are made. */
export type ChannelSides = {
  /** Where it leads to, for messages. */
  readonly to: string
  /** The client's connection, secured where it has TLS. @throws DiagnosticError TLS_... */
  readonly secureNear: (connection: EndpointConnection) => Promise<Duplex>
  /** The connection onwards. @throws DiagnosticError NET_..., TLS_..., RELAY_NOTHING_CAME */
  readonly openFar: (near: Duplex, signal: AbortSignal) => Promise<FarSide>
}

export type RelaySides = ChannelSides & {
  /** Which side has TLS. */
  readonly tls: 'listen' | 'to'
  /** To be called when the relay has ended: until then its objects are in use. */
  readonly release: () => void
}

export type RelaySidesOptions = {
  /** What messages call the relay. */
  readonly what: string
  readonly to: MigrationUri
  readonly credentials: string | undefined
  readonly authorization?: string | undefined
  /** The name that the certificate of the other side has to bear. */
  readonly hostname?: string | undefined
  /** Whether it carries a migration, whose channels are told apart by their order. */
  readonly isOrdered: boolean
  /** In seconds; 0 for no limit. */
  readonly handshakeLimit: number
}

/** @throws DiagnosticError OBJECT_..., RELAY_..., MIGRATION_URI_UNUSABLE, MIGRATION_HOSTNAME_MISSING. */
export function findSides(objects: TlsObjects, options: RelaySidesOptions): RelaySides {
  const { what, credentials: id } = options
  if (id === undefined) return fail(RELAY_KINDS.noCredentials, { what })
  const endpoint = objects.endpointOf(id)
  const { hostname, authorization } = options
  if (endpoint === 'server' && hostname !== undefined) {
    const reason = 'clients tell their names by certificates alone'
    fail(RELAY_KINDS.wrongSide, { option: '--tls-hostname', endpoint, reason })
  }
  if (endpoint === 'client' && authorization !== undefined) {
    const reason = 'it decides about clients, and --tls-hostname about servers'
    fail(RELAY_KINDS.wrongSide, { option: '--tls-authz', endpoint, reason })
  }
  return endpoint === 'client' ? dialsTls(objects, id, options) : acceptsTls(objects, id, options)
}

/** On the source's host: clear from the guest's QEMU, TLS onwards. */
function dialsTls(objects: TlsObjects, id: string, options: RelaySidesOptions): RelaySides {
  const { to, handshakeLimit } = options
  const credentials = objects.credentials(id, 'client')
  const hostname = expectedName(to, options.hostname, credentials)
  const open = secureDialer(to, {
    credentials,
    hostname,
    timeout: handshakeTimeout(handshakeLimit),
  })
  return {
    tls: 'to',
    to: printMigrationUri(to),
    secureNear: async ({ socket }) => socket,
    openFar: (_, signal) => open(signal),
    release: objects.hold(id),
  }
}

type SecureDialing = {
  readonly credentials: TlsCredentials
  readonly hostname: string | undefined
  /** In milliseconds. */
  readonly timeout: number
}

/** @throws DiagnosticError MIGRATION_URI_UNUSABLE. */
function secureDialer(
  to: MigrationUri,
  { credentials, hostname, timeout }: SecureDialing,
): (signal: AbortSignal) => Promise<FarSide> {
  const connect = dialer(to, timeout)
  const server = printMigrationUri(to)
  return async (signal) => {
    const connection = await connect(signal)
    const giveUp = () => void connection.destroy()
    signal.addEventListener('abort', giveUp, { once: true })
    const options = { hostname, timeout }
    const session = await credentials.connect(connection, options).catch((error) => {
      if (signal.aborted) fail(NET_KINDS.givenUp, { server })
      throw error instanceof DiagnosticError ? aboutServer(server, error) : error
    })
    const { socket: stream, ...tls } = session
    signal.removeEventListener('abort', giveUp)
    const { bytesRead } = connection
    const saidNothing = () => connection.bytesRead === bytesRead
    return { stream, socket: connection, saidNothing, tls }
  }
}

/** It is told of the client's connection, which may have TLS of its own. */
function aboutServer(server: string, error: DiagnosticError): DiagnosticError {
  const diagnostics = error.diagnostics.map((diagnostic) => ({
    ...diagnostic,
    message: `${server}: ${diagnostic.message}`,
  }))
  return Object.assign(new DiagnosticError(diagnostics), { cause: error })
}

/** On the destination's host: TLS from the other relay, clear onwards. */
function acceptsTls(objects: TlsObjects, id: string, options: RelaySidesOptions): RelaySides {
  const { to, authorization, handshakeLimit } = options
  const security = findSecurity(objects, { credentials: id, authorization, handshakeLimit })
  const connect = dialer(to, handshakeTimeout(handshakeLimit))
  return {
    tls: 'listen',
    to: printMigrationUri(to),
    secureNear: (connection) => acceptTls(connection, security),
    openFar: async (near, signal) => {
      if (options.isOrdered) await firstBytes(near)
      const stream = await connect(signal)
      return { stream, socket: stream }
    },
    release: () => security.release?.(),
  }
}

async function acceptTls(connection: EndpointConnection, { secure }: Security): Promise<Duplex> {
  const work = () => connection.secure(connection.socket, secure)
  return (await connection.withinHandshakeLimit(work)).socket
}

export type JoinedSidesOptions = {
  /** Of those who connect. */
  readonly security: Security
  readonly to: MigrationUri
  /** Of a client; undefined where it goes on in clear. */
  readonly credentials: TlsCredentials | undefined
  /** The name that the certificate of the other side has to bear. */
  readonly hostname: string | undefined
  /** In seconds. */
  readonly handshakeLimit: number
}

/**
 * Sides that are each in clear or have TLS of their own.
 *
 * @throws DiagnosticError MIGRATION_URI_UNUSABLE, MIGRATION_HOSTNAME_MISSING.
 */
export function joinSides(options: JoinedSidesOptions): ChannelSides {
  const { security, to, credentials } = options
  const timeout = handshakeTimeout(options.handshakeLimit)
  const connect = dialer(to, timeout)
  const openClear = async (signal: AbortSignal) => {
    const stream = await connect(signal)
    return { stream, socket: stream }
  }
  const openTls = (one: TlsCredentials) =>
    secureDialer(to, {
      ...{ credentials: one, timeout },
      hostname: expectedName(to, options.hostname, one),
    })
  const open = credentials ? openTls(credentials) : openClear
  return {
    to: printMigrationUri(to),
    secureNear: async (connection) =>
      security.tlsMode === 'off' ? connection.socket : acceptTls(connection, security),
    openFar: (_, signal) => open(signal),
  }
}

/** @throws DiagnosticError MIGRATION_URI_UNUSABLE. */
function dialer(to: MigrationUri, timeout: number): (signal: AbortSignal) => Promise<Socket> {
  const { address, family } = addressOf(to)
  return (signal) => dial(address, { timeout, signal, family, allowHalfOpen: true })
}

/** Each channel is a connection of its own. */
function addressOf(to: MigrationUri): { address: SocketAddress; family?: 4 | 6 | undefined } {
  const refuse = (reason: string) =>
    fail(ADDRESS_KINDS.unusableUri, { place: printMigrationUri(to), reason })
  if (to.kind === 'unix') return { address: to }
  if (to.kind !== 'tcp') return refuse('a relay leads to tcp:HOST:PORT or unix:PATH')
  if (to.host === '' || to.port === 0) return refuse('it names no host, or no port')
  return { address: { kind: 'tcp', host: to.host, port: to.port }, family: to.family }
}
