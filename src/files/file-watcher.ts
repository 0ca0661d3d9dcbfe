/**
 * Notices that files changed: written in place, replaced by a rename, reached through links that
 * now lead elsewhere, gone, or there at last.
 *
 * Folders are watched, not files: a file that is replaced is another one. The stamps of the files
 * say whether anything changed, so whatever else happens in the folders costs little; a slow look
 * at them finds what no event tells of, as on network file systems.
 */
import { type FSWatcher, lstatSync, readlinkSync, statSync, watch } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'

export type FileWatcherOptions = {
  /** How long the files must stay as they are before they are read, in milliseconds. */
  readonly quiet?: number
  /** How often to look without having been told of anything, in milliseconds. */
  readonly interval?: number
}

const QUIET = 50
const INTERVAL = 10_000

/** More links than any system follows. */
const MAX_LINKS = 40

export class FileWatcher {
  readonly #paths: () => readonly string[]
  readonly #onChange: () => void
  readonly #quiet: number
  readonly #watchers = new Map<string, FSWatcher>()
  readonly #interval: NodeJS.Timeout
  #timer: NodeJS.Timeout | undefined
  #told: string
  #seen: string
  #isClosed = false

  /**
   * @param paths The files, asked for again after each change.
   * @param onChange Called when files changed and then stayed as they are for a moment.
   */
  constructor(
    paths: () => readonly string[],
    onChange: () => void,
    { quiet = QUIET, interval = INTERVAL }: FileWatcherOptions = {},
  ) {
    this.#paths = paths
    this.#onChange = onChange
    this.#quiet = quiet
    this.#told = stampOf(paths())
    this.#seen = this.#told
    this.#interval = setInterval(this.#look, interval).unref()
    this.#watchFolders()
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#interval)
    clearTimeout(this.#timer)
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  /** Waits for the files to stay as they are, then tells of a change. */
  #look = (): void => {
    this.#watchFolders()
    const stamp = stampOf(this.#paths())
    if (stamp === this.#told) {
      this.#seen = stamp
      return
    }
    if (stamp !== this.#seen) {
      this.#seen = stamp
      this.lookSoon()
      return
    }
    this.#told = stamp
    this.#onChange()
    if (!this.#isClosed) this.#watchFolders()
  }

  /** Looks at the files, which may have become others. */
  readonly lookSoon = (): void => {
    if (this.#isClosed) return
    clearTimeout(this.#timer)
    // A process that waits for a change goes on for other reasons, or not at all.
    this.#timer = setTimeout(this.#look, this.#quiet).unref()
  }

  /** The folders follow from where the links lead now. */
  #watchFolders(): void {
    const folders = new Set(this.#paths().flatMap(foldersOf))
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue
      watcher.close()
      this.#watchers.delete(folder)
    }
    for (const folder of folders) this.#watchFolder(folder)
  }

  #watchFolder(folder: string): void {
    if (this.#watchers.has(folder)) return
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        // A folder that was replaced has the same name, and this would look at the old one.
        if (name === basename(folder)) this.#forget(folder, watcher)
        this.lookSoon()
      })
      watcher.on('error', () => this.#forget(folder, watcher))
      this.#watchers.set(folder, watcher)
    } catch {
      // Too many watchers, or the folder is gone again: the interval is left.
    }
  }

  #forget(folder: string, watcher: FSWatcher): void {
    watcher.close()
    this.#watchers.delete(folder)
    this.lookSoon()
  }
}

/** Changes with each change of a file, and with nothing else. */
function stampOf(paths: readonly string[]): string {
  return paths.map((path) => `${path} ${stampOfFile(path)}`).join('\n')
}

function stampOfFile(path: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown'
  }
}

/** The folders in which a change could make a path lead to another file. */
function foldersOf(path: string): readonly string[] {
  const folders = new Set<string>()
  let walked: string = sep
  const left = resolve(path).split(sep).filter(Boolean)
  for (let links = 0; left.length > 0 && links <= MAX_LINKS; ) {
    const name = left.shift() ?? ''
    const next = join(walked, name)
    const target = linkTarget(next)
    if (target === 'missing' || left.length === 0) folders.add(walked)
    if (target === 'missing') break
    if (target === undefined) walked = next
    else {
      folders.add(walked)
      const absolute = resolve(dirname(next), target)
      left.unshift(...absolute.split(sep).filter(Boolean))
      walked = sep
      links++
    }
  }
  return [...folders]
}

/** Where a link leads, `missing` where nothing is, undefined where something else is. */
function linkTarget(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined
  } catch {
    return 'missing'
  }
}
