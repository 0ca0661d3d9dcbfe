import { closeSync, constants, openSync, readdirSync, readlinkSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openFile } from '../../src/chardev/end/sinks.ts'
import { scratchFolder } from '../cli/command.ts'
import { spawnSync } from '../peers/child-process.ts'

/** How many descriptors this process has open at a path. */
function countOpen(path: string): number {
  return readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return readlinkSync(join('/proc/self/fd', descriptor)) === path
    } catch {
      return false
    }
  }).length
}

test('a descriptor stays open until all that was given to it is written', async () => {
  const path = join(scratchFolder(), 'pipe')
  spawnSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  const { attach, close } = openFile(path, true)
  // More than a pipe holds: the write waits for the reader.
  const bytes = Buffer.alloc(200_000, 'x')
  const written = new Promise((resolve) => attach().write(bytes, resolve))
  close()
  close()
  expect(countOpen(path)).toBe(2)
  let count = 0
  const piece = Buffer.alloc(65_536)
  while (count < bytes.length) {
    try {
      count += readSync(reader, piece)
    } catch {
      await delay(5)
    }
  }
  await written
  expect(countOpen(path)).toBe(1)
  const refused = await new Promise((resolve) => {
    attach()
      .on('error', () => {})
      .write('more', resolve)
  })
  expect(refused).toBeInstanceOf(Error)
  closeSync(reader)
})
