/** The usual mask of a file: a link to /dev/null. */
import { statSync } from 'node:fs'

/** Major number 1, minor number 3 (Documentation/admin-guide/devices.txt of Linux). */
const NULL_DEVICE = 0x103

/** Also through links, and whatever it is called in a container. */
export function isNullDevice(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats?.isCharacterDevice() === true && stats.rdev === NULL_DEVICE
}
