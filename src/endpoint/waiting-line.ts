/**
 * Clients that wait for their turn. Each has heard nothing yet, as if it stood in the queue of the
 * kernel; but one that leaves is noticed, so that clients who come and go do not fill the line.
 */
import type { Socket } from 'node:net'

/** What is read before a client is greeted, in bytes. One that says more is no client, or is not read. */
const EARLY_LIMIT = 4_096

export class WaitingLine {
  readonly #clientsBegin: boolean
  readonly #sockets = new Map<Socket, Early>()

  /** @param clientsBegin Whether clients may say much before they are greeted: it stays in the kernel. */
  constructor(clientsBegin = false) {
    this.#clientsBegin = clientsBegin
  }

  get length(): number {
    return this.#sockets.size
  }

  /**
   * Takes the oldest one out that has said nothing for so long, where clients begin: it may be a stranger
   * who only takes a place.
   *
   * @param age In milliseconds: what a client has sent is not read at once.
   */
  takeSilent(age: number): Socket | undefined {
    if (!this.#clientsBegin) return undefined
    for (const [socket, early] of this.#sockets) {
      if (early.hasSpoken || performance.now() - early.begun < age) continue
      this.#sockets.delete(socket)
      return socket
    }
    return undefined
  }

  add(socket: Socket): void {
    const early = new Early(socket, this.#clientsBegin)
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
  readonly #mayGoOn: boolean
  readonly #chunks: Buffer[] = []
  #length = 0
  /** By performance.now(). */
  readonly begun = performance.now()

  constructor(socket: Socket, mayGoOn: boolean) {
    this.#socket = socket
    this.#mayGoOn = mayGoOn
  }

  get hasSpoken(): boolean {
    return this.#length > 0
  }

  listen(): void {
    this.#socket.on('error', ignore).on('data', this.#onData).on('end', this.#onEnd)
    this.#socket.resume()
  }

  giveBack(): void {
    const socket = this.#socket
    socket.pause()
    socket.off('data', this.#onData).off('end', this.#onEnd)
    const bytes = Buffer.concat(this.#chunks)
    if (bytes.length > 0) socket.unshift(bytes)
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#chunks.push(chunk)
    this.#length += chunk.length
    if (this.#length <= EARLY_LIMIT) return
    if (this.#mayGoOn) this.#socket.pause()
    else this.#socket.destroy()
  }

  readonly #onEnd = (): void => void this.#socket.destroy()
}

function ignore(): void {}
