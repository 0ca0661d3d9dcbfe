/** Serves metrics by HTTP: one request a connection, on this host alone. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fail } from '../../diagnostics/diagnostic.ts'
import type { Span } from '../../diagnostics/source.ts'
import type { ConnectionHandler, EndpointConnection } from '../../endpoint/connection.ts'
import { Listener, type ListenerOptions } from '../../endpoint/listener.ts'
import { isLoopback, printHostAndPort } from '../../net/address.ts'
import { type DialableAddress, listenOptionsOf } from '../host/listen-address.ts'
import type { MetricFamily } from './metric-family.ts'
import { METRICS_KINDS } from './metrics-diagnostics.ts'
import { chooseFormat } from './metrics-format.ts'

export type MetricsServerOptions = Pick<ListenerOptions, 'onEvent' | 'traffic'> & {
  /** What is told to a scrape, as of now. */
  readonly families: () => readonly MetricFamily[]
}

/** Where metrics are. */
const PATH = '/metrics'

/** For the request and its answer, in seconds. */
const TIME_LIMIT = 5

/** The longest head of a request, in bytes. */
const HEAD_LIMIT = 8_192

/** The owner of the socket alone. */
const OWNER_ONLY = 0o600

export class MetricsServer {
  readonly #listener: Listener
  readonly #address: DialableAddress

  /** @throws DiagnosticError METRICS_OPEN */
  constructor(address: DialableAddress, { families, ...listening }: MetricsServerOptions) {
    requireOwnHost(address)
    this.#address = address
    const http = createServer(
      { maxHeaderSize: HEAD_LIMIT, keepAlive: false },
      (request, response) => answer(request, response, families),
    )
    // Of requests that are sent together, the first alone is answered.
    http.maxRequestsPerSocket = 1
    this.#listener = new Listener({
      handle: () => new ScrapeHandler(http),
      handshakeLimit: TIME_LIMIT,
      ...listening,
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

  /** @param limit For answers that are under way, in milliseconds. */
  async close(limit: number): Promise<void> {
    await this.#listener.drain(limit)
  }
}

/** @throws DiagnosticError METRICS_OPEN */
export function requireOwnHost(address: DialableAddress, place?: Span): void {
  if (address.kind === 'unix') {
    // Every user of the host can connect to an abstract socket.
    if (address.isAbstract) fail(METRICS_KINDS.open, { address: `@${address.path}` }, place)
    return
  }
  const { host, port } = address
  if (isLoopback(host)) return
  fail(METRICS_KINDS.open, { address: printHostAndPort(host || '*', Number(port)) }, place)
}

class ScrapeHandler implements ConnectionHandler {
  readonly #http: Server
  readonly wasUsed = true

  constructor(http: Server) {
    this.#http = http
  }

  /** An answer is written at once; what is under way is a client that is slow. */
  drain(): boolean {
    return false
  }

  /** A scrape is short, so that none is let in for good: of many at the same time the oldest gives way. */
  async run(connection: EndpointConnection): Promise<string> {
    const { socket } = connection
    await connection.withinHandshakeLimit(async () => {
      const closed = once(socket, 'close')
      this.#http.emit('connection', socket)
      socket.resume()
      await closed
    })
    return 'done'
  }
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  families: MetricsServerOptions['families'],
): void {
  const { method = '', url = '', headers } = request
  const isKnown = url.split('?')[0] === PATH
  response.setHeader('Connection', 'close')
  if (!isKnown) refuse(response, 404, `only ${PATH} is here`)
  else if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    refuse(response, 405, 'metrics can only be read')
  } else {
    const { type, print } = chooseFormat(headers.accept)
    response.setHeader('Content-Type', type)
    response.setHeader('Vary', 'Accept')
    response.end(print(families()))
  }
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${why}\n`)
}
