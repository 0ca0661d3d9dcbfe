/**
 * `back-ends` and `state` as programs see them, and how they lead through the switch.
 *
 * Each is a link to the folder of the generation in force. Where it is a real folder already, as a
 * distribution ships it, it stays one (a folder cannot be replaced by a link in one step), and each
 * of our files in it becomes a link through the switch instead.
 */
import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { dirname, isAbsolute, join, relative } from 'node:path'
import { linkInPlace, replaceLink, syncFolder, TEMPORARY_SUFFIX } from '../files/atomic-file.ts'
import {
  GENERATED_FOLDERS,
  type GeneratedFile,
  type GeneratedFiles,
  type GeneratedFolder,
  namesIn,
} from './generated-files.ts'

export class VisibleFolders {
  readonly #base: string
  /** The path through the switch, below the base directory. */
  readonly #current: string

  constructor(base: string, current: string) {
    this.#base = base
    this.#current = current
  }

  /** The files that programs see now. */
  read(): GeneratedFiles {
    const files = new Map<string, GeneratedFile>()
    for (const folder of GENERATED_FOLDERS) {
      for (const name of listNames(join(this.#base, folder))) {
        const file = this.#readFile(folder, name)
        if (file) files.set(`${folder}/${name}`, file)
      }
    }
    return files
  }

  /** Whether all of these files are seen through the switch. */
  areAttached(files: GeneratedFiles): boolean {
    return GENERATED_FOLDERS.every(
      (folder) =>
        this.#isLinked(folder) ||
        namesIn(files, folder).every((name) => this.#isForwarded(folder, name)),
    )
  }

  /** Leads these files through the switch, which has to hold what programs see already. */
  attach(files: GeneratedFiles): void {
    for (const folder of GENERATED_FOLDERS) {
      if (this.#isLinked(folder)) continue
      const path = join(this.#base, folder)
      const isThere = lstatSync(path, { throwIfNoEntry: false }) !== undefined
      if (isThere) this.#forward(folder, namesIn(files, folder))
      else replaceLink(path, join(this.#current, folder))
    }
  }

  /** Removes what a run that was killed has left. */
  repair(): void {
    for (const folder of ['.', ...GENERATED_FOLDERS]) {
      const path = join(this.#base, folder)
      removeNames(path, (name) => name.endsWith(TEMPORARY_SUFFIX))
    }
  }

  #forward(folder: GeneratedFolder, names: readonly string[]): void {
    for (const name of names) {
      if (this.#isForwarded(folder, name)) continue
      const path = join(this.#base, folder, name)
      linkInPlace(path, this.#forwardTarget(folder, name), dirname(join(this.#base, this.#current)))
    }
    syncFolder(join(this.#base, folder))
  }

  #forwardTarget(folder: GeneratedFolder, name: string): string {
    const from = realpathSync(join(this.#base, folder))
    return relative(from, join(realpathSync(this.#base), this.#current, folder, name))
  }

  #isLinked(folder: GeneratedFolder): boolean {
    return readLink(join(this.#base, folder)) === join(this.#current, folder)
  }

  #isForwarded(folder: GeneratedFolder, name: string): boolean {
    const link = readLink(join(this.#base, folder, name))
    return link !== undefined && link === this.#forwardTarget(folder, name)
  }

  #readFile(folder: GeneratedFolder, name: string): GeneratedFile | undefined {
    if (name.endsWith(TEMPORARY_SUFFIX)) return undefined
    const isOurs = this.#isLinked(folder) || this.#isForwarded(folder, name)
    const root = isOurs ? join(this.#base, this.#current) : this.#base
    const path = join(root, folder, name)
    const link = readLink(path)
    // A relative link of somebody else would lead elsewhere from the folder of a generation.
    if (link !== undefined && (isOurs || isAbsolute(link))) return { link }
    const content = readIfPresent(path)
    return content === undefined ? undefined : { content }
  }
}

/** The target of a link, or undefined where there is none. */
export function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

/** The content of a file, or undefined where it cannot be read. */
export function readIfPresent(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}

/** The names in a folder; none where there is no folder. */
export function listNames(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

/** Removes what a folder has under certain names. */
export function removeNames(folder: string, isStale: (name: string) => boolean): void {
  for (const name of listNames(folder)) {
    if (isStale(name)) rmSync(join(folder, name), { recursive: true, force: true })
  }
}
