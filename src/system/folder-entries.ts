/** The entries of our own folders: looked at without following a link. */
import {
  chmodSync,
  closeSync,
  constants,
  type Dirent,
  fchmodSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

/** Every user's programs read the files, whatever the umask of the administrator. */
const OPEN_FOLDER = 0o755

/** The target of a link, or undefined where there is none. */
export function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path)
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

/** The same names, and for each whether it is a link. */
export function listEntries(path: string): readonly Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true })
  } catch {
    return []
  }
}

/** Removes what a folder has under certain names. Of a link only the link itself is removed. */
export function removeNames(folder: string, isStale: (name: string) => boolean): void {
  for (const name of listNames(folder)) {
    if (isStale(name)) rmSync(join(folder, name), { recursive: true, force: true })
  }
}

/**
 * Makes a folder that all users can read, and those above it that are missing. The mode of folders
 * above it that were there stays.
 *
 * @throws an error of the system where a link or anything else stands in its place.
 */
export function makeOpenFolder(path: string): void {
  makeParents(dirname(path))
  makeIfMissing(path)
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
  const descriptor = openSync(path, flags)
  try {
    fchmodSync(descriptor, OPEN_FOLDER)
  } finally {
    closeSync(descriptor)
  }
}

function makeParents(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return
  if (dirname(path) !== path) makeParents(dirname(path))
  if (makeIfMissing(path)) chmodSync(path, OPEN_FOLDER)
}

/** Whether this call has made it. */
function makeIfMissing(path: string): boolean {
  try {
    mkdirSync(path, OPEN_FOLDER)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  }
}
