/**
 * A migration that is received: its channels, from any peer, until the guest is stored or refused.
 *
 * The stream's own end decides that the guest is whole, never that of a connection. With a return path the
 * source is told so after all is on disk, and keeps its guest until then.
 */
import type { Duplex } from 'node:stream'
import { type Diagnostic, DiagnosticError, diagnose } from '../../diagnostics/diagnostic.ts'
import { ChannelInspection, type ChannelOptions } from '../inspect/channel-inspection.ts'
import type { MainInspection } from '../inspect/main-inspection.ts'
import { warningsOf } from '../inspect/migration-inspection.ts'
import { countPages, RamCount } from '../inspect/ram-count.ts'
import { ChannelAdmission, refuseChannel } from './channel-admission.ts'
import { IncomingParts } from './incoming-parts.ts'
import type { MigrationStore } from './migration-store.ts'
import { RECEIVE_KINDS } from './receive-diagnostics.ts'
import { type ChannelConnection, ReceivedChannel, type StoredChannel } from './received-channel.ts'
import { ReceivedChannels } from './received-channels.ts'
import { SilenceWatch } from './silence-watch.ts'
import { SourceDialogue } from './source-dialogue.ts'

export type ReceptionOptions = {
  readonly store: MigrationStore
  /** Channels beside the main one. */
  readonly multifd: number
  /** Seconds that the source may be silent while the guest is not whole; 0 for any time. */
  readonly idleLimit: number
  readonly switchoverAck?: boolean
  readonly onProgress?: (progress: ReceptionProgress) => void
}

export type ReceptionProgress = {
  /** Of all channels. */
  readonly bytes: number
  readonly pages: number
  readonly passes: number
}

export type ReceivedMigration = {
  readonly path: string
  /** The main one first. */
  readonly channels: readonly StoredChannel[]
  readonly main: MainInspection
  readonly ram: RamCount
  readonly hasReturnPath: boolean
  readonly warnings: readonly Diagnostic[]
}

/** How a connection becomes a channel. */
type Entrance = {
  /** Runs what may not take long: until a connection has said what it is, and its guest comes. */
  readonly withinLimit: <Result>(work: () => Promise<Result>) => Promise<Result>
  /** To be called when it is known as a channel. */
  readonly letIn: () => Promise<void>
}

/** A connection of a source that was let in. */
export type SourceConnection = { readonly stream: Duplex; readonly sentTickets: boolean }

/**
 * How long a source may be silent after the end, in milliseconds: until it closes its connections, sends what
 * is left of the other channels, or the description, which not every source sends.
 */
const CLOSING = 10_000

/** How long a source may take to read that the migration failed, in milliseconds. */
const FAREWELL = 1_000

export class Reception {
  readonly #options: ReceptionOptions
  readonly #ram = new RamCount()
  readonly #channels: ReceivedChannels
  readonly #admission: ChannelAdmission
  readonly #setup = Promise.withResolvers<MainInspection>()
  readonly #outcome = Promise.withResolvers<ReceivedMigration>()
  readonly #silence = new SilenceWatch(() => this.#onSilence())
  #dialogue: SourceDialogue | undefined
  #isSilent = false
  /** All came, or something failed: no part is taken any more. */
  #isClosed = false

  constructor(options: ReceptionOptions) {
    this.#options = options
    this.#admission = new ChannelAdmission(options.multifd)
    this.#channels = new ReceivedChannels(options.multifd)
    // Each is waited for elsewhere, or by nothing.
    this.#setup.promise.catch(() => {})
    this.#outcome.promise.catch(() => {})
  }

  /** What was received. Rejects with a DiagnosticError where nothing was stored. */
  get outcome(): Promise<ReceivedMigration> {
    return this.#outcome.promise
  }

  /**
   * Receives one channel; resolves when the migration is over.
   *
   * @returns what it was, in words.
   * @throws DiagnosticError where it is no channel of this migration. That ends nothing else.
   */
  async take(
    { stream, sentTickets }: SourceConnection,
    { withinLimit, letIn }: Entrance,
  ): Promise<string> {
    const connection = { stream, parts: new IncomingParts(stream) }
    const { head, name } = await withinLimit(() => this.#admission.meet(connection, letIn))
    const channel =
      name === 'main'
        ? await this.#admitMain(connection, sentTickets)
        : await this.#admitMultifd(name, connection)
    await this.#receive(channel, head.bytes).catch((error) => this.#fail(error))
    const ending = channel.name === 'main' ? 'main channel' : `channel ${channel.name}`
    return this.#outcome.promise.then(
      () => ending,
      () => `${ending}, and the migration failed`,
    )
  }

  /** Ends the migration, unless it is stored already. */
  cancel(): void {
    const { path } = this.#options.store
    void this.#fail(new DiagnosticError([diagnose(RECEIVE_KINDS.cancelled, { path })]))
  }

  async #admitMain(connection: ChannelConnection, sentTickets: boolean): Promise<ReceivedChannel> {
    if (this.#isClosed) refuseChannel('the migration is over')
    const dialogue = new SourceDialogue(connection.stream, {
      sentTickets,
      switchoverAck: this.#options.switchoverAck ?? false,
      onSetup: () => {
        const { main } = this.#channels
        if (main) this.#setup.resolve(main)
      },
    })
    this.#dialogue = dialogue
    return this.#open('main', connection, { ram: this.#ram, onStream: dialogue.handle })
  }

  /** Its pages can be read when the main channel has said how large they are. */
  async #admitMultifd(name: string, connection: ChannelConnection): Promise<ReceivedChannel> {
    const main = await this.#setup.promise.catch(() => undefined)
    if (!main || this.#isClosed) return refuseChannel('the migration is over')
    return this.#open(name, connection, { ram: this.#ram, main })
  }

  async #open(
    name: string,
    connection: ChannelConnection,
    options: ChannelOptions,
  ): Promise<ReceivedChannel> {
    const { store } = this.#options
    const file = store.fileOf(name) ?? name
    const inspection = new ChannelInspection(options)
    const writer = await store.open(name).catch(async (error) => {
      await this.#fail(error)
      throw error
    })
    const channel = new ReceivedChannel({ name, file }, connection, writer, inspection)
    this.#channels.add(channel)
    return channel
  }

  async #receive(channel: ReceivedChannel, head: Buffer): Promise<void> {
    const { parts } = channel.connection
    for (let part: Buffer | undefined = head; part; part = await parts.next()) {
      if (this.#isClosed) continue
      await channel.take(part)
      this.#concludeWhenWhole()
      this.#reportProgress()
    }
    channel.isOver = true
    if (this.#isClosed) this.#channels.noticeEnd()
    else {
      channel.finish()
      this.#concludeWhenWhole()
    }
  }

  /** Stores the guest when it is whole, and its source has nothing more to say. */
  #concludeWhenWhole(): void {
    const { main } = this.#channels
    if (this.#isClosed || !main) return
    const hasEnd = main.end !== undefined
    this.#silence.touch(hasEnd ? CLOSING : this.#options.idleLimit * 1000)
    const isDecided = this.#channels.isMainOver || main.description !== undefined || this.#isSilent
    if (!hasEnd || !isDecided) return
    const isAnswered = this.#dialogue?.hasReturnPath || this.#channels.areOver
    if (this.#isSilent || (this.#channels.areWhole(main) && isAnswered)) void this.#conclude(main)
  }

  #onSilence(): void {
    if (this.#channels.main?.end !== undefined) {
      this.#isSilent = true
      this.#concludeWhenWhole()
      return
    }
    const { idleLimit: seconds } = this.#options
    const bytes = this.#channels.mainBytes
    void this.#fail(new DiagnosticError([diagnose(RECEIVE_KINDS.silent, { seconds, bytes })]))
  }

  async #conclude(main: MainInspection): Promise<void> {
    this.#isClosed = true
    this.#silence.stop()
    try {
      await this.#channels.finish(this.#options.store.path, main)
      await this.#options.store.publish()
      this.#dialogue?.tellWhole()
      await this.#channels.untilOver(CLOSING)
      const channels = this.#channels.stored
      const [first] = channels
      const warnings = first ? warningsOf(first) : []
      const hasReturnPath = this.#dialogue?.hasReturnPath ?? false
      const { path } = this.#options.store
      this.#outcome.resolve({ path, channels, main, ram: this.#ram, hasReturnPath, warnings })
    } catch (error) {
      await this.#giveUp(error)
    }
  }

  /** What was received is taken away, unless it is being put in place. */
  async #fail(error: unknown): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#giveUp(error)
  }

  async #giveUp(error: unknown): Promise<void> {
    this.#silence.stop()
    this.#setup.reject(error)
    this.#dialogue?.tellFailed()
    await this.#channels.settle()
    await this.#options.store.discard()
    this.#channels.cut(this.#dialogue?.hasReturnPath ? FAREWELL : 0)
    this.#outcome.reject(error)
  }

  #reportProgress(): void {
    const { onProgress } = this.#options
    if (!onProgress) return
    const { bytes, main } = this.#channels
    const pages = countPages(this.#ram.pages)
    onProgress({ bytes, pages, passes: main?.passes ?? 0 })
  }
}
