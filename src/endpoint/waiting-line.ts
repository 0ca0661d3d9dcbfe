/**
 * Clients that wait for their turn. Each has heard nothing yet, as if it stood in the queue of the
 * kernel; but one that leaves is noticed, so that clients who come and go do not fill the line.
 */
import type { Socket } from 'node:net'
import { PATIENCE } from './newcomers.ts'

/** What is read before a client is greeted, in bytes. One that says more is no client, or is not read. */
const EARLY_LIMIT = 4_096

export type WaitingLineOptions = {
  /** Clients may say much before they are greeted: it stays in the kernel. */
  readonly clientsBegin?: boolean | undefined
  /** A client that has said all may still be told something, so it has not left. */
  readonly allowHalfOpen?: boolean | undefined
}

export class WaitingLine {
  readonly #options: WaitingLineOptions
  readonly #sockets = new Map<Socket, Early>()

  constructor(options: WaitingLineOptions = {}) {
    this.#options = options
  }

  get length(): number {
    return this.#sockets.size
  }

  /**
   * Takes the oldest one out that has said nothing for long, where clients begin: it may be a stranger
   * who only takes a place.
   */
  takeSilent(): Socket | undefined {
    if (!this.#options.clientsBegin) return undefined
    for (const [socket, early] of this.#sockets) {
      if (!early.isSilent) continue
      this.#sockets.delete(socket)
      return socket
    }
    return undefined
  }

  add(socket: Socket): void {
    const early = new Early(socket, this.#options)
    this.#sockets.set(socket, early)
    socket.once('close', () => this.#sockets.delete(socket))
    early.listen()
  }

  /** The client that has waited longest; what it said meanwhile is read again. */
  next(): Socket | undefined {
    for (const [socket, early] of this.#sockets) {
      this.#sockets.delete(socket)
      if (socket.destroyed) continue
      early.giveBack()
      return socket
    }
    return undefined
  }

  /** Sends all away. */
  clear(): void {
    for (const socket of this.#sockets.keys()) socket.destroy()
    this.#sockets.clear()
  }
}

/**
 * Reads what a client sends while it waits. The end of a connection is noticed only after all bytes
 * before it were read.
 */
class Early {
  readonly #socket: Socket
  readonly #options: WaitingLineOptions
  readonly #chunks: Buffer[] = []
  #length = 0
  #hasWaitedLong = false

  constructor(socket: Socket, options: WaitingLineOptions) {
    this.#socket = socket
    this.#options = options
  }

  /** It has said nothing for long. */
  get isSilent(): boolean {
    return this.#hasWaitedLong && this.#length === 0
  }

  listen(): void {
    this.#socket.on('error', ignore).on('data', this.#onData).on('end', this.#onEnd)
    this.#socket.resume()
    // A process that was held up reads first what has come meanwhile.
    const timer = setTimeout(() => setImmediate(() => (this.#hasWaitedLong = true)), PATIENCE)
    timer.unref()
    this.#socket.once('close', () => clearTimeout(timer))
  }

  giveBack(): void {
    this.#stopListening()
    for (const chunk of this.#chunks.toReversed()) this.#socket.unshift(chunk)
  }

  #stopListening(): void {
    this.#socket.pause()
    this.#socket.off('data', this.#onData).off('end', this.#onEnd)
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#length += chunk.length
    const { clientsBegin, allowHalfOpen } = this.#options
    if (clientsBegin && allowHalfOpen) {
      // Unread bytes keep the end behind them from being noticed: it is the end of one direction.
      this.#stopListening()
      this.#socket.unshift(chunk)
      return
    }
    this.#chunks.push(chunk)
    if (this.#length <= EARLY_LIMIT) return
    if (clientsBegin) this.#socket.pause()
    else this.#socket.destroy()
  }

  readonly #onEnd = (): void => void this.#socket.destroy()
}

function ignore(): void {}
