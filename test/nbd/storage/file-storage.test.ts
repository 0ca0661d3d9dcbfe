import { randomBytes } from 'node:crypto'
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { open as openHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import * as libc from '../../../src/files/libc.ts'
import { FileStorage } from '../../../src/nbd/storage/file-storage.ts'
import { runFile, scratchFolder } from '../../cli/command.ts'
import { execFileSync } from '../../peers/child-process.ts'
import { tryLoop } from '../loop-device.ts'

const KIB = 1024
const MIB = 1 << 20

/** Data and holes as the kernel tells them to another program. */
function mapOf(path: string): readonly (readonly ['data' | 'hole', number, number])[] {
  const script = `
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
end = os.fstat(fd).st_size
at = 0
while at < end:
    try: start = os.lseek(fd, at, os.SEEK_DATA)
    except OSError: start = end
    if start > at: print('hole', at, start - at)
    if start < end:
        stop = os.lseek(fd, start, os.SEEK_HOLE)
        print('data', start, stop - start)
        start = stop
    at = start
`
  const lines = execFileSync('python3', ['-c', script, path], { encoding: 'utf8' }).trim()
  return lines.split('\n').map((line) => {
    const [kind = '', at, length] = line.split(' ')
    return [kind as 'data', Number(at), Number(length)]
  })
}

function allocatedBytes(path: string): number {
  return statSync(path).blocks * 512
}

async function open(path: string, readOnly = false): Promise<FileStorage> {
  const storage = await FileStorage.open(path, { readOnly })
  onTestFinished(() => storage.close())
  return storage
}

async function readAll(storage: FileStorage): Promise<Buffer> {
  const bytes = Buffer.alloc(storage.size)
  await storage.read(bytes, 0, storage.size, 0)
  return bytes
}

/** The C library with some calls of another outcome. */
function change(calls: Partial<libc.Libc>): void {
  const real = libc.loadLibc()
  if (!real) throw new Error('the C library cannot be loaded')
  const changed = Object.assign(Object.create(real), calls)
  vi.spyOn(libc, 'loadLibc').mockReturnValue(changed)
}

/** As statfs(2) has it. */
const TMPFS = 0x01021994

const PLACES = {
  disk: () => scratchFolder(),
  memory: () => {
    const folder = mkdtempSync('/dev/shm/cryptopolicy-test-')
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    return folder
  },
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each(Object.entries(PLACES))('a file in a file system of %s', (place, folder) => {
  const makeFile = (content: Buffer): string => {
    const path = join(folder(), 'image')
    writeFileSync(path, content)
    return path
  }

  test('is read, written and told as the kernel tells it', async () => {
    const path = join(folder(), 'image')
    writeFileSync(path, '')
    truncateSync(path, 4 * MIB)
    const storage = await open(path)
    expect(storage).toMatchObject({ size: 4 * MIB, isSparse: true, isReadOnly: false })
    const block = randomBytes(64 * KIB)
    await storage.write([block], MIB)
    await storage.flush()
    const found = await storage.extents(0, 4 * MIB, 100)
    let at = 0
    const told = found.map(({ isHole, isZero, length }) => {
      expect(isZero).toBe(isHole)
      at += length
      return [isHole ? 'hole' : 'data', at - length, length]
    })
    expect(told).toEqual(mapOf(path))
    expect(told).toContainEqual(['data', MIB, 64 * KIB])
    expect(await storage.extents(MIB + 5, 100, 1)).toMatchObject([{ length: 100, isHole: false }])
    expect(await storage.extents(2 * MIB, 100, 1)).toMatchObject([{ length: 100, isHole: true }])
    const bytes = await readAll(storage)
    expect(bytes.subarray(MIB, MIB + 64 * KIB).equals(block)).toBe(true)
    expect(bytes.equals(readFileSync(path))).toBe(true)
  })

  test('zeroes make holes, and with NO_HOLE they do not', async () => {
    const content = randomBytes(MIB)
    const path = makeFile(content)
    const storage = await open(path)
    expect(storage.isSparse).toBe(false)
    await storage.zero(256 * KIB, 256 * KIB, { keepAllocated: false, fast: true })
    expect(allocatedBytes(path)).toBe(768 * KIB)
    await storage.zero(768 * KIB, 100 * KIB, { keepAllocated: true, fast: false })
    expect(allocatedBytes(path)).toBe(768 * KIB)
    content.fill(0, 256 * KIB, 512 * KIB).fill(0, 768 * KIB, 868 * KIB)
    expect(readFileSync(path).equals(content)).toBe(true)
    expect(mapOf(path)).toContainEqual(['hole', 256 * KIB, 256 * KIB])
    // Space comes back where zeroes have to be allocated.
    await storage.zero(256 * KIB, 256 * KIB, { keepAllocated: true, fast: false })
    expect(allocatedBytes(path)).toBe(MIB)
  })

  test('ranges that are no blocks are zeroed to the byte', async () => {
    const content = randomBytes(64 * KIB)
    const path = makeFile(content)
    const storage = await open(path)
    for (const keepAllocated of [false, true]) {
      for (const [start, length] of [
        [1, 1],
        [4095, 2],
        [5000, 20_001],
        [65_535, 1],
      ] as const) {
        await storage.zero(start, length, { keepAllocated, fast: false })
        content.fill(0, start, start + length)
        expect(readFileSync(path).equals(content)).toBe(true)
      }
    }
  })

  test('fast zeroes are refused where they would have to be written', async () => {
    const path = makeFile(randomBytes(64 * KIB))
    const storage = await open(path)
    const zero = storage.zero(0, 4096, { keepAllocated: true, fast: true })
    // Memory cannot keep zeroes allocated without writing them.
    if (place === 'memory') await expect(zero).rejects.toMatchObject({ code: 'ENOTSUP' })
    else expect(await zero).toBeUndefined()
  })

  test('a trim gives the space back', async () => {
    const path = makeFile(randomBytes(MIB))
    const storage = await open(path)
    await storage.trim(128 * KIB, 512 * KIB)
    expect(allocatedBytes(path)).toBe(512 * KIB)
    expect(statSync(path).size).toBe(MIB)
  })

  test('a file that becomes shorter fails to be read, and only there', async () => {
    const path = makeFile(randomBytes(MIB))
    const storage = await open(path)
    truncateSync(path, MIB / 2)
    const target = Buffer.alloc(MIB)
    expect(storage.readNow(target, 0, 4096, MIB / 2 - 2048)).toBe(false)
    await expect(storage.read(target, 0, 4096, MIB / 2 - 2048)).rejects.toMatchObject({
      code: 'EIO',
    })
    await storage.read(target, 0, 4096, 0)
  })

  test('without the C library all is right, and only holes are not seen', async () => {
    vi.spyOn(libc, 'loadLibc').mockReturnValue(undefined)
    const content = Buffer.alloc(MIB)
    const path = join(folder(), 'image')
    writeFileSync(path, '')
    truncateSync(path, MIB)
    const storage = await open(path)
    const block = randomBytes(100_000)
    await storage.write([block], 1000)
    block.copy(content, 1000)
    expect(await storage.extents(0, MIB, 10)).toEqual([
      { length: MIB, isHole: false, isZero: false },
    ])
    await storage.trim(0, MIB)
    await storage.zero(50_000, 10_000, { keepAllocated: false, fast: false })
    content.fill(0, 50_000, 60_000)
    await expect(storage.zero(0, 1, { keepAllocated: false, fast: true })).rejects.toMatchObject({
      code: 'ENOTSUP',
    })
    await storage.flush()
    expect((await readAll(storage)).equals(content)).toBe(true)
  })

  test('a disk is not waited for where the kernel would have to read it', async () => {
    const path = makeFile(randomBytes(8192))
    const isMemory = statfsSync(path).type === TMPFS
    for (const count of [-1, 0, 4095]) {
      change({ readCached: () => count })
      const storage = await open(path)
      expect(storage.readNow(Buffer.alloc(4096), 0, 4096, 0)).toBe(isMemory)
      vi.restoreAllMocks()
    }
  })

  test('zeroes that have to be written end where they are no longer wanted', async () => {
    vi.spyOn(libc, 'loadLibc').mockReturnValue(undefined)
    const content = randomBytes(4 * MIB)
    const storage = await open(makeFile(content))
    let asked = 0
    const isWanted = () => asked++ < 2
    await storage.zero(0, 4 * MIB, { keepAllocated: false, fast: false, isWanted })
    content.fill(0, 0, 2 * MIB)
    const found = Buffer.alloc(4 * MIB)
    await storage.read(found, 0, found.length, 0)
    expect(found.equals(content)).toBe(true)
  })

  test('a search for holes ends where it is no longer wanted', async () => {
    const path = makeFile(Buffer.alloc(0))
    truncateSync(path, 8 * MIB)
    const file = openSync(path, 'r+')
    for (let at = 0; at < 8 * MIB; at += 128 * KIB) writeSync(file, randomBytes(4096), 0, 4096, at)
    closeSync(file)
    expect(mapOf(path)).toHaveLength(128)
    const storage = await open(path)
    let asked = 0
    const found = await storage.extents(0, storage.size, 1000, () => asked++ < 2)
    expect(found.length).toBeLessThanOrEqual(3)
  })

  test('read-only', async () => {
    const storage = await open(makeFile(randomBytes(4096)), true)
    expect(storage.isReadOnly).toBe(true)
    await readAll(storage)
    await storage.flush()
    await expect(storage.write([Buffer.alloc(1)], 0)).rejects.toMatchObject({ code: 'EBADF' })
  })
})

test('refuses what is neither a file nor a block device, and waits for no other program', async () => {
  const pipe = join(scratchFolder(), 'pipe')
  execFileSync('mkfifo', [pipe])
  for (const path of [pipe, '/dev/null', '/dev/zero', '/', scratchFolder()]) {
    const opened = FileStorage.open(path, { readOnly: true })
    await expect(opened).rejects.toMatchObject({ code: 'EINVAL' })
  }
  const missing = FileStorage.open('/does/not/exist', { readOnly: true })
  await expect(missing).rejects.toMatchObject({ code: 'ENOENT' })
})

/** A name of 'mount' where this process may mount. */
function tryMount(size: string): string | undefined {
  const folder = scratchFolder()
  const { status } = runFile('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', folder])
  if (status !== 0) return undefined
  onTestFinished(() => void runFile('umount', ['-l', folder]))
  return folder
}

test('a full file system is told as ENOSPC, and what was there stays [mount]', async (context) => {
  const folder = tryMount('2m')
  if (folder === undefined) return context.skip('mounting is not permitted')
  const path = join(folder, 'image')
  writeFileSync(path, '')
  truncateSync(path, 8 * MIB)
  const storage = await open(path)
  const block = randomBytes(MIB)
  await storage.write([block], 0)
  await expect(storage.write([Buffer.alloc(4 * MIB, 1)], 2 * MIB)).rejects.toMatchObject({
    code: 'ENOSPC',
  })
  const zero = storage.zero(0, 8 * MIB, { keepAllocated: true, fast: false })
  await expect(zero).rejects.toMatchObject({ code: 'ENOSPC' })
  await storage.zero(MIB, 7 * MIB, { keepAllocated: false, fast: false })
  await storage.write([block], 4 * MIB)
  expect((await readAll(storage)).subarray(4 * MIB, 5 * MIB).equals(block)).toBe(true)
})

test('a block device is served whole, its reads wait for no one else [losetup]', async (context) => {
  const file = join(scratchFolder(), 'disk')
  const content = randomBytes(4 * MIB)
  writeFileSync(file, content)
  const device = tryLoop(file)
  if (device === undefined) return context.skip('loop devices are not permitted')
  const storage = await open(device)
  expect(storage).toMatchObject({ size: 4 * MIB, isSparse: false })
  expect((await readAll(storage)).equals(content)).toBe(true)
  const block = randomBytes(10_000)
  await storage.write([block], 3333)
  block.copy(content, 3333)
  for (const [start, length] of [
    [0, 512],
    [MIB, MIB],
    [5, 3],
    [3 * MIB - 1, 4098],
  ] as const) {
    for (const keepAllocated of [true, false]) {
      await storage.zero(start, length, { keepAllocated, fast: false })
      content.fill(0, start, start + length)
    }
  }
  await storage.trim(2 * MIB, MIB)
  await storage.flush()
  const found = await readAll(storage)
  found.fill(0, 2 * MIB, 3 * MIB)
  content.fill(0, 2 * MIB, 3 * MIB)
  expect(found.equals(content)).toBe(true)
  expect(await storage.extents(0, 4 * MIB, 1)).toMatchObject([{ isHole: false }])
  await expect(storage.write([Buffer.alloc(2)], 4 * MIB - 1)).rejects.toThrow('`offset + length`')
})

test('a cached file is read at once, one that is not is not waited for', async () => {
  const path = join(scratchFolder(), 'image')
  const content = randomBytes(MIB)
  writeFileSync(path, content)
  const descriptor = openSync(path, 'r+')
  writeSync(descriptor, content)
  closeSync(descriptor)
  const storage = await open(path)
  const target = Buffer.alloc(8192)
  await storage.read(target, 0, 4096, 0)
  expect(storage.readNow(target, 100, 4096, 0)).toBe(true)
  expect(target.subarray(100, 4196).equals(content.subarray(0, 4096))).toBe(true)
})

describe('a system that does less than it was asked to', () => {
  const makeFile = (content: Buffer): string => {
    const path = join(scratchFolder(), 'image')
    writeFileSync(path, content)
    return path
  }

  /** Lets the kernel read or write so many bytes in one call, as it does when a signal comes. */
  async function limitCalls(limit: number): Promise<void> {
    const handle = await openHandle('/dev/null')
    const methods = Object.getPrototypeOf(handle)
    await handle.close()
    const { read, write } = methods
    vi.spyOn(methods, 'read').mockImplementation(function (
      this: unknown,
      target,
      at,
      length,
      from,
    ) {
      return read.call(this, target, at, Math.min(limit, Number(length)), from)
    })
    vi.spyOn(methods, 'write').mockImplementation(function (this: unknown, bytes, at, length, to) {
      return write.call(this, bytes, at, Math.min(limit, Number(length)), to)
    })
    vi.spyOn(methods, 'writev').mockImplementation(function (this: unknown, parts, to) {
      const bytes = Buffer.concat(parts as Buffer[])
      return write.call(this, bytes, 0, Math.min(limit, bytes.length), to)
    })
  }

  test.each([1, 3, 4, 7, 12, 13])('%i bytes at a time: it is asked for the rest', async (limit) => {
    const path = makeFile(Buffer.from('................'))
    vi.spyOn(libc, 'loadLibc').mockReturnValue(undefined)
    const storage = await open(path)
    await limitCalls(limit)
    const parts = ['abcd', 'efg', '', 'hijkl', 'm'].map((text) => Buffer.from(text))
    await storage.write(parts, 2)
    expect(readFileSync(path, 'latin1')).toBe('..abcdefghijklm.')
    const target = Buffer.alloc(17, '-')
    await storage.read(target, 1, 14, 2)
    expect(target.toString('latin1')).toBe('-abcdefghijklm.--')
    await storage.zero(1, 14, { keepAllocated: false, fast: false })
    expect(readFileSync(path, 'latin1')).toBe(`.${'\0'.repeat(14)}.`)
  })

  test.each([
    ['EOPNOTSUPP', 2],
    ['ENOTSUP', 2],
    ['ENOSYS', 2],
    ['EINVAL', 4],
  ])('%s of fallocate(2): zeroes are written; %i calls for two requests', async (code, calls) => {
    const asked: unknown[] = []
    const fallocate = async (...call: unknown[]) => {
      asked.push(call.slice(1))
      throw Object.assign(new Error(code), { code })
    }
    change({ fallocate })
    const path = makeFile(Buffer.from('................'))
    const storage = await open(path)
    const options = { keepAllocated: false, fast: false }
    await storage.zero(1, 2, options)
    await storage.zero(4, 3, options)
    expect(readFileSync(path, 'latin1')).toBe('.\0\0.\0\0\0.........')
    // A range that is no whole sector may be refused where the next one is not.
    expect(asked).toHaveLength(calls)
    await storage.trim(0, 16)
    const fast = storage.zero(0, 1, { keepAllocated: false, fast: true })
    await expect(fast).rejects.toMatchObject({ code: 'ENOTSUP' })
    expect(readFileSync(path, 'latin1')).toBe('.\0\0.\0\0\0.........')
  })

  test('a fault of the disk is told, and nothing is written over it', async () => {
    const fallocate = async () => {
      throw Object.assign(new Error('EIO'), { code: 'EIO' })
    }
    change({ fallocate })
    const path = makeFile(Buffer.from('....'))
    const storage = await open(path)
    for (const keepAllocated of [false, true]) {
      const zero = storage.zero(0, 4, { keepAllocated, fast: false })
      await expect(zero).rejects.toMatchObject({ code: 'EIO' })
    }
    await expect(storage.trim(0, 4)).rejects.toMatchObject({ code: 'EIO' })
    expect(readFileSync(path, 'latin1')).toBe('....')
  })

  test.each<[string, Partial<libc.Libc>]>([
    ['a search that fails', { seekData: () => Promise.reject(new Error('EINVAL')) }],
    ['the end of data that fails', { seekHole: () => Promise.reject(new Error('EINVAL')) }],
    ['a hole that is filled meanwhile', { seekHole: async (_, at) => at }],
    ['no hole up to the end', { seekHole: async () => undefined }],
    ['data beyond what was asked for', { seekHole: async () => MIB }],
  ])('%s: all is taken as data', async (_, calls) => {
    change({ seekData: async (_, at) => at, ...calls })
    const storage = await open(makeFile(Buffer.alloc(1000, 1)))
    expect(await storage.extents(10, 500, 3)).toEqual([
      { length: 500, isHole: false, isZero: false },
    ])
  })

  test('no data up to the end is one hole, no longer than what was asked for', async () => {
    for (const seekData of [async () => undefined, async () => 1000]) {
      change({ seekData })
      const storage = await open(makeFile(Buffer.alloc(1000)))
      expect(await storage.extents(10, 500, 3)).toEqual([
        { length: 500, isHole: true, isZero: true },
      ])
      vi.restoreAllMocks()
    }
  })
})
