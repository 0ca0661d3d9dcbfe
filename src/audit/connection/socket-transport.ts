/** Carries the bytes of one question over a socket, within bounds of time and size. */
import type { Socket } from 'node:net'
import type { ConnectionEnd } from './failure.ts'
import type { Transport } from './transport.ts'

export type TransportLimits = {
  /** How long the peer may say nothing, in milliseconds. */
  readonly silence: number
  /** How long the whole question may take, in milliseconds: a peer that drips is cut off. */
  readonly duration: number
  /** How many bytes an answer may have. */
  readonly bytes: number
}

export class SocketTransport implements Transport {
  readonly #socket: Socket
  readonly #limits: TransportLimits
  readonly #deadline: number
  #silence: number
  readonly #arrived: Buffer[] = []
  #size = 0
  #end: ConnectionEnd | undefined
  #wake: () => void = () => {}

  constructor(socket: Socket, limits: TransportLimits) {
    this.#socket = socket
    this.#limits = limits
    this.#silence = limits.silence
    this.#deadline = performance.now() + limits.duration
    socket.on('data', (bytes: Buffer) => this.#arrive(bytes))
    socket.on('end', () => this.#finish('closed'))
    socket.on('error', () => this.#finish('reset'))
    socket.on('close', () => this.#finish('closed'))
  }

  /**
   * What is sent in one turn of the event loop goes out together: a server may end the connection behind the first of
   * several messages, and to write the next one then loses the alert that it sent.
   */
  send(bytes: Buffer): void {
    // A peer that said nothing for too long still gets a farewell.
    if (this.#end && this.#end !== 'timed-out') return
    if (this.#socket.writableCorked === 0) {
      this.#socket.cork()
      setImmediate(() => this.#socket.uncork())
    }
    this.#socket.write(bytes)
  }

  /** What arrived before the end is given before the end. */
  async receive(): Promise<Buffer | ConnectionEnd> {
    if (this.#arrived.length === 0 && !this.#end) await this.#wait()
    const bytes = this.#arrived.shift()
    if (bytes) return bytes
    return this.#end ?? 'timed-out'
  }

  limitSilence(silence: number): void {
    this.#silence = Math.min(this.#silence, silence)
  }

  /** What has not come by now is not waited for. */
  interrupt(): void {
    this.#finish('interrupted')
    this.#socket.destroy()
  }

  close(): void {
    this.#end ??= 'closed'
    this.#socket.uncork()
    this.#socket.destroy()
  }

  #arrive(bytes: Buffer): void {
    if (this.#end) return
    this.#size += bytes.length
    this.#arrived.push(bytes)
    if (this.#size > this.#limits.bytes) {
      this.#finish('too-much')
      this.#socket.destroy()
    }
    this.#wake()
  }

  #finish(end: ConnectionEnd): void {
    this.#end ??= end
    this.#wake()
  }

  #wait(): Promise<void> {
    const left = Math.max(1, this.#deadline - performance.now())
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#finish('timed-out'), Math.min(this.#silence, left))
      this.#wake = () => {
        clearTimeout(timer)
        this.#wake = () => {}
        resolve()
      }
    })
  }
}
