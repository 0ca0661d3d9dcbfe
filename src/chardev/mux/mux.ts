/**
 * One chardev that several clients use: each is shown all that it says from then on, and the rule of the
 * definition says who may write. It is read as fast as the fastest client; a client that falls far behind is
 * cut off. Where there is no client, what it says is only in its log.
 */
import type { Duplex } from 'node:stream'
import { DiagnosticError, diagnose, fail } from '../../diagnostics/diagnostic.ts'
import { Completions } from '../../endpoint/completions.ts'
import { ConnectionEnded } from '../../net/byte-channel.ts'
import { CHARDEV_KINDS } from '../chardev-diagnostics.ts'
import type { TellChardev } from '../chardev-event.ts'
import type { SocketBackend, WriterRule } from '../definition/chardev-definition.ts'
import type { ChardevEnd, EndSession } from '../end/chardev-end.ts'
import { lastingEnd } from '../link/lasting-end.ts'
import type { RunLink } from '../link/link.ts'
import { Sessions } from '../link/next-session.ts'
import { unlessAborted } from '../unless-aborted.ts'
import { Output } from './output.ts'
import { Reader } from './reader.ts'
import { isWriter } from './writer.ts'

/** How far a client may be behind the fastest one, in bytes. */
const BEHIND_LIMIT = 4_194_304

/** How much of it the fastest client may not have read before no more is read. */
const WINDOW = 262_144

/**
 * How much of what clients have typed may wait for the shared end, in bytes. One client waits long before; but
 * each new one may type a first piece, and would not be noticed to leave if it was not read.
 */
const TYPED_LIMIT = 4_194_304

/** @throws DiagnosticError CHARDEV_UNUSABLE */
export function joinMux(clients: ChardevEnd, shared: ChardevEnd, tell: TellChardev): RunLink {
  const { id, isMux } = shared.definition
  if (isMux) {
    fail(CHARDEV_KINDS.unusable, {
      what: `mux=on of chardev ${id}`,
      reason: 'both of them have it',
    })
  }
  const isServer = shared.definition.backend === 'socket' && shared.definition.isServer
  const standing = isServer ? lastingEnd(shared) : undefined
  const mux = new Mux(clients, new Sessions(standing ?? shared, tell), tell)
  return async (signal) => {
    await standing?.start()
    try {
      await mux.run(signal)
    } finally {
      await standing?.close(0)
    }
  }
}

class Mux {
  readonly #clients: ChardevEnd
  readonly #shared: Sessions
  readonly #tell: TellChardev
  readonly #rule: WriterRule
  readonly #isWaiting: boolean
  readonly #output = new Output(BEHIND_LIMIT)
  readonly #readers = new Set<Reader>()
  readonly #first = Promise.withResolvers<void>()
  #stream: Duplex | undefined

  constructor(clients: ChardevEnd, shared: Sessions, tell: TellChardev) {
    const { writer, isWaiting } = clients.definition as SocketBackend
    this.#clients = clients
    this.#shared = shared
    this.#tell = tell
    this.#rule = writer
    this.#isWaiting = isWaiting
  }

  async run(signal: AbortSignal): Promise<void> {
    const stop = new AbortController()
    const both = AbortSignal.any([signal, stop.signal])
    new Completions(() => stop.abort()).own(this.#admit(both))
    try {
      if (this.#isWaiting) await unlessAborted(this.#first.promise, both)
      await this.#share(both)
    } finally {
      stop.abort()
      for (const reader of this.#readers) reader.end()
    }
  }

  async #admit(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const session = await this.#clients.open(signal)
      this.#readers.add(
        new Reader({
          ...{ session, output: this.#output, take: this.#take },
          onProgress: this.#onProgress,
          onLeft: (reader) => {
            this.#readers.delete(reader)
            this.#onProgress()
            this.#wakeAll()
          },
        }),
      )
      this.#first.resolve()
    }
  }

  /** The sessions of the shared end, one after the other. */
  async #share(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const session = await this.#shared.open(signal)
      let failure: unknown
      try {
        await unlessAborted(this.#read(session), signal)
      } catch (error) {
        failure = error
      }
      this.#stream = undefined
      session.stream.off('drain', this.#wakeAll).off('data', this.#onOutput).pause()
      await session.finish(failure)
      if (!this.#shared.end.isLasting && failure !== undefined) throw failure
      if (!this.#shared.end.isLasting || signal.aborted) return
      await this.#shared.wait(failure, signal)
    }
  }

  /** Until it ends. @throws what breaks it. */
  #read({ stream, place, tls }: EndSession): Promise<void> {
    const chardev = this.#shared.end.definition.id
    this.#tell({ event: 'reached', chardev, place, tls })
    return new Promise((resolve, reject) => {
      stream.on('end', resolve).on('error', reject)
      stream.on('close', () => reject(new ConnectionEnded(undefined)))
      stream.on('drain', this.#wakeAll).on('data', this.#onOutput)
      this.#stream = stream
      this.#wakeAll()
    })
  }

  readonly #onOutput = (bytes: Buffer): void => {
    if (this.#readers.size > 0) this.#output.append(bytes)
    for (const reader of this.#readers) reader.feed()
    this.#onProgress()
  }

  /** Reads on as far as the fastest client is not behind. */
  readonly #onProgress = (): void => {
    const positions = [...this.#readers].map(({ position }) => position)
    const { end } = this.#output
    this.#output.forget(Math.min(end, ...positions))
    const isBehind = positions.length > 0 && end - Math.max(...positions) > WINDOW
    if (isBehind) this.#stream?.pause()
    else this.#stream?.resume()
  }

  readonly #take = (bytes: Buffer, reader: Reader): boolean => {
    const present = [...this.#readers].filter(({ session }) => session.mayWrite !== false)
    if (!isWriter(this.#rule, reader, present)) return true
    const stream = this.#stream
    if (stream && stream.writableLength < TYPED_LIMIT) return stream.write(bytes)
    if (stream) {
      reader.refuse(new DiagnosticError([diagnose(CHARDEV_KINDS.notTaken, { bytes: TYPED_LIMIT })]))
      return false
    }
    // A stream that flows would tell of these bytes again at once, and without end.
    reader.session.stream.pause().unshift(bytes)
    return false
  }

  readonly #wakeAll = (): void => {
    for (const reader of this.#readers) reader.wake()
  }
}
