/**
 * `back-ends` and `state` as programs see them, and how they lead through the switch.
 *
 * Each is a link to the folder of the generation in force. Where it is a real folder already, as a
 * distribution ships it, it stays one (a folder cannot be replaced by a link in one step), and each
 * of our files in it becomes a link through the switch instead. A link to a pre-built output leads
 * straight to it again as soon as the switch is made: audits look where these links lead.
 *
 * Files of other programs are never read, and never written to.
 */
import { type Dirent, lstatSync, realpathSync, rmSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fail } from '../diagnostics/diagnostic.ts'
import { linkInPlace, replaceLink, syncFolder, TEMPORARY_SUFFIX } from '../files/atomic-file.ts'
import { listEntries, listNames, readLink, removeNames } from './folder-entries.ts'
import {
  APPLICATIONS,
  firstName,
  GENERATED_FOLDERS,
  type GeneratedFiles,
  type GeneratedFolder,
  namesIn,
} from './generated-files.ts'
import { SYSTEM_KINDS } from './system-diagnostics.ts'
import type { VisiblePlace } from './visible-files.ts'

type NamedEntry = { readonly name: string; readonly isLink: boolean }

export class VisibleFolders {
  readonly #base: string
  /** The path through the switch, below the base directory. */
  readonly #current: string

  constructor(base: string, current: string) {
    this.#base = base
    this.#current = current
  }

  /** The names of what programs see now, such as `back-ends/x.config`, and how to find what is there. */
  list(): ReadonlyMap<string, VisiblePlace> {
    const places = new Map<string, VisiblePlace>()
    for (const folder of GENERATED_FOLDERS) {
      const placeOf = this.#placesIn(folder)
      for (const { name, isLink } of this.#listNames(folder)) {
        const path = `${folder}/${name}`
        places.set(path, {
          file: join(this.#base, path),
          // What is no link where programs see it leads nowhere else.
          readLink: () => (isLink ? readLink(placeOf(name)) : undefined),
        })
      }
    }
    return places
  }

  /** Where an entry of a folder is kept, such as `back-ends/x.config`: there, or in a generation. */
  realPath(path: string): string {
    const folder = GENERATED_FOLDERS.find((known) => path.startsWith(`${known}/`))
    return folder ? this.#placesIn(folder)(path.slice(folder.length + 1)) : join(this.#base, path)
  }

  /** The same for many names in one folder: where the folder leads is looked at once, and the names below one. */
  #placesIn(folder: GeneratedFolder): (name: string) => string {
    const isLinked = this.isLinked(folder)
    const forwarded = new Map<string, boolean>()
    return (name) => {
      const first = firstName(name)
      const isInGeneration = isLinked || (forwarded.get(first) ?? this.#isForwarded(folder, first))
      forwarded.set(first, isInGeneration)
      return join(this.#base, isInGeneration ? this.#current : '.', folder, name)
    }
  }

  /** Whether the folder is our link, so that all of its entries are in the generation. */
  isLinked(folder: GeneratedFolder): boolean {
    return readLink(join(this.#base, folder)) === join(this.#current, folder)
  }

  /** Whether all of these files are seen through the switch. */
  areAttached(files: GeneratedFiles): boolean {
    return GENERATED_FOLDERS.every(
      (folder) =>
        this.isLinked(folder) ||
        namesIn(files, folder).every((name) => this.#isForwarded(folder, name)),
    )
  }

  /** Whether a link to a pre-built output still goes through the switch: a run was killed there. */
  hasDetours(files: GeneratedFiles): boolean {
    return GENERATED_FOLDERS.some(
      (folder) =>
        !this.isLinked(folder) &&
        linksIn(files, folder).some(({ name }) => this.#isForwarded(folder, name)),
    )
  }

  /**
   * Refuses what no link can take the place of: a folder. Anything but our link in the place of the folder
   * of applications belongs to another program.
   */
  requireFreeNames(files: GeneratedFiles): void {
    for (const folder of GENERATED_FOLDERS) {
      if (this.isLinked(folder)) continue
      for (const name of namesIn(files, folder)) this.#requireFreeName(folder, name)
    }
  }

  /** Leads these files through the switch, which has to hold what programs see already. */
  attach(files: GeneratedFiles): void {
    for (const folder of GENERATED_FOLDERS) {
      if (this.isLinked(folder)) continue
      const path = join(this.#base, folder)
      const isThere = lstatSync(path, { throwIfNoEntry: false }) !== undefined
      if (isThere) this.#forward(folder, namesIn(files, folder))
      else replaceLink(path, join(this.#current, folder))
    }
  }

  /** After a switch: what is a link to a pre-built output needs no way through the switch. */
  linkPreBuilt(files: GeneratedFiles): void {
    for (const folder of GENERATED_FOLDERS) {
      const links = this.isLinked(folder) ? [] : linksIn(files, folder)
      for (const { name, target } of links) this.#link(folder, name, target)
      this.#removeApplications(folder, files)
      if (links.length > 0) syncFolder(join(this.#base, folder))
    }
  }

  /** Removes what a run that was killed has left. */
  repair(): void {
    for (const folder of ['.', ...GENERATED_FOLDERS]) {
      removeNames(join(this.#base, folder), (name) => name.endsWith(TEMPORARY_SUFFIX))
    }
  }

  /** Names of files, those of applications with their folders: `applications/NAME/FILE`. */
  #listNames(folder: GeneratedFolder): readonly NamedEntry[] {
    return listEntries(join(this.#base, folder))
      .filter(({ name }) => !name.endsWith(TEMPORARY_SUFFIX))
      .flatMap((entry) =>
        entry.name === APPLICATIONS ? this.#listDeeper(folder) : nameEntry(entry, entry.name),
      )
  }

  #listDeeper(folder: GeneratedFolder): readonly NamedEntry[] {
    const root = join(this.#base, folder, APPLICATIONS)
    return listNames(root).flatMap((application) =>
      listEntries(join(root, application)).map((entry) =>
        nameEntry(entry, `${APPLICATIONS}/${application}/${entry.name}`),
      ),
    )
  }

  #forward(folder: GeneratedFolder, names: readonly string[]): void {
    for (const name of names) {
      if (!this.#isForwarded(folder, name)) {
        this.#link(folder, name, this.#forwardTarget(folder, name))
      }
    }
    syncFolder(join(this.#base, folder))
  }

  #requireFreeName(folder: GeneratedFolder, name: string): void {
    const path = join(this.#base, folder, name)
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats === undefined || this.#isForwarded(folder, name)) return
    if (name === APPLICATIONS) fail(SYSTEM_KINDS.storeNotOurs, { path })
    if (stats.isDirectory()) throw Object.assign(new Error('EISDIR'), { code: 'EISDIR', path })
  }

  /** The link to the folder of applications, where no application is left. */
  #removeApplications(folder: GeneratedFolder, files: GeneratedFiles): void {
    const isLeft = !this.isLinked(folder) && this.#isForwarded(folder, APPLICATIONS)
    if (isLeft && !namesIn(files, folder).includes(APPLICATIONS)) {
      rmSync(join(this.#base, folder, APPLICATIONS), { force: true })
    }
  }

  #link(folder: GeneratedFolder, name: string, target: string): void {
    const workshop = dirname(join(this.#base, this.#current))
    linkInPlace(join(this.#base, folder, name), target, workshop)
  }

  #forwardTarget(folder: GeneratedFolder, name: string): string {
    const from = realpathSync(join(this.#base, folder))
    return relative(from, join(realpathSync(this.#base), this.#current, folder, name))
  }

  #isForwarded(folder: GeneratedFolder, name: string): boolean {
    const link = readLink(join(this.#base, folder, name))
    return link !== undefined && link === this.#forwardTarget(folder, name)
  }
}

function nameEntry(entry: Dirent, name: string): NamedEntry {
  return { name, isLink: entry.isSymbolicLink() }
}

function linksIn(files: GeneratedFiles, folder: GeneratedFolder) {
  return namesIn(files, folder).flatMap((name) => {
    const file = files.get(`${folder}/${name}`)
    return file && 'link' in file ? [{ name, target: file.link }] : []
  })
}
