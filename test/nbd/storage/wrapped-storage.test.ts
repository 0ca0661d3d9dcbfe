/** Storages that stand before others: a part of one, one with promises of its own; and one that keeps nothing. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { FileStorage } from '../../../src/nbd/storage/file-storage.ts'
import { HandledStorage, needsHandling } from '../../../src/nbd/storage/handled-storage.ts'
import { MemoryStorage } from '../../../src/nbd/storage/memory-storage.ts'
import { NullStorage } from '../../../src/nbd/storage/null-storage.ts'
import type { Storage, ZeroOptions } from '../../../src/nbd/storage/storage.ts'
import { StoragePart } from '../../../src/nbd/storage/storage-part.ts'
import { scratchFolder } from '../../cli/command.ts'
import { refusal } from '../../diagnostic-code.ts'

const SIZE = 1 << 20

/** A storage that notes what is asked of it. */
function noting(more: Partial<Storage> = {}) {
  const asked: unknown[][] = []
  const memory = new MemoryStorage(SIZE)
  const storage: Storage = {
    ...{ size: SIZE, isReadOnly: false, isSparse: true, ...more },
    readNow: (target, at, length, offset) => {
      asked.push(['readNow', at, length, offset])
      return memory.readNow(target, at, length, offset)
    },
    read: async (target, at, length, offset) => {
      asked.push(['read', at, length, offset])
      await memory.read(target, at, length, offset)
    },
    write: async (parts, offset) => {
      asked.push(['write', parts.map(({ length }) => length), offset])
      await memory.write(parts, offset)
    },
    flush: async () => void asked.push(['flush']),
    trim: async (...range) => void asked.push(['trim', ...range]),
    zero: async (offset, length, options) => {
      asked.push(['zero', offset, length, options])
      await memory.zero(offset, length, options)
    },
    extents: async (offset, length, limit, isWanted) => {
      asked.push(['extents', offset, length, limit, isWanted])
      return memory.extents(offset, length, limit)
    },
    close: async () => void asked.push(['close']),
  }
  return { storage, asked, memory }
}

const ZERO: ZeroOptions = { keepAllocated: false, fast: true }

describe('a part of a storage', () => {
  test('reaches its own bytes, from its own beginning', async () => {
    const { storage, asked, memory } = noting()
    const part = new StoragePart(storage, 1000, 500)
    expect(part.size).toBe(500)
    await part.write([Buffer.from('he'), Buffer.from('llo')], 10)
    const bytes = Buffer.alloc(5)
    memory.readNow(bytes, 0, 5, 1010)
    expect(`${bytes}`).toBe('hello')
    const target = Buffer.alloc(7)
    expect(part.readNow(target, 2, 5, 10)).toBe(true)
    await part.read(target, 0, 2, 10)
    expect(`${target}`).toBe('hehello')
    const isWanted = () => true
    await part.zero(11, 2, ZERO)
    await part.trim(0, 500)
    await part.extents(3, 4, 5, isWanted)
    await part.flush()
    await part.close()
    expect(asked).toEqual([
      ['write', [2, 3], 1010],
      ['readNow', 2, 5, 1010],
      ['read', 0, 2, 1010],
      ['zero', 1011, 2, ZERO],
      ['trim', 1000, 500],
      ['extents', 1003, 4, 5, isWanted],
      ['flush'],
      ['close'],
    ])
  })

  test('ends where the storage does, and is refused where that is before it', () => {
    const { storage } = noting()
    expect(new StoragePart(storage, 1000).size).toBe(SIZE - 1000)
    expect(new StoragePart(storage, SIZE).size).toBe(0)
    expect(new StoragePart(storage, 1, SIZE - 1).size).toBe(SIZE - 1)
    for (const range of [[SIZE + 1], [1, SIZE], [0, SIZE + 1], [5, -1]] as const) {
      const make = () => new StoragePart(storage, ...(range as readonly [number, number?]))
      expect(make).toThrow(expect.objectContaining({ code: 'EINVAL' }))
    }
  })

  test.each([true, false])('may be written and searched as the storage may (%s)', (is) => {
    const { storage } = noting({ isReadOnly: is, isSparse: !is })
    expect(new StoragePart(storage, 0)).toMatchObject({ isReadOnly: is, isSparse: !is })
    expect(new HandledStorage(storage, {})).toMatchObject({ isReadOnly: is, isSparse: !is })
  })
})

describe('promises of qemu-nbd', () => {
  test.each([
    [undefined, false],
    [{}, false],
    [{ cache: 'writeback', discard: 'unmap', detectZeroes: 'off' }, false],
    [{ cache: 'writethrough' }, true],
    [{ discard: 'ignore' }, true],
    [{ detectZeroes: 'on' }, true],
    [{ detectZeroes: 'unmap' }, true],
  ] as const)('%j need care: %s', (handling, expected) => {
    expect(needsHandling(handling)).toBe(expected)
  })

  /** Everything that a client may do, one after the other. */
  async function doAll(handling: ConstructorParameters<typeof HandledStorage>[1]) {
    const { storage, asked } = noting()
    const handled = new HandledStorage(storage, handling)
    await handled.write([Buffer.from('x'), Buffer.alloc(3)], 5)
    await handled.write([Buffer.alloc(2), Buffer.alloc(3)], 6)
    await handled.trim(7, 8)
    await handled.zero(9, 10, { keepAllocated: false, fast: true })
    await handled.zero(9, 10, { keepAllocated: true, fast: false })
    await handled.flush()
    return asked
  }

  const [DATA, ZEROES, TRIM] = [
    ['write', [1, 3], 5],
    ['write', [2, 3], 6],
    ['trim', 7, 8],
  ]
  const zero = (offset: number, length: number, keepAllocated: boolean, fast: boolean) => [
    ...['zero', offset, length],
    { keepAllocated, fast },
  ]
  const FLUSH = ['flush']

  test('without any, a storage does what is asked', async () => {
    expect(await doAll({})).toEqual([
      ...[DATA, ZEROES, TRIM, zero(9, 10, false, true), zero(9, 10, true, false), FLUSH],
    ])
  })

  test('writethrough: all that changes it is on disk before it is done', async () => {
    expect(await doAll({ cache: 'writethrough' })).toEqual([
      ...[DATA, FLUSH, ZEROES, FLUSH, TRIM, FLUSH],
      ...[zero(9, 10, false, true), FLUSH, zero(9, 10, true, false), FLUSH, FLUSH],
    ])
  })

  test('ignore: nothing that is trimmed or zeroed gives its space back', async () => {
    expect(await doAll({ discard: 'ignore', cache: 'writethrough' })).toEqual([
      ...[DATA, FLUSH, ZEROES, FLUSH],
      ...[zero(9, 10, true, true), FLUSH, zero(9, 10, true, false), FLUSH, FLUSH],
    ])
  })

  test.each([
    ['on', true],
    ['unmap', false],
  ] as const)('detect-zeroes=%s: zeroes are no data', async (detectZeroes, keepAllocated) => {
    expect((await doAll({ detectZeroes })).slice(0, 3)).toEqual([
      ...[DATA, zero(6, 5, keepAllocated, false), TRIM],
    ])
    const durable = await doAll({ detectZeroes, cache: 'writethrough' })
    expect(durable.slice(0, 5)).toEqual([
      ...[DATA, FLUSH, zero(6, 5, keepAllocated, false), FLUSH, TRIM],
    ])
  })

  test('what only reads goes through', async () => {
    const { storage, asked } = noting()
    const handled = new HandledStorage(storage, { cache: 'writethrough', discard: 'ignore' })
    const target = Buffer.alloc(10)
    expect(handled.readNow(target, 1, 2, 3)).toBe(true)
    await handled.read(target, 4, 5, 6)
    const isWanted = () => true
    expect(await handled.extents(7, 8, 9, isWanted)).toHaveLength(1)
    await handled.close()
    expect(asked).toEqual([
      ['readNow', 1, 2, 3],
      ['read', 4, 5, 6],
      ['extents', 7, 8, 9, isWanted],
      ['close'],
    ])
    expect(handled.size).toBe(SIZE)
  })
})

describe('a storage that keeps nothing', () => {
  test('reads as zeroes, one hole from end to end', async () => {
    const storage = new NullStorage(SIZE)
    await storage.write([Buffer.from('gone')], 0)
    const target = Buffer.alloc(6, 'x')
    expect(storage.readNow(target, 1, 4, 0)).toBe(true)
    expect(`${target}`).toBe('x\0\0\0\0x')
    await storage.read(target, 0, 1, SIZE - 1)
    expect(`${target}`).toBe('\0\0\0\0\0x')
    expect(await storage.extents(5, 10)).toEqual([{ length: 10, isHole: true, isZero: true }])
    await storage.zero(0, SIZE)
    await storage.trim(0, SIZE)
    await storage.flush()
    await storage.close()
    expect([storage.size, storage.isReadOnly, storage.isSparse]).toEqual([SIZE, false, true])
    expect(new NullStorage(5, true)).toMatchObject({ size: 5, isReadOnly: true })
  })

  test('has an end like any other', async () => {
    const refused = refusal('LIBRARY_ARGUMENT')
    const path = join(scratchFolder(), 'disk')
    writeFileSync(path, Buffer.alloc(SIZE))
    const file = await FileStorage.open(path, { readOnly: false })
    onTestFinished(() => file.close())
    for (const storage of [new NullStorage(SIZE), new MemoryStorage(SIZE), file]) {
      expect(() => storage.readNow(Buffer.alloc(2), 0, 2, SIZE - 1)).toThrow(refused)
      expect(() => storage.readNow(Buffer.alloc(2), 1, 2, 0)).toThrow(refused)
      expect(() => storage.readNow(Buffer.alloc(2), -1, 2, 0)).toThrow(refused)
      for (const work of [
        () => storage.read(Buffer.alloc(2), 0, 2, SIZE - 1),
        () => storage.write([Buffer.alloc(1), Buffer.alloc(1)], SIZE - 1),
        () => storage.trim(SIZE - 1, 2),
        () => storage.zero(SIZE - 1, 2, ZERO),
        () => storage.extents(SIZE - 1, 2, 1),
        () => storage.trim(-1, 1),
        () => storage.trim(0, -1),
      ]) {
        await expect(work()).rejects.toThrow(refused)
      }
      await storage.trim(SIZE - 1, 1)
    }
    expect(() => new NullStorage(-1)).toThrow(refused)
  })
})
