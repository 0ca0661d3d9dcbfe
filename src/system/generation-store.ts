/**
 * Switches all compiled files at once: every reader sees the old set or the new one, never a mix.
 *
 * A set of files is a generation, a folder of its own:
 *
 *     BASE/.generations/current -> g-N         the one link whose rename is the switch
 *     BASE/.generations/g-N/back-ends/*.config, applications/NAME/*
 *     BASE/.generations/g-N/state/current, CURRENT.pol
 *     BASE/back-ends -> .generations/current/back-ends
 *     BASE/state     -> .generations/current/state
 *
 * Where the last two are real folders, visible-folders.ts says how their files lead here. What
 * programs see does not change until the switch: what is there is first put into a generation.
 */
import { renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fail } from '../diagnostics/diagnostic.ts'
import {
  type Staged,
  stageLink,
  syncFolder,
  TEMPORARY_SUFFIX,
  writeAllDurable,
  writeDurable,
} from '../files/atomic-file.ts'
import { listNames, makeOpenFolder, readLink, removeNames } from './folder-entries.ts'
import {
  APPLICATIONS,
  deeperFolders,
  GENERATED_FOLDERS,
  type GeneratedFiles,
} from './generated-files.ts'
import { keepEntry } from './kept-entry.ts'
import { SYSTEM_KINDS } from './system-diagnostics.ts'
import {
  isSeenAs,
  OPAQUE,
  readContent,
  readVisibleFile,
  type VisibleFiles,
  type VisiblePlace,
} from './visible-files.ts'
import { VisibleFolders } from './visible-folders.ts'

/** What a generation remembers about how it was made, for later questions. */
const RECORD_FILE = 'record.json'

const STORE = '.generations'
const CURRENT = 'current'
const GENERATION = /^g-(\d+)$/

export class GenerationStore {
  readonly #root: string
  readonly #visible: VisibleFolders

  constructor(base: string) {
    this.#root = join(base, STORE)
    this.#visible = new VisibleFolders(base, join(STORE, CURRENT))
  }

  /** The file whose lock guards the store. */
  get lockFile(): string {
    return join(this.#root, 'lock')
  }

  /** What names the set of files in force; each switch changes it. */
  get inForce(): string | undefined {
    return readLink(join(this.#root, CURRENT))
  }

  /** Made before a switch and removed after the services have been reloaded. */
  get reloadMarker(): string {
    return join(this.#root, 'reload-owed')
  }

  /** Whether services have not been told of the last switch. */
  get isReloadOwed(): boolean {
    return statSync(this.reloadMarker, { throwIfNoEntry: false }) !== undefined
  }

  /**
   * Makes the store's folder.
   *
   * @throws DiagnosticError STORE_NOT_OURS where something else stands in its place.
   */
  prepare(): void {
    try {
      makeOpenFolder(this.#root)
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (code !== 'ELOOP' && code !== 'ENOTDIR') throw error
      fail(SYSTEM_KINDS.storeNotOurs, { path: this.#root })
    }
    const current = readLink(join(this.#root, CURRENT))
    if (current !== undefined && !GENERATION.test(current)) {
      fail(SYSTEM_KINDS.storeNotOurs, { path: join(this.#root, CURRENT) })
    }
  }

  /** Removes what a run that was killed has left. The lock must be held. */
  repair(): void {
    this.#removeGenerations()
    removeNames(this.#root, (name) => name.endsWith(TEMPORARY_SUFFIX))
    this.#visible.repair()
  }

  /** What the generation in force remembers, or undefined where there is none. */
  readRecord(): string | undefined {
    return readContent(join(this.#root, CURRENT, RECORD_FILE))?.toString('utf8')
  }

  /** What programs see now; only what has the name of one of these files is looked into. */
  readVisible(ours: GeneratedFiles): VisibleFiles {
    const places = [...this.#visible.list()]
    return new Map(
      places.map(([path, place]) => [path, ours.has(path) ? readVisibleFile(place) : OPAQUE]),
    )
  }

  /** The names of all that programs see now, and whether it is as it is to be. */
  compareVisible(wanted: GeneratedFiles): ReadonlyMap<string, boolean> {
    const isWanted = ([path, place]: readonly [string, VisiblePlace]) => {
      const file = wanted.get(path)
      return [path, file !== undefined && isSeenAs(file, place)] as const
    }
    return new Map([...this.#visible.list()].map(isWanted))
  }

  /** The names of all that programs see; nothing is looked into. */
  listVisible(): readonly string[] {
    return [...this.#visible.list().keys()]
  }

  /** Whether a run was killed after the switch, before it was done. */
  isUnfinished(files: GeneratedFiles): boolean {
    return this.#visible.hasDetours(files)
  }

  /**
   * Writes a set of files and gets everything ready to put it in force, all at once. Files of
   * other names that stand beside them stay.
   */
  stage(files: GeneratedFiles, record: string): Staged {
    if (!this.#visible.areAttached(files)) this.#attach(files)
    const before = readLink(join(this.#root, CURRENT))
    const deeper = deeperFolders(files)
    const generation = this.#write(record, (root) => {
      for (const folder of deeper) makeOpenFolder(join(root, folder))
      writeFiles(root, files)
      for (const path of this.#strangers(files)) this.#keep(path, join(root, path))
      for (const folder of deeper.toReversed()) syncFolder(join(root, folder))
    })
    const link = this.#stageSwitch(generation)
    return {
      commit: link.commit,
      makeDurable: () => {
        link.makeDurable()
        this.#moveFolders(before, generation)
        this.#visible.linkPreBuilt(files)
        this.#tidy()
      },
      discard: () => {
        link.discard()
        this.#tidy()
      },
    }
  }

  /** What programs see under our names is put into a generation, before our links take its place. */
  #attach(files: GeneratedFiles): void {
    this.#visible.requireFreeNames(files)
    const visible = [...this.readVisible(files)].filter(
      ([path, file]) => files.has(path) && !('isOpaque' in file),
    )
    if (visible.length > 0) {
      const record = this.readRecord() ?? '{}'
      const generation = this.#write(record, (root) => {
        for (const folder of deeperFolders(new Map(visible))) makeOpenFolder(join(root, folder))
        for (const [path] of visible) this.#keep(path, join(root, path))
      })
      const snapshot = this.#stageSwitch(generation)
      snapshot.commit()
      snapshot.makeDurable()
    }
    this.#visible.attach(files)
  }

  /** What others have put into the generation in force, where its folders are what programs see. */
  #strangers(files: GeneratedFiles): readonly string[] {
    return GENERATED_FOLDERS.filter((folder) => this.#visible.isLinked(folder)).flatMap((folder) =>
      listNames(join(this.#root, CURRENT, folder))
        .filter((name) => name !== APPLICATIONS)
        .map((name) => `${folder}/${name}`)
        .filter((path) => !files.has(path)),
    )
  }

  #keep(path: string, target: string): void {
    const source = this.#visible.realPath(path)
    keepEntry(source, target, source.startsWith(this.#root))
  }

  /** Folders have one place only, so that they move after the switch. */
  #moveFolders(before: string | undefined, generation: string): void {
    if (before === undefined) return
    for (const folder of GENERATED_FOLDERS.filter((known) => this.#visible.isLinked(known))) {
      const there = listNames(join(this.#root, generation, folder))
      for (const name of listNames(join(this.#root, before, folder))) {
        if (there.includes(name) || name === APPLICATIONS) continue
        const [from, to] = [before, generation].map((root) => join(this.#root, root, folder, name))
        if (from && to && statSync(from).isDirectory()) renameSync(from, to)
      }
    }
  }

  #write(record: string, fill: (root: string) => void): string {
    const name = `g-${Math.max(0, ...this.#listNumbers()) + 1}`
    const root = join(this.#root, name)
    try {
      for (const folder of ['.', ...GENERATED_FOLDERS]) makeOpenFolder(join(root, folder))
      fill(root)
      writeDurable(join(root, RECORD_FILE), record)
      for (const folder of [...GENERATED_FOLDERS, '.']) syncFolder(join(root, folder))
      return name
    } catch (error) {
      rmSync(root, { recursive: true, force: true })
      throw error
    }
  }

  #stageSwitch(generation: string): Staged {
    try {
      return stageLink(join(this.#root, CURRENT), generation)
    } catch (error) {
      rmSync(join(this.#root, generation), { recursive: true, force: true })
      throw error
    }
  }

  /** After a switch, or after its failure, which is what counts then: the next run repairs what is left. */
  #tidy(): void {
    try {
      this.#removeGenerations()
    } catch {}
  }

  /**
   * Removes all generations but the one in force and, for readers that are in the middle of
   * reading, the one before it.
   */
  #removeGenerations(): void {
    const current = readLink(join(this.#root, CURRENT))
    const number = numberOf(current ?? '')
    const previous = Math.max(0, ...this.#listNumbers().filter((other) => other < number))
    const kept = [current, `g-${previous}`]
    removeNames(this.#root, (name) => GENERATION.test(name) && !kept.includes(name))
  }

  #listNumbers(): readonly number[] {
    return listNames(this.#root).map(numberOf)
  }
}

function writeFiles(root: string, files: GeneratedFiles): void {
  const written: { path: string; content: Buffer }[] = []
  for (const [name, file] of files) {
    const path = join(root, name)
    if ('link' in file) symlinkSync(file.link, path)
    else written.push({ path, content: file.content })
  }
  writeAllDurable(written)
}

/** The number of a generation's folder; 0 for any other name. */
function numberOf(name: string): number {
  return Number(GENERATION.exec(name)?.[1] ?? 0)
}
