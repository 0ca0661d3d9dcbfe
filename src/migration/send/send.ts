/** Gives a stored migration to a QEMU that waits for one. */
import { finished } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { DiagnosticError, diagnose, fail } from '../../diagnostics/diagnostic.ts'
import { ConnectionEnded } from '../../net/byte-channel.ts'
import type { TlsCredentials } from '../../tls/credentials/credentials.ts'
import type { TlsFacts } from '../../tls/credentials/tls-session.ts'
import { describeRefusal } from '../../tls/handshake-error.ts'
import { ADDRESS_KINDS } from '../address/address-diagnostics.ts'
import { expectedName } from '../address/expected-name.ts'
import { type MigrationUri, printMigrationUri } from '../address/migration-uri.ts'
import { Answers } from './answers.ts'
import { Bandwidth } from './bandwidth.ts'
import { type Destination, openDestination } from './open-destination.ts'
import { sendChannel } from './send-channel.ts'
import { SEND_KINDS } from './send-diagnostics.ts'
import { SendCount, type SendProgress } from './send-progress.ts'
import type { StoredChannelFile, StoredMigration } from './stored-migration.ts'

export type SendOptions = {
  readonly credentials?: TlsCredentials | undefined
  /** The name that the certificate of the destination has to bear. */
  readonly hostname?: string | undefined
  readonly bandwidth?: Bandwidth
  /** To connect, for the handshake, and for the answer behind the last byte, in milliseconds. */
  readonly timeout: number
  readonly signal: AbortSignal
  /** Told after each piece that was taken. */
  readonly onProgress?: (progress: () => SendProgress) => void
}

export type SendResult = {
  readonly bytes: number
  /** What the destination answered by the return path; null without one. */
  readonly shut: number | null
  readonly pongs: number
  /** What was negotiated for the main channel. */
  readonly tls: TlsFacts | null
}

/**
 * Sends it from its beginning.
 *
 * @throws DiagnosticError MIGRATION_..., NET_..., TLS_... Nothing of the stored migration is changed.
 */
export async function sendMigration(
  migration: StoredMigration,
  to: MigrationUri,
  options: SendOptions,
): Promise<SendResult> {
  const { credentials, signal } = options
  checkChannels(migration, to)
  const hostname = credentials && expectedName(to, options.hostname, credentials)
  const sending = new Sending(migration, to, { ...options, hostname })
  try {
    return await sending.run()
  } catch (error) {
    throw signal.aborted ? sending.cancelled() : error
  } finally {
    sending.close()
  }
}

/** Each channel is a connection of its own. */
function checkChannels({ channels }: StoredMigration, to: MigrationUri): void {
  if (channels.length === 1 || to.kind === 'tcp' || to.kind === 'unix') return
  const reason = `the migration has ${channels.length} channels, and it is one connection`
  fail(ADDRESS_KINDS.unusableUri, { place: printMigrationUri(to), reason })
}

class Sending {
  readonly #migration: StoredMigration
  readonly #uri: MigrationUri
  readonly #to: string
  readonly #options: SendOptions
  readonly #open: Destination[] = []
  /** Aborted where a channel failed, with what failed first: no other is opened then. */
  readonly #failed = new AbortController()
  readonly #bandwidth: Bandwidth
  #answers: Answers | undefined
  readonly #count: SendCount

  constructor(migration: StoredMigration, to: MigrationUri, options: SendOptions) {
    this.#migration = migration
    this.#count = new SendCount(migration)
    this.#uri = to
    this.#to = printMigrationUri(to)
    this.#options = options
    this.#bandwidth = options.bandwidth ?? new Bandwidth()
  }

  async run(): Promise<SendResult> {
    await this.#sendAll()
    const shut = await this.#conclude()
    for (const { finish } of this.#open) await finish()
    const tls = this.#open[0]?.tls ?? null
    return { bytes: this.#count.bytes, shut, pongs: this.#answers?.pongs ?? 0, tls }
  }

  close(): void {
    for (const { destroy } of this.#open) destroy()
  }

  cancelled(): DiagnosticError {
    const data = { to: this.#to, sent: this.#count.bytes }
    return new DiagnosticError([diagnose(SEND_KINDS.cancelled, data)])
  }

  /**
   * Opens the channels one after the other, and sends each from the moment when it is open: QEMU knows the
   * main channel by its being the first, and waits for its first bytes before it takes another.
   */
  async #sendAll(): Promise<void> {
    const { signal } = this.#options
    const close = () => this.close()
    signal.addEventListener('abort', close, { once: true })
    const sends: Promise<void>[] = []
    try {
      for (const channel of this.#migration.channels) {
        const destination = await this.#openNext()
        sends.push(this.#send(channel, destination))
      }
      await Promise.all(sends)
    } catch (error) {
      this.#failed.abort(this.#isGone ? new ConnectionEnded(undefined) : error)
      close()
      await Promise.allSettled(sends)
      if (signal.aborted) throw error
      await this.#fail(this.#failed.signal.reason)
    } finally {
      signal.removeEventListener('abort', close)
    }
  }

  async #openNext(): Promise<Destination> {
    const signal = AbortSignal.any([this.#options.signal, this.#failed.signal])
    const destination = await openDestination(this.#uri, { ...this.#options, signal })
    const { stream, isAnswering } = destination
    const isMain = this.#open.push(destination) === 1
    // Each is read, so that its end is noticed.
    if (isAnswering && 'read' in stream) {
      const answers = new Answers(this.#to, stream, this.#migration.hasReturnPath)
      if (isMain) this.#answers = answers
    }
    return destination
  }

  #send(channel: StoredChannelFile, { stream }: Destination): Promise<void> {
    const { signal, onProgress } = this.#options
    const number = this.#migration.channels.indexOf(channel)
    const onSent = (bytes: number) => {
      this.#count.add(number, bytes)
      onProgress?.(() => this.#count.progress)
    }
    const sent = sendChannel(channel, stream, { bandwidth: this.#bandwidth, signal, onSent })
    sent.catch((error) => this.#failed.abort(error))
    return sent
  }

  /** The destination has ended a channel, so there is nothing that takes the next one. */
  get #isGone(): boolean {
    return this.#open.some(({ stream }) => 'readableEnded' in stream && stream.readableEnded)
  }

  /** A failure that the destination answered is the reason of a connection that broke. */
  async #fail(error: unknown): Promise<never> {
    if (error instanceof DiagnosticError) throw error
    if (this.#answers && this.#migration.hasReturnPath) {
      const status = await Promise.race([this.#answers.shut, this.#answers.closed.then(() => 0)])
      if (status !== 0) this.#failShut(status)
    }
    return this.#failClosed(error)
  }

  /** @returns the status that the destination answered; null where it was not asked. */
  async #conclude(): Promise<number | null> {
    const answers = this.#answers
    if (this.#migration.hasReturnPath && answers) {
      const shut = await this.#waitForShut(answers)
      for (const { stream } of this.#open) stream.end()
      return shut
    }
    // QEMU does not read the goodbye of TLS, and what is not read makes an error of its close.
    if (!this.#open[0]?.tls) await this.#endAll()
    // Without a return path the end of the connection is all that the destination says.
    const error = answers ? await this.#within(answers.closed) : undefined
    return error ? this.#failClosed(error) : null
  }

  async #endAll(): Promise<void> {
    // One that broke before is told too: it would never tell again.
    const ends = this.#open.map(({ stream }) => {
      stream.end()
      return finished(stream, { readable: false })
    })
    await this.#within(Promise.all(ends)).catch((error) => this.#failClosed(error))
  }

  async #waitForShut(answers: Answers): Promise<number> {
    const closed = answers.closed.then((error) => this.#failClosed(error))
    closed.catch(() => {})
    const status = await this.#within(Promise.race([answers.shut, closed]))
    return status === 0 ? 0 : this.#failShut(status)
  }

  /** @throws DiagnosticError MIGRATION_NO_ANSWER, or an AbortError. */
  async #within<Result>(work: Promise<Result>): Promise<Result> {
    const { timeout, signal } = this.#options
    const done = new AbortController()
    const limit = AbortSignal.any([done.signal, signal])
    const late = delay(timeout, undefined, { signal: limit }).then(() =>
      fail(SEND_KINDS.noAnswer, { to: this.#to, seconds: timeout / 1000 }),
    )
    late.catch(() => {})
    try {
      return await Promise.race([work, late])
    } finally {
      done.abort()
    }
  }

  #failShut(status: number): never {
    return fail(SEND_KINDS.destinationFailed, { to: this.#to, status, sent: this.#count.bytes })
  }

  #failClosed(error: unknown): never {
    if (error instanceof DiagnosticError) throw error
    // What broke a connection says more than that it is broken.
    const broken = this.#open.map(({ stream }) => stream.errored).find((found) => found !== null)
    const refusal = describeRefusal(broken ?? error)
    if (refusal) throw new DiagnosticError([refusal])
    const isSecured = this.#open.some(({ tls }) => tls !== undefined)
    const data = { to: this.#to, sent: this.#count.bytes, total: this.#migration.total, isSecured }
    const cause = error instanceof ConnectionEnded ? error.cause : error
    return fail(SEND_KINDS.destinationClosed, { ...data, error: broken ?? cause })
  }
}
