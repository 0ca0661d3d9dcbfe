/** What the kernel says of this process: which files it has open, and which folders it watches. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'

/** The files at or below a path that are open, one for each descriptor. */
export function openFilesBelow(path: string): readonly string[] {
  return readdirSync('/proc/self/fd')
    .map(linkOfDescriptor)
    .filter((target) => target === path || target.startsWith(`${path}/`))
}

/** Empty where the descriptor is gone again: other tests run in this process. */
function linkOfDescriptor(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`)
  } catch {
    return ''
  }
}

/** Which of the folders inotify(7) watches. */
export function watchedAmong(folders: readonly string[]): readonly string[] {
  const inodes = new Set(watchedInodes())
  return folders.filter((folder) => inodes.has(statSync(folder).ino.toString(16)))
}

function watchedInodes(): readonly string[] {
  return readdirSync('/proc/self/fdinfo').flatMap((descriptor) =>
    [...informationOf(descriptor).matchAll(/^inotify wd:\w+ ino:(\w+)/gm)].map(
      ([, inode = '']) => inode,
    ),
  )
}

function informationOf(descriptor: string): string {
  try {
    return readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8')
  } catch {
    return ''
  }
}
