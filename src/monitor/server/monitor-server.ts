/** The monitor of a host as a server: on Unix sockets that only their owner can use, on TCP for clients that are known. */
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { fail } from '../../diagnostics/diagnostic.ts'
import type { Span } from '../../diagnostics/source.ts'
import type { ConnectionHandler, EndpointConnection } from '../../endpoint/connection.ts'
import type { ConnectionEvent } from '../../endpoint/connection-event.ts'
import { Listener } from '../../endpoint/listener.ts'
import { findSecurity, type Security } from '../../endpoint/security.ts'
import type { Traffic } from '../../endpoint/traffic.ts'
import type { HostEndpoints } from '../host/host-endpoints.ts'
import { type DialableAddress, listenOptionsOf } from '../host/listen-address.ts'
import { MONITOR_KINDS } from './monitor-diagnostics.ts'
import { QmpSession } from './qmp-session.ts'

export type MonitorOptions = {
  /** On TCP both are needed. */
  readonly credentials?: string | undefined
  readonly authorization?: string | undefined
  readonly onEvent?: ((event: ConnectionEvent) => void) | undefined
  readonly traffic?: Traffic | undefined
}

/** Clients at the same time; others wait. */
const CONNECTION_LIMIT = 32

/** For the handshake of TLS, in seconds. */
const HANDSHAKE_LIMIT = 10

/** The owner of the socket alone. */
const OWNER_ONLY = 0o600

export class MonitorServer {
  readonly #listener: Listener
  readonly #address: DialableAddress
  readonly #security: Security | undefined

  /** @throws DiagnosticError MONITOR_OPEN, OBJECT_... */
  constructor(host: HostEndpoints, address: DialableAddress, options: MonitorOptions = {}) {
    this.#address = address
    this.#security = requireSecurity(host, address, options)
    this.#listener = new Listener({
      handle: () => new MonitorHandler(host, this.#security),
      connectionLimit: CONNECTION_LIMIT,
      handshakeLimit: HANDSHAKE_LIMIT,
      allowHalfOpen: true,
      onEvent: options.onEvent,
      traffic: options.traffic,
    })
  }

  /**
   * @returns where it listens.
   * @throws DiagnosticError ENDPOINT_CANNOT_LISTEN
   */
  async listen(): Promise<AddressInfo | string> {
    const [place = {}] = listenOptionsOf(this.#address)
    return this.#listener.listen(place, { mode: OWNER_ONLY })
  }

  /** Commands that are under way are answered. @param limit In milliseconds. */
  async close(limit: number): Promise<void> {
    await this.#listener.drain(limit)
    this.#security?.release?.()
  }
}

type MonitorAccess = Pick<MonitorOptions, 'credentials' | 'authorization'>

/**
 * A monitor can do whatever the process can: it is never open to strangers.
 *
 * @param place Of the address in a file.
 * @throws DiagnosticError MONITOR_OPEN, MONITOR_ABSTRACT, MONITOR_UNIX_TLS
 */
export function requireKnownClients(
  address: DialableAddress,
  { credentials, authorization }: MonitorAccess,
  place?: Span,
): void {
  if (address.kind === 'unix') {
    const { isAbstract, path } = address
    if (isAbstract) fail(MONITOR_KINDS.abstract, { name: path }, place)
    if (credentials ?? authorization) fail(MONITOR_KINDS.unixTls, { path }, place)
  } else if (credentials === undefined || authorization === undefined) {
    fail(MONITOR_KINDS.open, { host: address.host, port: address.port }, place)
  }
}

function requireSecurity(
  host: HostEndpoints,
  address: DialableAddress,
  access: MonitorAccess,
): Security | undefined {
  requireKnownClients(address, access)
  if (address.kind === 'unix') return undefined
  return findSecurity(host.objects.tls, { ...access, handshakeLimit: HANDSHAKE_LIMIT })
}

class MonitorHandler implements ConnectionHandler {
  readonly #host: HostEndpoints
  readonly #security: Security | undefined
  #session: QmpSession | undefined
  #isDraining = false

  constructor(host: HostEndpoints, security: Security | undefined) {
    this.#host = host
    this.#security = security
  }

  get wasUsed(): boolean {
    return this.#session !== undefined
  }

  drain(): boolean {
    this.#isDraining = true
    this.#session?.end()
    return this.wasUsed
  }

  async run(connection: EndpointConnection): Promise<string> {
    const stream = await this.#secure(connection)
    stream.on('error', () => {})
    // Until it has said something of use, a client takes the place of no other.
    this.#session = new QmpSession(this.#host, stream, () => connection.letIn())
    if (this.#isDraining) this.#session.end()
    const ending = await this.#session.run()
    connection.close(stream)
    return ending
  }

  async #secure(connection: EndpointConnection): Promise<Duplex> {
    const security = this.#security
    if (!security) return connection.socket
    const session = await connection.withinHandshakeLimit(() =>
      connection.secure(connection.socket, security.secure),
    )
    session.socket.allowHalfOpen = true
    return session.socket
  }
}
