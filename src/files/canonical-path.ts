/** The one path of a file among all that lead to it, also of one that is not there yet. */
import { readlinkSync, realpathSync } from 'node:fs'
import { basename, dirname, isAbsolute, join } from 'node:path'

/** As many links as Linux follows. */
const LINK_LIMIT = 40

/**
 * @param path Without a NUL.
 * @returns the path without links, `.` and `..`; as far as folders are there, by what they are.
 */
export function canonicalPath(path: string): string {
  return follow(path, LINK_LIMIT)
}

function follow(path: string, links: number): string {
  const found = tryCall(() => realpathSync.native(path))
  if (found !== undefined) return found
  const folder = dirname(path)
  // The root, or the current folder where it was removed.
  if (folder === path) return path
  const target = tryCall(() => readlinkSync(path))
  if (target !== undefined && links > 0) {
    // `..` in a target means the parent of what its links lead to, so that no text is shortened here.
    return follow(isAbsolute(target) ? target : `${folder}/${target}`, links - 1)
  }
  return join(follow(folder, links), basename(path))
}

/** Whatever keeps it from being read: what uses the path tells of that. */
function tryCall(call: () => string): string | undefined {
  try {
    return call()
  } catch {
    return undefined
  }
}
