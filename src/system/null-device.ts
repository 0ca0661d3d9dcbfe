/** The usual mask of a file: a link to /dev/null. */
import { type Stats, statSync } from 'node:fs'

/** Major number 1, minor number 3 (Documentation/admin-guide/devices.txt of Linux). */
const NULL_DEVICE = 0x103

/** Also through links, and whatever it is called in a container. What cannot be looked at is none. */
export function isNullDevice(path: string): boolean {
  const stats = statIfReachable(path)
  return stats?.isCharacterDevice() === true && stats.rdev === NULL_DEVICE
}

/** What a path leads to; undefined where links lead nowhere, or in a circle. */
export function statIfReachable(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
