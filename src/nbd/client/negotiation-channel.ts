/** The connection while options are negotiated: exactly so many bytes in, in time, or an error. */
import type { Duplex } from 'node:stream'
import { DiagnosticError, diagnose, fail } from '../../diagnostics/diagnostic.ts'
import { ProtocolError } from '../protocol/protocol-error.ts'
import { NBD_CLIENT_KINDS } from './client-diagnostics.ts'

export class NegotiationChannel {
  /** What messages call the server. */
  readonly server: string
  #stream: Duplex
  #ended = false
  #error: unknown
  #timer: NodeJS.Timeout
  #wake: () => void = () => {}

  /** @param timeout For the whole negotiation, in milliseconds. */
  constructor(stream: Duplex, server: string, timeout: number) {
    this.server = server
    this.#stream = stream
    this.#watch()
    const data = { server, what: 'finish the negotiation', seconds: timeout / 1000 }
    this.#timer = setTimeout(() => {
      this.#stop(new DiagnosticError([diagnose(NBD_CLIENT_KINDS.timedOut, data)]))
      this.#stream.destroy()
    }, timeout)
  }

  /** Where the next byte comes from. */
  get stream(): Duplex {
    return this.#stream
  }

  /** Whether the server can still be asked. */
  get isOpen(): boolean {
    return !this.#ended
  }

  /** Whether anything has arrived that was not read. */
  get hasUnreadBytes(): boolean {
    return this.#stream.readableLength > 0
  }

  write(bytes: Buffer): void {
    this.#stream.write(bytes)
  }

  /** @throws DiagnosticError where the connection ends before. */
  async read(length: number): Promise<Buffer> {
    if (length === 0) return Buffer.alloc(0)
    for (;;) {
      const bytes: Buffer | null = this.#stream.read(length)
      if (bytes?.length === length) return bytes
      if (this.#error instanceof DiagnosticError) throw this.#error
      if (this.#ended) {
        const data = { server: this.server, when: 'during the negotiation', error: this.#error }
        fail(NBD_CLIENT_KINDS.closed, data)
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Goes on over another stream, which speaks TLS over this one. */
  async secure(wrap: (stream: Duplex) => Promise<Duplex>): Promise<void> {
    this.#unwatch()
    const raw = this.#stream
    this.#stream = await wrap(raw)
    this.#watch()
  }

  /** Hands the stream over, with what it holds unread. */
  release(): Duplex {
    clearTimeout(this.#timer)
    this.#unwatch()
    return this.#stream
  }

  /** Ends the connection at once. */
  destroy(): void {
    clearTimeout(this.#timer)
    this.#stream.on('error', () => {})
    this.#stream.destroy()
  }

  #watch(): void {
    this.#stream.on('readable', this.#onReadable)
    this.#stream.on('end', this.#onEnd)
    this.#stream.on('close', this.#onEnd)
    this.#stream.on('error', this.#stop)
  }

  #unwatch(): void {
    this.#stream.off('readable', this.#onReadable)
    this.#stream.off('end', this.#onEnd)
    this.#stream.off('close', this.#onEnd)
    this.#stream.off('error', this.#stop)
  }

  readonly #onReadable = (): void => this.#wake()

  readonly #onEnd = (): void => this.#stop(this.#error)

  readonly #stop = (error: unknown): void => {
    this.#error ??= error
    this.#ended = true
    this.#wake()
  }
}

/** Tells whose fault a protocol error is. */
export function blameServer(error: unknown, server: string): unknown {
  if (!(error instanceof ProtocolError)) return error
  return new DiagnosticError([
    diagnose(NBD_CLIENT_KINDS.protocolBroken, { server, what: error.message }),
  ])
}
