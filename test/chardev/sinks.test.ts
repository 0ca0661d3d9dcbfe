import fs, {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openPipe } from '../../src/chardev/end/pipe.ts'
import { openFile, openQueue } from '../../src/chardev/end/sinks.ts'
import { LogFile } from '../../src/chardev/log/log-file.ts'
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts'
import { scratchFolder } from '../cli/command.ts'
import { refusal } from '../diagnostic-code.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { spawnSync } from '../peers/child-process.ts'

/** The descriptors that this process has open at a path. */
function openAt(path: string): readonly string[] {
  return readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return readlinkSync(join('/proc/self/fd', descriptor)) === path
    } catch {
      return false
    }
  })
}

const countOpen = (path: string) => openAt(path).length

/** Does something with each file that is opened: before, and after it. */
function whenOpened(what: { before?: () => void; after?: () => void }): void {
  const { openSync: open } = fs
  const replace = (one: typeof open): void => {
    fs.openSync = one
    syncBuiltinESMExports()
  }
  onTestFinished(() => replace(open))
  replace((...args) => {
    what.before?.()
    const descriptor = open(...args)
    what.after?.()
    return descriptor
  })
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

test.each([false, true])(
  'a pipe that takes the place of a file gets nothing (appended: %s)',
  async (isAppended) => {
    const path = join(scratchFolder(), 'file')
    spawnSync('mkfifo', [`${path}.pipe`])
    // It has a reader, so that nothing waits for one.
    const reader = openSync(`${path}.pipe`, constants.O_RDWR | constants.O_NONBLOCK)
    writeFileSync(path, 'before ')
    whenOpened({
      after: () => {
        if (!existsSync(`${path}.pipe`)) return
        renameSync(path, `${path}.moved`)
        renameSync(`${path}.pipe`, path)
      },
    })
    const { attach, close } = openFile(path, isAppended)
    await new Promise((resolve) => attach().write('said', resolve))
    close()
    expect(readFileSync(`${path}.moved`, 'latin1')).toBe(isAppended ? 'before said' : 'said')
    expect(countOpen(path)).toBe(1)
    closeSync(reader)
  },
)

test('a device is waited for by each write, and is closed', async () => {
  const { attach, close } = openFile('/dev/null', false)
  const [descriptor] = openAt('/dev/null').slice(-1)
  const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1'))
  expect(Number.parseInt(flags?.[1] ?? '', 8) & constants.O_NONBLOCK).toBe(0)
  const before = countOpen('/dev/null')
  await new Promise((resolve) => attach().write('said', resolve))
  close()
  expect(countOpen('/dev/null')).toBe(before - 1)
})

describe('a log that is full and cannot be begun anew is lost', () => {
  const fullLog = () => {
    const path = join(scratchFolder(), 'log')
    const told: Diagnostic[] = []
    const log = new LogFile({ path, isAppended: false, size: 4 }, (one) => told.push(one))
    log.write(Buffer.from('full'))
    const codes = () => told.map(({ code }) => code)
    return { path, log, codes }
  }

  test('where it cannot be renamed: what it has stays', () => {
    const { path, log, codes } = fullLog()
    mkdirSync(`${path}.1`)
    for (const word of ['more', 'and more']) log.write(Buffer.from(word))
    expect(codes()).toEqual(['CHARDEV_LOG_LOST'])
    expect(countOpen(path)).toBe(0)
    expect(readFileSync(path, 'latin1')).toBe('full')
  })

  test('where no other can be opened: what has the number of its descriptor then stays open', () => {
    const { path, log, codes } = fullLog()
    let stranger = -1
    whenOpened({
      before: () => {
        if (stranger >= 0) return
        stranger = 0
        stranger = openSync(`${path}.other`, 'w')
        throw new Error('EMFILE')
      },
    })
    for (const word of ['more', 'and more']) log.write(Buffer.from(word))
    log.close()
    expect(codes()).toEqual(['CHARDEV_LOG_LOST'])
    expect(countOpen(`${path}.other`)).toBe(1)
    closeSync(stranger)
    expect(readFileSync(`${path}.1`, 'latin1')).toBe('full')
    expect(existsSync(path)).toBe(false)
  })
})
