/**
 * Switches all compiled files at once: every reader sees the old set or the new one, never a mix.
 *
 * A set of files is a generation, a folder of its own:
 *
 *     BASE/.generations/current -> g-N         the one link whose rename is the switch
 *     BASE/.generations/g-N/back-ends/*.config
 *     BASE/.generations/g-N/state/current, CURRENT.pol
 *     BASE/back-ends -> .generations/current/back-ends
 *     BASE/state     -> .generations/current/state
 *
 * Where the last two are real folders, visible-folders.ts says how their files lead here. What
 * programs see does not change until the switch: what is there is first copied into a generation.
 */
import { chmodSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import {
  makeFolder,
  type Staged,
  stageLink,
  syncFolder,
  TEMPORARY_SUFFIX,
  writeDurable,
} from '../files/atomic-file.ts'
import { GENERATED_FOLDERS, type GeneratedFiles } from './generated-files.ts'
import {
  listNames,
  readIfPresent,
  readLink,
  removeNames,
  VisibleFolders,
} from './visible-folders.ts'

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

  /** Made before a switch and removed after the services have been reloaded. */
  get reloadMarker(): string {
    return join(this.#root, 'reload-pending')
  }

  /** Makes the store's folder. */
  prepare(): void {
    makeOpenFolder(this.#root)
  }

  /** Removes what a run that was killed has left. The lock must be held. */
  repair(): void {
    this.#removeGenerations()
    removeNames(this.#root, (name) => name.endsWith(TEMPORARY_SUFFIX))
    this.#visible.repair()
  }

  /** What the generation in force remembers, or undefined where there is none. */
  readRecord(): string | undefined {
    return readIfPresent(join(this.#root, CURRENT, RECORD_FILE))?.toString('utf8')
  }

  /** The files that programs see now. */
  readVisible(): GeneratedFiles {
    return this.#visible.read()
  }

  /**
   * Writes a set of files and gets everything ready to put it in force, all at once. Files of
   * other names that stand beside them stay.
   */
  stage(files: GeneratedFiles, record: string): Staged {
    const all = new Map([...this.readVisible(), ...files])
    if (!this.#visible.areAttached(files)) this.#attach(files)
    const link = this.#stageSwitch(this.#write(all, record))
    return {
      commit: link.commit,
      settle: () => {
        link.settle()
        this.#removeGenerations()
      },
      discard: () => {
        link.discard()
        this.#removeGenerations()
      },
    }
  }

  #attach(files: GeneratedFiles): void {
    const visible = this.readVisible()
    if (visible.size > 0) {
      const snapshot = this.#stageSwitch(this.#write(visible, this.readRecord() ?? '{}'))
      snapshot.commit()
      snapshot.settle()
    }
    this.#visible.attach(files)
  }

  #write(files: GeneratedFiles, record: string): string {
    const name = `g-${Math.max(0, ...this.#listNumbers()) + 1}`
    const root = join(this.#root, name)
    try {
      for (const folder of ['.', ...GENERATED_FOLDERS]) makeOpenFolder(join(root, folder))
      for (const [path, file] of files) {
        if ('link' in file) symlinkSync(file.link, join(root, path))
        else writeDurable(join(root, path), file.content)
      }
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

/** The number of a generation's folder; 0 for any other name. */
function numberOf(name: string): number {
  return Number(GENERATION.exec(name)?.[1] ?? 0)
}

/** Every user's programs read the files, whatever the umask of the administrator. */
function makeOpenFolder(path: string): void {
  makeFolder(path)
  chmodSync(path, 0o755)
}
