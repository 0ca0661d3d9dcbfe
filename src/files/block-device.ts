/** What the kernel says of block devices: /sys/dev/block (sysfs(5)). */
import { readFileSync } from 'node:fs'

/** The unit of sizes in /sys, whatever the sectors of the device itself are. */
const SECTOR = 512

/**
 * The size of a block device in bytes.
 *
 * @param rdev As stat(2) gives it. The kernel has 12 bits for the major number and 20 for the minor,
 *   of which only the lowest 8 stand below the major number.
 * @throws an error of the system with its `code` where the kernel does not tell.
 */
export function blockDeviceSize(rdev: number): number {
  const major = (rdev >>> 8) & 0xfff
  const minor = (rdev & 0xff) | ((rdev >>> 12) & 0xfff00)
  return Number(readFileSync(`/sys/dev/block/${major}:${minor}/size`, 'utf8')) * SECTOR
}
