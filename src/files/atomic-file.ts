/** Writes files whole or not at all: temporary file, fsync, rename, fsync of the folder. */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { isOutOfDescriptors } from '../diagnostics/system-errors.ts'

/** Marks what a run that was killed may have left; the next run removes it. */
export const TEMPORARY_SUFFIX = '.cryptopolicy-tmp'

/** A replacement that is complete on disk and waits for its rename. */
export type Staged = {
  /** Puts it in place, in one step: either it is there afterwards or it throws. */
  readonly commit: () => void
  /** After the commit: waits until it would survive a power cut. */
  readonly makeDurable: () => void
  /** Takes it away. */
  readonly discard: () => void
}

/** A replacement that is a file or a link. */
export type StagedFile = Staged & {
  /** Where it is until the commit. */
  readonly temporary: string
}

/** The owner and the group of a file, by number. */
export type Owner = { readonly uid: number; readonly gid: number }

/**
 * Prepares the replacement of a file: all that needs space is done here.
 *
 * @param owner The user who is to own it; where it is left out, the user who runs the program.
 */
export function stageFile(
  path: string,
  content: string | Buffer,
  mode = 0o644,
  owner?: Owner,
): StagedFile {
  return stage(path, (temporary) => writeDurable(temporary, content, mode, owner))
}

/**
 * Prepares a file where there is none. Its commit never replaces anything: where another program made
 * a file of the name meanwhile, it throws EEXIST.
 */
export function stageNewFile(
  path: string,
  content: string | Buffer,
  mode = 0o644,
  owner?: Owner,
): StagedFile {
  const write = (temporary: string) => writeDurable(temporary, content, mode, owner)
  return stage(path, write, dirname(path), linkIntoPlace)
}

/** Unlike rename(2), link(2) fails where the name exists. */
function linkIntoPlace(temporary: string, path: string): void {
  linkSync(temporary, path)
  try {
    rmSync(temporary, { force: true })
  } catch {
    // The file is in place all the same. What is left is a second name of it, which the next run removes.
  }
}

/** Prepares the replacement of whatever stands at a path, a folder excepted, by a symbolic link. */
export function stageLink(path: string, target: string): StagedFile {
  return stage(path, (temporary) => symlinkSync(target, temporary))
}

/**
 * Replaces a file. The old one stays until the new one is complete and on disk.
 *
 * @throws where a device or a socket stands there: with the rights of root, /dev/null would be gone.
 */
export function replaceFile(
  path: string,
  content: string | Buffer,
  mode = 0o644,
  owner?: Owner,
): void {
  requireReplaceable(path)
  const replacement = stageFile(path, content, mode, owner)
  commitOrDiscard(replacement)
  replacement.makeDurable()
}

/** Of a folder the rename tells. */
function requireReplaceable(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats?.isBlockDevice() || stats?.isCharacterDevice()) throw new Error('it is a device')
  if (stats?.isSocket()) throw new Error('it is a socket')
}

/** Replaces whatever stands at a path, a folder excepted, by a symbolic link. */
export function replaceLink(path: string, target: string): void {
  linkInPlace(path, target)
  syncFolder(dirname(path))
}

/**
 * Like replaceLink, but leaves it to the caller to wait for the disk, once for many links.
 *
 * @param workshop Where the link is made before it is moved into its place, so that a run that is
 *   killed leaves nothing beside it. A workshop on another file system is passed over.
 */
export function linkInPlace(path: string, target: string, workshop = dirname(path)): void {
  const write = (temporary: string) => symlinkSync(target, temporary)
  try {
    commitOrDiscard(stage(path, write, workshop))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    commitOrDiscard(stage(path, write))
  }
}

function stage(
  path: string,
  write: (temporary: string) => void,
  workshop = dirname(path),
  place: (temporary: string, path: string) => void = renameSync,
): StagedFile {
  const name = `${basename(path)}.${process.pid}-${++staged}${TEMPORARY_SUFFIX}`
  const temporary = join(workshop, name)
  const discard = () => rmSync(temporary, { force: true })
  discard()
  try {
    write(temporary)
  } catch (error) {
    discard()
    throw error
  }
  const commit = () => place(temporary, path)
  const makeDurable = () => syncFolder(dirname(path))
  return { temporary, commit, makeDurable, discard }
}

/** Keeps the temporary names of one process apart. */
let staged = 0

function commitOrDiscard(replacement: Staged): void {
  try {
    replacement.commit()
  } catch (error) {
    replacement.discard()
    throw error
  }
}

/**
 * Makes a folder and those above it. Node's own recursive mkdir never returns where the file system
 * says that a folder it has just seen does not exist, as /proc does.
 *
 * @returns those that were made, from the uppermost on.
 */
export function makeFolder(path: string, mode = 0o777): readonly string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return []
  const above = dirname(path) === path ? [] : makeFolder(dirname(path), mode)
  try {
    mkdirSync(path, mode)
    return [...above, path]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    // Another run made it first; anything but a folder is in the way.
    if (!statSync(path).isDirectory()) throw error
    return above
  }
}

/** Takes folders away again that nothing was put into. */
export function removeEmptyFolders(made: readonly string[]): void {
  for (const path of made.toReversed()) {
    try {
      rmdirSync(path)
    } catch {
      // Something is in it, so it stays, and those above it.
    }
  }
}

/** Writes a new file and waits until it is on disk. Fails where one of that name exists. */
export function writeDurable(
  path: string,
  content: string | Buffer,
  mode = 0o644,
  owner?: Owner,
): void {
  writeNew(path, content, mode, (descriptor) => {
    // A change of owner may take bits of the mode away, so the mode comes last.
    if (owner) fchownSync(descriptor, owner.uid, owner.gid)
    fchmodSync(descriptor, mode)
    fsyncSync(descriptor)
  })
}

/**
 * Writes new files and waits until all are on disk. To write many and then wait takes a fraction of the time
 * of waiting for each: the first wait takes the others along.
 */
export function writeAllDurable(
  files: readonly { readonly path: string; readonly content: string | Buffer }[],
  mode = 0o644,
): void {
  const open: number[] = []
  try {
    for (const { path, content } of files) {
      if (open.length === MOST_OPEN) finishAll(open)
      const descriptor = openUnlessFull(path, mode, open)
      open.push(descriptor)
      writeFileSync(descriptor, content)
      fchmodSync(descriptor, mode)
    }
    finishAll(open)
  } finally {
    for (const descriptor of open) closeSync(descriptor)
  }
}

/** Below the limits of descriptors that systems set. */
const MOST_OPEN = 200

/** Where no descriptor is left, those of files that are written are given back first. */
function openUnlessFull(path: string, mode: number, open: number[]): number {
  try {
    return openSync(path, 'wx', mode)
  } catch (error) {
    if (open.length === 0 || !isOutOfDescriptors(error)) throw error
    finishAll(open)
    return openSync(path, 'wx', mode)
  }
}

/** Waits until all are on disk, and closes them. */
function finishAll(open: number[]): void {
  for (const descriptor of open) fsyncSync(descriptor)
  for (const descriptor of open.splice(0)) closeSync(descriptor)
}

/** Fails where a file of that name exists. */
function writeNew(
  path: string,
  content: string | Buffer,
  mode: number,
  finish: (descriptor: number) => void,
): void {
  const descriptor = openSync(path, 'wx', mode)
  try {
    writeFileSync(descriptor, content)
    finish(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Waits until the names in a folder are on disk. */
export function syncFolder(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
