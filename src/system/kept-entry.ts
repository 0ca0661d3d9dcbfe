/** An entry of a folder that is to be seen in another one too: never read, its mode never changed. */
import { linkSync, lstatSync, readlinkSync, realpathSync, symlinkSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { writeDurable } from '../files/atomic-file.ts'
import { readContent } from './visible-files.ts'

/**
 * Makes an entry of a folder stand at a second path as well. Of a folder nothing is made, since it
 * can have one place only.
 *
 * @param isAlike Whether both paths are in folders of one shape, so that a relative link means the
 *   same in both.
 */
export function keepEntry(path: string, target: string, isAlike: boolean): void {
  const stats = lstatSync(path)
  if (stats.isDirectory()) return
  if (stats.isSymbolicLink()) {
    symlinkSync(isAlike ? readlinkSync(path) : absoluteTarget(path), target)
    return
  }
  try {
    linkSync(path, target)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV' || !stats.isFile()) throw error
    copyAcross(path, target)
  }
}

/** A relative link would lead elsewhere from another folder. */
function absoluteTarget(path: string): string {
  const target = readlinkSync(path)
  return isAbsolute(target) ? target : join(realpathSync(dirname(path)), target)
}

/** Between two file systems there is no second name, so that the copy gets owner and mode. */
function copyAcross(path: string, target: string): void {
  const { uid, gid, mode } = lstatSync(path)
  writeDurable(target, readContent(path) ?? '', mode & 0o777, { uid, gid })
}
