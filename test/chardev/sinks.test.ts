import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openPipe } from '../../src/chardev/end/pipe.ts'
import { openFile, openQueue } from '../../src/chardev/end/sinks.ts'
import { scratchFolder } from '../cli/command.ts'
import { refusal } from '../diagnostic-code.ts'
import { eventually } from '../nbd/server/test-server.ts'
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

test('a file is closed once: what has its number then stays open', async () => {
  const folder = scratchFolder()
  const path = join(folder, 'file')
  const { attach, close } = openFile(path, false)
  const stream = attach().on('error', () => {})
  const written = new Promise((resolve) => stream.write('all of it', resolve))
  close()
  expect(countOpen(path)).toBe(1)
  await written
  expect(countOpen(path)).toBe(0)
  expect(readFileSync(path, 'latin1')).toBe('all of it')
  // The system gives the lowest number that is free.
  const stranger = openSync(join(folder, 'other'), 'w')
  close()
  expect(fstatSync(stranger).size).toBe(0)
  expect(await new Promise((resolve) => stream.write('more', resolve))).toBeInstanceOf(Error)
  expect(fstatSync(stranger).size).toBe(0)
  closeSync(stranger)
})

test('a file to which nothing is written is closed at once', () => {
  const path = join(scratchFolder(), 'file')
  const { close } = openFile(path, false)
  expect(countOpen(path)).toBe(1)
  close()
  expect(countOpen(path)).toBe(0)
})

test('a file that has taken the place of a pipe is refused, and does not stay open', () => {
  const path = join(scratchFolder(), 'pipe')
  writeFileSync(path, '')
  expect(() => openQueue(path)).toThrow(refusal('CHARDEV_UNUSABLE'))
  expect(countOpen(path)).toBe(0)
})

test.each(['in', 'out'])('where %s of two pipes is none, neither stays open', async (wrong) => {
  const path = join(scratchFolder(), 'p')
  spawnSync('mkfifo', [`${path}.${wrong === 'in' ? 'out' : 'in'}`])
  writeFileSync(`${path}.${wrong}`, '')
  expect(() => openPipe(path)).toThrow('it is no named pipe and no terminal')
  await eventually(() => countOpen(`${path}.in`) + countOpen(`${path}.out`) === 0)
})
