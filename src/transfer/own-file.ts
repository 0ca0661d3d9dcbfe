/**
 * Whether a file may be believed: in a folder where others may write, a stranger could have put it
 * there, or could change it while it is used.
 */
import { closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { readToEnd } from '../files/text-file.ts'

/** No link is followed, and no pipe is waited for. */
export const OWN_FILE_FLAGS = constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Write permission of the group and of all others. */
const OTHERS_MAY_WRITE = 0o022

/** Says in words why a file is not this user's alone; undefined where it is. */
export function reasonNotOwn(stats: Stats): string | undefined {
  if (!stats.isFile()) return 'it is not a regular file'
  if (stats.uid !== process.geteuid?.()) return 'it belongs to another user'
  if (stats.nlink !== 1) return 'it has more than one name'
  if (stats.mode & OTHERS_MAY_WRITE) return 'other users may write to it'
  return undefined
}

/** What was read, or why nothing was. */
export type OwnText = { readonly text: string } | { readonly reason: string }

/**
 * Reads a small file of this user's own.
 *
 * @param limit In bytes.
 * @returns undefined where there is none.
 */
export function readOwnText(path: string, limit: number): OwnText | undefined {
  let descriptor: number
  try {
    descriptor = openSync(path, constants.O_RDONLY | OWN_FILE_FLAGS)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? undefined : { reason: `it cannot be opened (${code})` }
  }
  try {
    const reason = reasonNotOwn(fstatSync(descriptor))
    return reason === undefined
      ? { text: readToEnd(descriptor, path, limit).toString('utf8') }
      : { reason }
  } catch (error) {
    if (error instanceof DiagnosticError) return { reason: 'it is too large' }
    throw error
  } finally {
    closeSync(descriptor)
  }
}
