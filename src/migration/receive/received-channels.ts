/** The channels of a migration that is received: what they have said together, and how they end. */
import { fail } from '../../diagnostics/diagnostic.ts'
import type { CheckedChannel } from '../inspect/inspected-channel.ts'
import { MainInspection } from '../inspect/main-inspection.ts'
import { checkMultifd, hasCaughtUp } from '../inspect/multifd-check.ts'
import { MIGRATION_KINDS } from '../migration-diagnostics.ts'
import type { ReceivedChannel, StoredChannel } from './received-channel.ts'

export class ReceivedChannels {
  /** How many there are beside the main one, when all have come. */
  readonly #multifd: number
  /** In the order in which they came; the main one is the first. */
  readonly #channels = new Map<string, ReceivedChannel>()
  #onAllOver: () => void = () => {}

  constructor(multifd: number) {
    this.#multifd = multifd
  }

  add(channel: ReceivedChannel): void {
    this.#channels.set(channel.name, channel)
  }

  /** What the main channel has said so far; undefined before it says anything. */
  get main(): MainInspection | undefined {
    const { inspection } = this.#mainChannel ?? {}
    return inspection instanceof MainInspection ? inspection : undefined
  }

  /** Whether the source has said all in the main channel. */
  get isMainOver(): boolean {
    return this.#mainChannel?.isOver ?? false
  }

  /** Of the main channel. */
  get mainBytes(): number {
    return this.#mainChannel?.bytes ?? 0
  }

  /** Of all channels. */
  get bytes(): number {
    return this.#all.reduce((sum, channel) => sum + channel.bytes, 0)
  }

  get stored(): readonly StoredChannel[] {
    return this.#all.map(({ stored }) => stored)
  }

  /** Whether the source has said all in each of them. */
  get areOver(): boolean {
    return this.#all.every(({ isOver }) => isOver)
  }

  /** Whether all have come, and have said what belongs to the guest. */
  areWhole(main: MainInspection): boolean {
    const isThere = this.#channels.size > this.#multifd
    return isThere && this.#all.every((channel) => channel.isOver || hasCaughtUp(channel, main))
  }

  /** Resolves when no part of them is being taken. */
  async settle(): Promise<void> {
    await Promise.all(this.#all.map(({ settled }) => settled))
  }

  /**
   * Says that no part follows.
   *
   * @param path Where the migration is kept, for messages.
   * @throws DiagnosticError where one of them is cut, or not there.
   */
  async finish(path: string, main: MainInspection): Promise<void> {
    await this.settle()
    for (const channel of this.#all) channel.finish()
    const found: readonly CheckedChannel[] = this.#all.map(({ checked }) => checked)
    if (found.length <= this.#multifd) {
      const expected = `${this.#multifd} multifd channels`
      const count = found.length - 1
      fail(MIGRATION_KINDS.channelIncomplete, {
        file: path,
        expected,
        found: `${count}`,
        offset: 0,
      })
    }
    checkMultifd(path, main, found.slice(1))
  }

  /** To be called when one of them is over. */
  noticeEnd(): void {
    if (this.areOver) this.#onAllOver()
  }

  /** Resolves when all of them are over. @param limit In milliseconds. */
  async untilOver(limit: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onAllOver = resolve
    const timer = setTimeout(resolve, limit)
    this.noticeEnd()
    await promise
    clearTimeout(timer)
  }

  /** Cuts those that are not over then. @param patience In milliseconds. */
  cut(patience: number): void {
    const timer = setTimeout(() => {
      for (const { connection } of this.#all) connection.stream.destroy()
    }, patience)
    this.#onAllOver = () => clearTimeout(timer)
    for (const { connection } of this.#all) {
      connection.stream.once('close', () => this.noticeEnd())
    }
  }

  get #mainChannel(): ReceivedChannel | undefined {
    return this.#channels.get('main')
  }

  get #all(): readonly ReceivedChannel[] {
    return [...this.#channels.values()]
  }
}
