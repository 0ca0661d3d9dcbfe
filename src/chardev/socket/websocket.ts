/** WebSocket over a connection, RFC 6455, by the package ws: binary messages of the subprotocol `binary`, as QEMU has it. */
import { createServer, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createWebSocketStream, WebSocket, WebSocketServer } from 'ws'
import { DiagnosticError, diagnose } from '../../diagnostics/diagnostic.ts'
import { reasonOf } from '../../diagnostics/system-errors.ts'
import { CHARDEV_KINDS } from '../chardev-diagnostics.ts'

const SUBPROTOCOL = 'binary'

/** A message is held until it is whole, so many bytes. */
const MESSAGE_LIMIT = 1_048_576

/** In so many frames, and of a frame so many pieces: each takes memory that is not counted above. */
const FRAGMENT_LIMIT = 1_024
const PIECE_LIMIT = 16_384

/** Pings of a peer that does not read are not answered beyond this. */
const PONG_ROOM = 65_536

/** How long the other side may take to close, in milliseconds. */
const CLOSE_TIMEOUT = 5_000

const OPTIONS = {
  maxPayload: MESSAGE_LIMIT,
  maxFragments: FRAGMENT_LIMIT,
  maxBufferedChunks: PIECE_LIMIT,
  perMessageDeflate: false,
  autoPong: false,
  closeTimeout: CLOSE_TIMEOUT,
} as const

const CLOSED = 'it closed the connection'

const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'

/**
 * The server's side.
 *
 * @throws DiagnosticError CHARDEV_NOT_WEBSOCKET
 */
export function acceptWebsocket(connection: Duplex): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>()
  const refuse = (reason: string): void => reject(notWebsocket(reason))
  const sockets = new WebSocketServer({
    ...OPTIONS,
    noServer: true,
    clientTracking: false,
    handleProtocols: () => SUBPROTOCOL,
  })
  const http = createServer((_, response) => {
    response.writeHead(426, { upgrade: 'websocket', connection: 'close' })
    response.end(() => refuse('it asked for a page'))
  })
  const answerBad = (error: Error, socket: Duplex): void => {
    const reason = reasonOfPeer(error)
    if (socket.writable) socket.end(BAD_REQUEST, () => refuse(reason))
    else refuse(reason)
  }
  http.on('clientError', answerBad)
  http.on('connect', (_, socket) => answerBad(new Error('it asked for a tunnel'), socket))
  http.on('checkExpectation', (_, response) => {
    response.writeHead(417, { connection: 'close' })
    response.end(() => refuse('it expects what no WebSocket needs'))
  })
  http.on('upgrade', (request, socket, head) => {
    if (!asksForBinary(request)) {
      answerBad(new Error(`it did not ask for the subprotocol ${SUBPROTOCOL}`), socket)
    } else sockets.handleUpgrade(request, socket, head, (made) => resolve(streamOf(made)))
  })
  sockets.on('wsClientError', answerBad)
  connection.once('close', () => refuse(CLOSED))
  http.emit('connection', connection)
  // A client that was let in is not read before.
  connection.resume()
  return promise
}

function asksForBinary({ headers }: IncomingMessage): boolean {
  const asked = headers['sec-websocket-protocol'] ?? ''
  return asked.split(',').some((name) => name.trim() === SUBPROTOCOL)
}

/**
 * The client's side.
 *
 * @throws DiagnosticError CHARDEV_NOT_WEBSOCKET
 */
export function connectWebsocket(connection: Duplex, host: string): Promise<Duplex> {
  const shown = host.includes(':') ? `[${host}]` : host
  const socket = new WebSocket(`ws://${shown || 'localhost'}/`, [SUBPROTOCOL], {
    ...OPTIONS,
    createConnection: () => connection as Socket,
  })
  return new Promise((resolve, reject) => {
    // At once: a server may say the first with its answer, which is read before anything that waits goes on.
    socket.once('open', () => resolve(streamOf(socket)))
    socket.once('error', (error) => reject(notWebsocket(reasonOfPeer(error))))
  })
}

function streamOf(socket: WebSocket): Duplex {
  socket.on('ping', (data) => {
    if (socket.bufferedAmount < PONG_ROOM) socket.pong(data)
  })
  return createWebSocketStream(socket)
}

/** node:http calls an end in the middle `socket hang up`, with the code of a reset. */
function reasonOfPeer(error: NodeJS.ErrnoException): string {
  if (error.code === 'ECONNRESET') return CLOSED
  return reasonOf(error).replace(/^Parse Error: /, 'what it says cannot be read as HTTP: ')
}

function notWebsocket(reason: string): DiagnosticError {
  return new DiagnosticError([diagnose(CHARDEV_KINDS.notWebsocket, { reason })])
}
