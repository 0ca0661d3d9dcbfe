/** Whether a new file can take the place of one that is there, with nothing lost but the content. */
import { randomBytes } from 'node:crypto'
import {
  accessSync,
  closeSync,
  constants,
  fchownSync,
  openSync,
  readlinkSync,
  type Stats,
  unlinkSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/** Says in words why a file has to be written in place; undefined where it can be replaced. */
export function reasonInPlace(path: string, present: Stats): string | undefined {
  if (present.nlink > 1) return 'it has more than one name (hard links)'
  if (!mayMakeFiles(dirname(path))) return 'no file can be made in its folder'
  return reasonOfOwner(path, present)
}

/** Says in words why a new file cannot belong to whom the present one does; undefined where it can. */
export function reasonOfOwner(path: string, present: Stats): string | undefined {
  if (present.uid === process.geteuid?.() && present.gid === process.getegid?.()) return undefined
  return canGiveAway(path, present) ? undefined : 'a new file cannot get its owner and group'
}

function mayMakeFiles(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Tries it on a file of its own, which is gone before anything is in it. */
function canGiveAway(path: string, { uid, gid }: Stats): boolean {
  const unique = randomBytes(8).toString('hex')
  const probe = join(dirname(path), `.${basename(path)}.${unique}.cryptopolicy-tmp`)
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  const descriptor = openSync(probe, flags, 0o600)
  try {
    fchownSync(descriptor, uid, gid)
    return true
  } catch {
    return false
  } finally {
    closeSync(descriptor)
    unlinkSync(probe)
  }
}

/** As many links in a row as Linux follows. */
const LINKS = 40

/** Where a file is made that is opened through a link to nothing; the path itself if it is no link. */
export function placeOfDanglingLink(path: string): string {
  let end = path
  for (let count = 0; count < LINKS; count++) {
    const target = linkTarget(end)
    if (target === undefined) return end
    end = resolve(dirname(end), target)
  }
  return end
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
