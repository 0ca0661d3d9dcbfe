/** The chardevs of a process by their ids: made, joined, changed and removed while it runs. */
import { fail } from '../../diagnostics/diagnostic.ts'
import type { ChardevContext } from '../chardev-context.ts'
import { CHARDEV_KINDS } from '../chardev-diagnostics.ts'
import type { ChardevDefinition } from '../definition/chardev-definition.ts'
import type { ChardevEnd } from '../end/chardev-end.ts'
import type { RingBuffer } from '../end/ring-buffer.ts'
import { joinEnds, type RunLink } from '../link/link.ts'
import { joinMux } from '../mux/mux.ts'
import { type Join, LastingJoin } from './lasting-join.ts'
import { type MadeEnd, makeEnd } from './make-end.ts'

/** As `query-chardev` lists it. */
export type ChardevInfo = {
  readonly label: string
  readonly filename: string
  readonly 'frontend-open': boolean
}

type Entry = MadeEnd & {
  joined?: { readonly join: LastingJoin; readonly other: string }
  /** Nothing else can be done with it meanwhile: another client of a monitor may ask for that. */
  isOpening?: boolean
}

/** How long clients may take to read what is left when a chardev is closed, in milliseconds. */
const DRAIN_LIMIT = 5_000

export class ChardevRegistry {
  readonly #context: ChardevContext
  readonly #entries = new Map<string, Entry>()
  #isClosed = false

  constructor(context: ChardevContext) {
    this.#context = context
  }

  /**
   * Makes a chardev and opens it: listens, opens its file or its terminal.
   *
   * @returns where it is: an address, the path of a pty.
   * @throws DiagnosticError CHARDEV_..., OBJECT_..., ENDPOINT_CANNOT_LISTEN; then nothing was added.
   */
  async add(definition: ChardevDefinition): Promise<string | undefined> {
    const { id } = definition
    if (this.#entries.has(id)) fail(CHARDEV_KINDS.exists, { id })
    return this.#open(id, makeEnd(definition, this.#context))
  }

  /** @throws DiagnosticError CHARDEV_ABSENT, CHARDEV_BUSY where it is joined or being opened. */
  async remove(id: string): Promise<void> {
    const { joined, end } = this.#requireOpened(id)
    if (joined) fail(CHARDEV_KINDS.busy, { id })
    this.#entries.delete(id)
    await end.close(DRAIN_LIMIT)
  }

  /**
   * Puts another chardev in the place of one; what it was joined to stays joined.
   *
   * @returns where it is.
   * @throws DiagnosticError; the old one is then opened again, or CHARDEV_BUSY where it is being opened.
   */
  async change(definition: ChardevDefinition): Promise<string | undefined> {
    const { id } = definition
    const before = this.#requireOpened(id)
    const { joined } = before
    if (joined) this.#requireOpened(joined.other)
    const next = makeEnd(definition, this.#context)
    before.isOpening = true
    await joined?.join.pause()
    await before.end.close(DRAIN_LIMIT)
    try {
      return await this.#open(id, next, joined)
    } catch (error) {
      await this.#reopen(before)
      throw error
    }
  }

  /** In the order in which they were made. */
  list(): readonly ChardevInfo[] {
    return [...this.#entries].map(([label, { end, joined }]) => ({
      label,
      filename: end.filename(),
      'frontend-open': joined !== undefined,
    }))
  }

  has(id: string): boolean {
    return this.#entries.has(id)
  }

  /** The memory of a ringbuf. @throws DiagnosticError CHARDEV_ABSENT, CHARDEV_NOT_RINGBUF */
  ring(id: string): RingBuffer {
    return this.#require(id).ring ?? fail(CHARDEV_KINDS.notRing, { id })
  }

  /**
   * Joins two chardevs: what is read of one is written to the other.
   *
   * @throws DiagnosticError CHARDEV_ABSENT, CHARDEV_BUSY
   */
  join(id: string, otherId: string): Join {
    const [one, other] = [this.#require(id), this.#require(otherId)]
    for (const name of [id, otherId]) {
      if (this.#require(name).joined || one === other) fail(CHARDEV_KINDS.busy, { id: name })
    }
    const link = linkOf(one.end, other.end, this.#context)
    const join = new LastingJoin()
    const forget = () => {
      for (const entry of this.#entries.values()) {
        if (entry.joined?.join === join) delete entry.joined
      }
    }
    join.ended.then(forget, forget)
    one.joined = { join, other: otherId }
    other.joined = { join, other: id }
    join.run(link)
    return join
  }

  /** Ends all in order, within so many milliseconds. */
  async close(limit = DRAIN_LIMIT): Promise<void> {
    this.#isClosed = true
    const entries = [...this.#entries.values()]
    this.#entries.clear()
    const stopped = entries.map(({ joined }) => joined?.join.separate())
    await Promise.all([...stopped, ...entries.map(({ end }) => end.close(limit))])
  }

  /** Opens it, in the place of the one before it; where that fails, neither is there. */
  async #open(id: string, made: MadeEnd, joined?: Entry['joined']): Promise<string | undefined> {
    const entry: Entry = { ...made, isOpening: true }
    this.#entries.set(id, entry)
    try {
      this.#refuseClosed(id)
      const place = await entry.end.start()
      // It was closed while it was being opened, which may have been too early.
      this.#refuseClosed(id)
      entry.isOpening = false
      if (joined && !joined.join.isOver) this.#goOn(entry, joined)
      return place
    } catch (error) {
      this.#entries.delete(id)
      await entry.end.close(0)
      throw error
    }
  }

  #refuseClosed(id: string): void {
    const what = `chardev ${id}`
    if (this.#isClosed)
      fail(CHARDEV_KINDS.unusable, { what, reason: 'all of them are being closed' })
  }

  #goOn(entry: Entry, joined: NonNullable<Entry['joined']>): void {
    joined.join.run(linkOf(entry.end, this.#require(joined.other).end, this.#context))
    entry.joined = joined
  }

  /** @throws DiagnosticError; it is gone then, and who has joined it is told. */
  async #reopen({ end, joined }: Entry): Promise<void> {
    const definition = keepingFiles(end.definition)
    try {
      await this.#open(definition.id, makeEnd(definition, this.#context), joined)
    } catch (error) {
      joined?.join.fail(error)
      throw error
    }
  }

  #requireOpened(id: string): Entry {
    const entry = this.#require(id)
    return entry.isOpening ? fail(CHARDEV_KINDS.busy, { id }) : entry
  }

  #require(id: string): Entry {
    return this.#entries.get(id) ?? fail(CHARDEV_KINDS.absent, { id })
  }
}

/** What was written to its files stays in them. */
function keepingFiles(definition: ChardevDefinition): ChardevDefinition {
  const { log } = definition
  const kept = definition.backend === 'file' ? { ...definition, isAppended: true } : definition
  return log ? { ...kept, log: { ...log, isAppended: true } } : kept
}

/** A socket comes first, else a command: its sessions begin and end those of the other. */
function linkOf(one: ChardevEnd, other: ChardevEnd, { tell }: ChardevContext): RunLink {
  if (one.definition.isMux) return joinMux(one, other, tell)
  if (other.definition.isMux) return joinMux(other, one, tell)
  const [near, far] = rank(other) > rank(one) ? [other, one] : [one, other]
  return joinEnds(near, far, tell)
}

function rank({ definition: { backend } }: ChardevEnd): number {
  if (backend === 'socket') return 2
  return backend === 'exec' ? 1 : 0
}
