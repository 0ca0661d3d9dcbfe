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
 * Where `back-ends` or `state` is a real folder already, as a distribution ships it, it stays one
 * (a folder cannot be replaced by a link in one step) and each file in it becomes a link through
 * `current`. What readers see does not change until the switch: the old files are first copied
 * into a generation of their own.
 */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import {
  replaceLink,
  type Staged,
  stageLink,
  syncFolder,
  TEMPORARY_SUFFIX,
  writeDurable,
} from './atomic-file.ts'

/** The folders that a generation holds. */
const FOLDERS = ['back-ends', 'state'] as const

type Folder = (typeof FOLDERS)[number]

/** A file of a generation: content of its own, or a link to a pre-built output. */
export type GeneratedFile = { readonly content: Buffer } | { readonly link: string }

/** All files by their path below the base directory, such as `back-ends/gnutls.config`. */
export type GeneratedFiles = ReadonlyMap<string, GeneratedFile>

/** What a generation remembers about how it was made, for later questions. */
export const RECORD_FILE = 'record.json'

const CURRENT = 'current'
const GENERATION = /^g-(\d+)$/

export class GenerationStore {
  readonly #base: string
  readonly #root: string

  constructor(base: string) {
    this.#base = base
    this.#root = join(base, '.generations')
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
    makeFolder(this.#root)
  }

  /** Removes what a run that was killed has left. The lock must be held. */
  repair(): void {
    this.#removeGenerations()
    for (const folder of [
      this.#root,
      this.#base,
      ...FOLDERS.map((name) => join(this.#base, name)),
    ]) {
      removeNames(folder, (name) => name.endsWith(TEMPORARY_SUFFIX))
    }
  }

  /** What the generation in force remembers, or undefined where there is none. */
  readRecord(): string | undefined {
    return readIfPresent(join(this.#root, CURRENT, RECORD_FILE))?.toString('utf8')
  }

  /** The files that readers see now. */
  readVisible(): GeneratedFiles {
    const files = new Map<string, GeneratedFile>()
    for (const folder of FOLDERS) {
      for (const name of listNames(join(this.#base, folder))) {
        const file = this.#readVisibleFile(folder, name)
        if (file) files.set(`${folder}/${name}`, file)
      }
    }
    return files
  }

  /** Whether everything that readers see goes through the switch. */
  isAttached(files: GeneratedFiles): boolean {
    return FOLDERS.every(
      (folder) =>
        this.#isFolderLink(folder) ||
        namesIn(files, folder).every((name) => this.#isForwarded(folder, name)),
    )
  }

  /**
   * Writes a set of files and gets everything ready to put it in force, all at once. Files of
   * other names that stand beside them stay.
   */
  stage(files: GeneratedFiles, record: string): Staged {
    const all = new Map([...this.readVisible(), ...files])
    if (!this.isAttached(files)) this.#attach(files)
    const generation = this.#write(all, record)
    const link = this.#stageSwitch(generation)
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
    for (const folder of FOLDERS) {
      if (this.#isFolderLink(folder)) continue
      const path = join(this.#base, folder)
      const isThere = lstatSync(path, { throwIfNoEntry: false }) !== undefined
      if (isThere) this.#forward(folder, namesIn(files, folder))
      else replaceLink(path, folderTarget(folder))
    }
  }

  #forward(folder: Folder, names: readonly string[]): void {
    for (const name of names) {
      if (this.#isForwarded(folder, name)) continue
      linkInPlace(join(this.#base, folder, name), this.#forwardTarget(folder, name))
    }
    syncFolder(join(this.#base, folder))
  }

  #forwardTarget(folder: Folder, name: string): string {
    const from = realpathSync(join(this.#base, folder))
    return relative(from, join(realpathSync(this.#root), CURRENT, folder, name))
  }

  #isFolderLink(folder: Folder): boolean {
    return readLink(join(this.#base, folder)) === folderTarget(folder)
  }

  #isForwarded(folder: Folder, name: string): boolean {
    const link = readLink(join(this.#base, folder, name))
    return link !== undefined && link === this.#forwardTarget(folder, name)
  }

  #readVisibleFile(folder: Folder, name: string): GeneratedFile | undefined {
    const through = !this.#isFolderLink(folder) && this.#isForwarded(folder, name)
    const path = through ? join(this.#root, CURRENT, folder, name) : join(this.#base, folder, name)
    if (name.endsWith(TEMPORARY_SUFFIX)) return undefined
    const link = readLink(path)
    if (link !== undefined) return { link }
    const content = readIfPresent(path)
    return content === undefined ? undefined : { content }
  }

  #write(files: GeneratedFiles, record: string): string {
    const name = this.#nextName()
    const root = join(this.#root, name)
    try {
      for (const folder of ['.', ...FOLDERS]) makeFolder(join(root, folder))
      for (const [path, file] of files) {
        if ('link' in file) symlinkSync(file.link, join(root, path))
        else writeDurable(join(root, path), file.content)
      }
      writeDurable(join(root, RECORD_FILE), record)
      for (const folder of [...FOLDERS, '.']) syncFolder(join(root, folder))
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

  #nextName(): string {
    const numbers = listNames(this.#root).map((name) => Number(GENERATION.exec(name)?.[1] ?? 0))
    return `g-${Math.max(0, ...numbers) + 1}`
  }

  /**
   * Removes all generations but the one in force and, for readers that are in the middle of
   * reading, the one before it.
   */
  #removeGenerations(): void {
    const current = readLink(join(this.#root, CURRENT))
    const kept = [current, this.#previousOf(current)]
    removeNames(this.#root, (name) => GENERATION.test(name) && !kept.includes(name))
  }

  #previousOf(current: string | undefined): string | undefined {
    const number = Number(GENERATION.exec(current ?? '')?.[1] ?? 0)
    const older = listNames(this.#root)
      .map((name) => Number(GENERATION.exec(name)?.[1] ?? 0))
      .filter((other) => other > 0 && other < number)
    return older.length > 0 ? `g-${Math.max(...older)}` : undefined
  }
}

/** Whether two sets of files are the same, contents and links. */
export function sameFiles(a: GeneratedFiles, b: GeneratedFiles): boolean {
  return a.size === b.size && [...a].every(([path, file]) => sameFile(file, b.get(path)))
}

/** Whether two files are the same, byte for byte or link for link. */
export function sameFile(a: GeneratedFile, b: GeneratedFile | undefined): boolean {
  if (!b) return false
  if ('link' in a) return 'link' in b && a.link === b.link
  return 'content' in b && a.content.equals(b.content)
}

function folderTarget(folder: Folder): string {
  return join('.generations', CURRENT, folder)
}

/** Every user's programs read the files, whatever the umask of the administrator. */
function makeFolder(path: string): void {
  mkdirSync(path, { recursive: true })
  chmodSync(path, 0o755)
}

function namesIn(files: GeneratedFiles, folder: Folder): readonly string[] {
  const prefix = `${folder}/`
  return [...files.keys()]
    .filter((path) => path.startsWith(prefix))
    .map((path) => path.slice(prefix.length))
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

function readIfPresent(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}

/** Like replaceLink, but leaves it to the caller to wait for the disk, once for many links. */
function linkInPlace(path: string, target: string): void {
  const temporary = `${path}${TEMPORARY_SUFFIX}`
  rmSync(temporary, { force: true })
  symlinkSync(target, temporary)
  renameSync(temporary, path)
}

function removeNames(folder: string, isStale: (name: string) => boolean): void {
  for (const name of listNames(folder)) {
    if (isStale(name)) rmSync(join(folder, name), { recursive: true, force: true })
  }
}

function listNames(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
