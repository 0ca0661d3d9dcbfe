/** The endpoint file that is in force: applied by difference, as a whole or not at all. */
import { CHARDEV_KINDS } from '../../chardev/chardev-diagnostics.ts'
import {
  asSaidByFile,
  type Diagnostic,
  DiagnosticError,
  diagnose,
} from '../../diagnostics/diagnostic.ts'
import { ENDPOINT_KINDS } from '../../endpoint/endpoint-diagnostics.ts'
import { handingSocketsOver } from '../../endpoint/listening-sockets.ts'
import { FILE_KINDS } from '../../files/file-diagnostics.ts'
import { MIGRATION_KINDS } from '../../migration/migration-diagnostics.ts'
import { RECEIVE_KINDS } from '../../migration/receive/receive-diagnostics.ts'
import type { ObjectDefinition } from '../../options/object-definition.ts'
import { HOST_KINDS } from '../host/host-diagnostics.ts'
import type { HostObjects } from '../host/host-objects.ts'
import type { FileHost, StartedEntry } from '../sections/section.ts'
import type { EndpointFile, ReadEntry } from './endpoint-file.ts'
import { FILE_DIAGNOSTIC_KINDS } from './file-diagnostics.ts'
import { compareFiles, type FileDifference } from './file-difference.ts'
import { makeObjects } from './object-uses.ts'
import { refuseSamePlaces } from './place-conflicts.ts'

/** How long requests may take that are under way in an entry that is stopped, in milliseconds. */
const DRAIN_LIMIT = 5_000

/** Those that stand on others end before them, but for exports: their server waits for their clients. */
const ENDING_TURNS = ['on others', 'alone', 'last'] as const

function turnOf({ section, needs }: ReadEntry): (typeof ENDING_TURNS)[number] {
  if (section.endsLast) return 'last'
  return needs.length > 0 ? 'on others' : 'alone'
}

/** What one application changed, by name. */
export type AppliedChange = {
  readonly started: readonly string[]
  readonly stopped: readonly string[]
  readonly objects: readonly string[]
  readonly warnings: readonly Diagnostic[]
}

type Undo = () => Promise<void> | void

export class FileInForce {
  readonly #host: FileHost
  readonly #running = new Map<string, StartedEntry>()
  #file: EndpointFile
  /** Settles when no file is being applied. */
  #applied: Promise<unknown> = Promise.resolve()

  /** @param objects Those that the host has already. */
  constructor(host: FileHost, objects: readonly ObjectDefinition[] = []) {
    this.#host = host
    this.#file = { objects, entries: [] }
  }

  /** Where what listens does so, by the name of its entry. */
  get places(): ReadonlyMap<string, string> {
    return new Map(
      [...this.#running].flatMap(([name, { place }]) =>
        place === undefined ? [] : [[name, place]],
      ),
    )
  }

  /**
   * Brings the host from the file before to this one. What is the same in both is not touched: its
   * connections stay.
   *
   * @throws DiagnosticError where anything of it is refused. What was changed by then is undone.
   */
  async apply(next: EndpointFile): Promise<AppliedChange> {
    const applied = this.#apply(next)
    this.#applied = applied.catch(() => {})
    return applied
  }

  async #apply(next: EndpointFile): Promise<AppliedChange> {
    const difference = compareFiles(this.#file, next)
    refuseOtherTypes(this.#file, difference)
    await refuseSamePlaces(next)
    // All that is refused of the objects is told before anything is changed.
    makeObjects(next, this.#host.context)
    return handingSocketsOver(() => this.#replace(next, difference))
  }

  async #replace(next: EndpointFile, difference: FileDifference): Promise<AppliedChange> {
    const undo: Undo[] = []
    try {
      const warnings = await this.#change(difference, undo)
      this.#file = next
      const { objects, started, stopped } = difference
      const names = (entries: readonly ReadEntry[]) => entries.map(({ name }) => name)
      const changed = [...objects.added, ...objects.changed, ...objects.removed].map(({ id }) => id)
      return { started: names(started), stopped: names(stopped), objects: changed, warnings }
    } catch (error) {
      const lost = await undoAll(undo)
      if (lost.length > 0) this.#keepWhatIsLeft(difference)
      if (lost.length === 0 || !(error instanceof DiagnosticError)) throw error
      throw new DiagnosticError([...error.diagnostics, ...lost])
    }
  }

  /** What could not be undone differs from the next file, also where that is the one before: so it is mended. */
  #keepWhatIsLeft({ objects: { changed } }: FileDifference): void {
    const { objects, entries } = this.#file
    const ids = new Set(changed.map(({ id }) => id))
    const asItIs = (one: ObjectDefinition) =>
      (ids.has(one.id) ? this.#host.endpoints.objects.find(one.id) : undefined) ?? one
    this.#file = {
      ...this.#file,
      objects: objects.map(asItIs),
      entries: entries.filter(({ name }) => this.#running.has(name)),
    }
  }

  /**
   * Ends all entries; called once more, it gives their clients no more time than this.
   *
   * @param limit For what is under way, in milliseconds.
   */
  async end(limit: number): Promise<void> {
    // What is being started meanwhile has its end too.
    await this.#applied
    await stopInTurns(
      this.#file.entries.map((entry) => ({
        turn: turnOf(entry),
        stop: async () => this.#running.get(entry.name)?.stop(limit),
      })),
    )
  }

  async #change(difference: FileDifference, undo: Undo[]): Promise<readonly Diagnostic[]> {
    const { objects } = this.#host.endpoints
    const { added, changed, removed } = difference.objects
    const warnings: Diagnostic[] = []
    await this.#stopAll(difference.stopped, undo)
    for (const one of secretsFirst([...added, ...changed])) {
      warnings.push(...define(objects, one, undo))
    }
    for (const entry of difference.started) {
      const { warnings: noticed = [] } = await this.#start(entry, undo)
      warnings.push(...noticed)
    }
    // Nothing of the new file names them, so that nothing can fail from here on.
    for (const { id } of removed) if (objects.find(id)) objects.remove(id)
    return warnings
  }

  /** What waits for its clients waits at the same time as others, as far as none stands on the other. */
  async #stopAll(entries: readonly ReadEntry[], undo: Undo[]): Promise<void> {
    const stops = entries.flatMap((entry) => {
      const running = this.#running.get(entry.name)
      if (!running) return []
      undo.push(() => this.#restore(entry))
      this.#running.delete(entry.name)
      return { turn: turnOf(entry), stop: () => running.stop(DRAIN_LIMIT) }
    })
    await stopInTurns(stops)
  }

  async #restore(entry: ReadEntry): Promise<void> {
    const { name, start } = entry
    try {
      this.#running.set(name, await start(this.#host))
    } catch (error) {
      throw new DiagnosticError([
        ...(error instanceof DiagnosticError ? error.diagnostics : []),
        diagnose(FILE_DIAGNOSTIC_KINDS.notRestored, { entry: name }, placeOf(entry)),
      ])
    }
  }

  /** The errors of an entry are told at its line. */
  async #start(entry: ReadEntry, undo: Undo[]): Promise<StartedEntry> {
    const { name, start } = entry
    try {
      const running = await start(this.#host)
      this.#running.set(name, running)
      undo.push(async () => {
        this.#running.delete(name)
        await running.stop(0)
      })
      return running
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error
      throw new DiagnosticError(error.diagnostics.map((one) => asSaidByFile(withPlace(one, entry))))
    }
  }
}

type Stop = {
  readonly turn: (typeof ENDING_TURNS)[number]
  readonly stop: () => Promise<void>
}

/** @throws the first failure, when all have ended. */
async function stopInTurns(stops: readonly Stop[]): Promise<void> {
  const failures: unknown[] = []
  for (const turn of ENDING_TURNS) {
    const ending = stops.filter((one) => one.turn === turn).map(({ stop }) => stop())
    // One that fails keeps no other from its end.
    for (const end of await Promise.allSettled(ending)) {
      if (end.status === 'rejected') failures.push(end.reason)
    }
  }
  if (failures.length > 0) throw failures[0]
}

function placeOf({ definition: { places } }: ReadEntry) {
  return places?.get('listen') ?? places?.get('id') ?? places?.get('')
}

/** What is refused of the `file` of an entry. */
const OF_FILE: ReadonlySet<string> = new Set(
  [
    ...Object.values(FILE_KINDS),
    RECEIVE_KINDS.unusablePlace,
    MIGRATION_KINDS.folderNotEmpty,
    HOST_KINDS.cannotOpen,
  ].map(({ code }) => code),
)

function withPlace(diagnostic: Diagnostic, entry: ReadEntry): Diagnostic {
  const property = propertyOf(diagnostic, entry)
  const own = property === undefined ? undefined : entry.definition.places?.get(property)
  const span = diagnostic.span ?? own ?? placeOf(entry)
  return span ? { ...diagnostic, span } : diagnostic
}

/** The property that says what is refused. */
function propertyOf({ code, message }: Diagnostic, entry: ReadEntry): string | undefined {
  if (OF_FILE.has(code)) return 'file'
  if (code === ENDPOINT_KINDS.cannotListen.code) return entry.takes?.[0]?.property
  if (code !== CHARDEV_KINDS.cannotOpen.code) return undefined
  const { properties } = entry.definition
  return ['path', 'logfile'].find((name) => message.includes(`'${properties[name]}'`))
}

/** Makes an object, or gives the one that is there its new properties. */
function define(
  objects: HostObjects,
  definition: ObjectDefinition,
  undo: Undo[],
): readonly Diagnostic[] {
  const before = objects.find(definition.id)
  const warnings = before ? objects.tls.redefine(definition) : objects.add(definition)
  undo.push(() => {
    if (before) objects.tls.redefine(before)
    else objects.remove(definition.id)
  })
  return warnings
}

function refuseOtherTypes(before: EndpointFile, { objects }: FileDifference): void {
  const old = new Map(before.objects.map((one) => [one.id, one.type]))
  const refused = objects.changed.flatMap(({ id, type, places }) => {
    const was = old.get(id)
    if (was === undefined || was === type) return []
    const data = { id, before: was, after: type }
    return diagnose(FILE_DIAGNOSTIC_KINDS.typeChanged, data, places?.get('qom-type'))
  })
  if (refused.length > 0) throw new DiagnosticError(refused)
}

/** An object is made with the secrets that are there, and a secret with the one that encrypts it. */
function secretsFirst(objects: readonly ObjectDefinition[]): readonly ObjectDefinition[] {
  const rank = ({ type, properties }: ObjectDefinition) =>
    type !== 'secret' ? 2 : properties.keyid === undefined ? 0 : 1
  return objects.toSorted((one, other) => rank(one) - rank(other))
}

/** The last change first. @returns what could not be undone. */
async function undoAll(undo: readonly Undo[]): Promise<readonly Diagnostic[]> {
  const lost: Diagnostic[] = []
  for (const step of [...undo].reverse()) {
    try {
      await step()
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error
      lost.push(...error.diagnostics)
    }
  }
  return lost
}
