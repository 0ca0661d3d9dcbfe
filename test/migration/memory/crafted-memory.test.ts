/** Memory rebuilt from migrations that are put together byte by byte, and the small parts that write it. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { PageSetBudget } from '../../../src/migration/inspect/page-set.ts'
import { BlockFile } from '../../../src/migration/memory/block-file.ts'
import { rebuildMemory } from '../../../src/migration/memory/memory-folder.ts'
import { EpochBudget, PageEpochs } from '../../../src/migration/memory/page-epochs.ts'
import { PageInflater } from '../../../src/migration/memory/page-inflater.ts'
import { scratchFolder } from '../../cli/command.ts'
import { refusal } from '../../diagnostic-code.ts'
import {
  type Bytes,
  bytesOf,
  command,
  EOF,
  last,
  MULTIFD_SYNC,
  multifdInit,
  multifdPacket,
  pageHeader,
  part,
  plainPage,
  RAM_END,
  RAM_FLUSH,
  ramStream,
  uint16,
  uint32,
  zeroPage,
} from '../crafted-streams.ts'

const page = (value: number) => Buffer.alloc(4096, value)

/** The first bytes of the pages of a block that are rebuilt from one channel. */
async function rebuilt(...sent: readonly Bytes[]) {
  const folder = scratchFolder()
  const out = join(folder, 'out')
  writeFileSync(join(folder, 'stream'), ramStream(last(2, bytesOf(...sent, RAM_END)), EOF))
  const { warnings, blocks } = await rebuildMemory(join(folder, 'stream'), out)
  expect(blocks).toEqual([{ block: 'ram', file: 'ram', size: 0x4000 }])
  expect(readdirSync(folder).sort()).toEqual(['out', 'stream'])
  const memory = readFileSync(join(out, 'ram'))
  expect(memory).toHaveLength(0x4000)
  const pages = [0, 1, 2, 3].map((at) => memory.subarray(at * 4096, (at + 1) * 4096))
  for (const one of pages) expect(new Set(one).size).toBe(1)
  return { values: pages.map((one) => one[0]), warnings: warnings.map(({ message }) => message) }
}

describe('the memory of one channel', () => {
  const compressed = (data: Buffer) =>
    bytesOf(pageHeader(0, 0x100, 'ram'), uint32(data.length), data)
  const changed = (encoded: readonly number[]) =>
    bytesOf(
      plainPage(0, bytesOf([1], page(9).subarray(1)), 'ram'),
      pageHeader(0, 0x40),
      [1],
      uint16(encoded.length),
      encoded,
    )

  test('has each page as it was sent last, and says which were not', async () => {
    expect(
      await rebuilt(
        plainPage(0, page(1), 'ram'),
        plainPage(0x2000, page(3)),
        zeroPage(0x1000),
        plainPage(0x1000, page(2)),
        zeroPage(0x2000),
      ),
    ).toEqual({ values: [1, 2, 0, 0], warnings: [expect.stringMatching(/^1 pages of ram/)] })
  })

  test('of which every page was sent needs no warning', async () => {
    const sent = [0, 1, 2, 3].map((at) => plainPage(at * 4096, page(at + 1), 'ram'))
    expect(await rebuilt(...sent)).toEqual({ values: [1, 2, 3, 4], warnings: [] })
  })

  test('may be compressed, or say what has changed', async () => {
    expect((await rebuilt(compressed(deflateSync(page(7))))).values).toEqual([7, 0, 0, 0])
    expect((await rebuilt(changed([0, 1, 9]))).values).toEqual([9, 0, 0, 0])
  })

  test.each<[string, Bytes]>([
    ['less than a page', compressed(deflateSync(Buffer.alloc(4095)))],
    ['more than a page', compressed(deflateSync(Buffer.alloc(4097)))],
    ['nothing', compressed(Buffer.from([1, 2, 3]))],
    ['changes behind the page', changed([0x80, 0x20, 1, 1])],
  ])('is refused where a page unpacks to %s', async (_, sent) => {
    await expect(rebuilt(sent)).rejects.toThrow(refusal('MIGRATION_PAGE_DAMAGED'))
  })
})

describe('the folder', () => {
  const STREAM = ramStream(last(2, RAM_END), EOF)
  const rebuild = async (stream: Bytes, prepare: (out: string) => void, signal?: AbortSignal) => {
    const folder = scratchFolder()
    const [path, out] = [join(folder, 'stream'), join(folder, 'out')]
    writeFileSync(path, Buffer.from(stream))
    prepare(out)
    const outcome = await rebuildMemory(path, out, signal ? { signal } : {}).catch((error) => error)
    return { outcome, left: readdirSync(folder).sort(), out }
  }

  test('may be there, if it is empty', async () => {
    const { left, out } = await rebuild(STREAM, (path) => mkdirSync(path))
    expect([left, readdirSync(out)]).toEqual([['out', 'stream'], ['ram']])
    expect(statSync(out).mode & 0o777).toBe(0o700)
  })

  test.each<[string, (out: string) => void, string]>([
    [
      'with a file in it',
      (out) => {
        mkdirSync(out)
        writeFileSync(join(out, 'x'), '')
      },
      'MIGRATION_FOLDER_NOT_EMPTY',
    ],
    ['that is a file', (out) => writeFileSync(out, ''), 'FILE_UNWRITABLE'],
  ])('%s is refused, and nothing else is left', async (_, prepare, code) => {
    const { outcome, left } = await rebuild(STREAM, prepare)
    expect(outcome).toEqual(refusal(code))
    expect(left).toEqual(['out', 'stream'])
  })

  test.each<[string, Bytes, string]>([
    ['post-copy finished', ramStream(command(5), last(2, RAM_END), EOF), 'MIGRATION_NOT_PRECOPY'],
    ['is no main channel', [0, 2, 0, 4, 0, 0, 0, 1], 'MIGRATION_NO_MAIN_CHANNEL'],
    ['is cut', STREAM.subarray(0, -1), 'MIGRATION_STREAM_CUT'],
  ])('is not there where the migration %s', async (_, stream, code) => {
    const { outcome, left } = await rebuild(stream, () => {})
    expect(outcome).toEqual(refusal(code))
    expect(left).toEqual(['stream'])
  })

  test('is not there where the work was ended', async () => {
    const { outcome, left } = await rebuild(STREAM, () => {}, AbortSignal.abort())
    expect(outcome).toEqual(refusal('MIGRATION_INTERRUPTED'))
    expect(left).toEqual(['stream'])
  })
})

describe('the memory of several channels', () => {
  const channel = (number: number, ...packets: readonly Bytes[]) =>
    bytesOf(multifdInit(number), ...packets)
  type Sent = readonly (readonly [offset: number, value: number])[]
  const packet = (isSync: boolean, normal: Sent, zero: readonly number[] = []) =>
    multifdPacket({
      flags: isSync ? 1 : 0,
      ...{ normal: normal.length, zero: zero.length },
      places: [...normal.map(([offset]) => offset), ...zero],
      payload: bytesOf(...normal.map(([, value]) => page(value))),
    })

  const rebuiltFrom = async (main: Bytes, ...channels: readonly Bytes[]) => {
    const folder = join(scratchFolder(), 'channels')
    mkdirSync(folder)
    writeFileSync(join(folder, 'main'), Buffer.from(main))
    for (const [at, bytes] of channels.entries())
      writeFileSync(join(folder, `c${at}`), Buffer.from(bytes))
    const out = join(scratchFolder(), 'out')
    await rebuildMemory(folder, out)
    const memory = readFileSync(join(out, 'ram'))
    return [0, 1, 2, 3].map((at) => memory[at * 4096])
  }

  test('has the pages of the last time, in whatever order the channels are read', async () => {
    // The setup ends a section, and each part too: three times.
    const main = ramStream(part(2, RAM_END), last(2, RAM_END), EOF)
    const values = await rebuiltFrom(
      main,
      channel(
        0,
        MULTIFD_SYNC,
        packet(true, [
          [0, 2],
          [0x1000, 5],
        ]),
        MULTIFD_SYNC,
      ),
      channel(
        1,
        packet(true, [
          [0, 1],
          [0x2000, 6],
        ]),
        MULTIFD_SYNC,
        packet(true, [[0x1000, 7]], [0x2000]),
      ),
    )
    expect(values).toEqual([2, 7, 0, 0])
  })

  test('keeps a later page of the main channel, and counts marks alone', async () => {
    const main = ramStream(
      part(2, bytesOf(zeroPage(0x3000, 'ram'), RAM_END)),
      last(2, RAM_END),
      EOF,
    )
    const values = await rebuiltFrom(
      main,
      channel(
        0,
        ...[1, 2, 3].map((value) => packet(false, [[0, value]])),
        packet(true, [[0x3000, 9]]),
        MULTIFD_SYNC,
        MULTIFD_SYNC,
      ),
      channel(1, MULTIFD_SYNC, packet(false, [[0, 4]]), MULTIFD_SYNC, MULTIFD_SYNC),
    )
    expect(values).toEqual([4, 0, 0, 0])
  })

  test('counts by flushes where there are any', async () => {
    const main = ramStream(
      part(2, bytesOf(RAM_FLUSH, RAM_END)),
      last(2, bytesOf(RAM_FLUSH, zeroPage(0x3000, 'ram'), RAM_END)),
      EOF,
    )
    // The first mark that counts is the end of the setup, as with those without flushes.
    const values = await rebuiltFrom(
      main,
      channel(0, packet(true, [[0, 1]]), packet(true, [[0, 2]])),
      channel(1, MULTIFD_SYNC, MULTIFD_SYNC),
    )
    expect(values).toEqual([2, 0, 0, 0])
  })

  test('is refused where a page lies behind its block', async () => {
    const main = ramStream(last(2, RAM_END), EOF)
    await expect(
      rebuiltFrom(main, channel(0, MULTIFD_SYNC, packet(true, [[0x4000, 1]]))),
    ).rejects.toThrow(refusal('MIGRATION_STRAY_PAGE'))
    expect(await rebuiltFrom(main, channel(0, MULTIFD_SYNC, packet(true, [[0x3000, 1]])))).toEqual([
      0, 0, 0, 1,
    ])
  })
})

describe('the time of a page', () => {
  test('goes forward only', () => {
    const epochs = new PageEpochs(new EpochBudget())
    const tried: [number, number][] = [
      [0, 0],
      [0, 5],
      [0, 4],
      [0, 5],
      [1, 1],
      [2047, 3],
      [2048, 1],
      [2047, 2],
    ]
    expect(tried.map(([number, time]) => epochs.advance(number, time))).toEqual([
      ...[true, true, false, true, true, true, true, false],
    ])
  })

  test('is not told apart after 65535 marks', () => {
    const epochs = new PageEpochs(new EpochBudget())
    expect([65_534, 65_535, 65_534, 70_000, 65_536].map((time) => epochs.advance(0, time))).toEqual(
      [...[true, true, false, true, true]],
    )
  })
})

test('the times of all blocks together take a bounded memory', () => {
  const budget = new EpochBudget()
  const first = new PageEpochs(budget)
  first.advance(0, 1)
  // 2 TiB of pages, 2048 in a piece.
  for (let taken = 1; taken < 2 ** 29 / 2048; taken++) expect(budget.take()).toBe(true)
  expect(budget.take()).toBe(false)
  expect(first.advance(2047, 1)).toBe(true)
  expect(() => first.advance(2048, 1)).toThrow(refusal('MIGRATION_MEMORY_TOO_LARGE'))
  expect(() => new PageEpochs(budget).advance(0, 1)).toThrow(refusal('MIGRATION_MEMORY_TOO_LARGE'))
})

describe('packets of one compressed stream', () => {
  test('unpack to as many bytes as they say, and no others', async () => {
    const whole = Buffer.concat([page(1), page(2)])
    const packed = deflateSync(whole)
    const inflater = new PageInflater('zlib')
    expect((await inflater.inflate(packed, 8192))?.equals(whole)).toBe(true)
    for (const expected of [8191, 8193, 4096]) {
      expect(await new PageInflater('zlib').inflate(packed, expected)).toBeUndefined()
    }
    expect(await new PageInflater('zlib').inflate(Buffer.from('none'), 4)).toBeUndefined()
    expect(await new PageInflater('zstd').inflate(packed, 8192)).toBeUndefined()
    inflater.close()
  })
})

/** Whether a descriptor of this process leads to a file. */
function isHeldOpen(path: string): boolean {
  return readdirSync('/proc/self/fd').some((number) => {
    try {
      return readlinkSync(`/proc/self/fd/${number}`) === path
    } catch {
      // The one of the folder itself.
      return false
    }
  })
}

describe('the file of a block', () => {
  const fileIn = (folder: string, size = 0x40_0000) =>
    new BlockFile(join(folder, 'ram'), size, 4096, new PageSetBudget())

  test('has what was written, whatever the order, and holes for what is zero', () => {
    const folder = scratchFolder()
    const file = fileIn(folder)
    // 2 MiB in a row, more than what is written at once; then single pages.
    for (let at = 0; at < 512; at++) file.write(at * 4096, page((at % 255) + 1))
    file.write(0x30_0000, page(9))
    file.write(0x2f_f000, page(8))
    file.write(0x3f_f000, page(0))
    for (let at = 0; at < 128; at++) file.write(0x36_0000 + at * 4096, page(0))
    file.write(0x1000, page(0))
    expect(file.read(0x30_0000)[0]).toBe(9)
    expect(file.read(0x1000)[0]).toBe(0)
    file.write(0x30_0000, page(7))
    const path = join(folder, 'ram')
    expect(isHeldOpen(path)).toBe(true)
    file.finish()
    expect(isHeldOpen(path)).toBe(false)
    file.close()
    const memory = readFileSync(path)
    expect(memory).toHaveLength(0x40_0000)
    const values = [0, 0x1000, 0x2000, 0x1f_f000, 0x20_0000, 0x2f_f000, 0x30_0000, 0x3f_f000]
    expect(values.map((at) => memory[at])).toEqual([1, 0, 3, 2, 0, 8, 7, 0])
    expect(statSync(path).mode & 0o777).toBe(0o600)
    // A page that is zero from the beginning takes no room.
    expect(statSync(path).blocks * 512).toBeLessThan(0x21_0000)
  })

  test('has a hole for a page that was zero each time', () => {
    const folder = scratchFolder()
    const file = fileIn(folder)
    for (let time = 0; time < 3; time++) file.write(0x1000, page(0))
    file.finish()
    expect(statSync(join(folder, 'ram')).blocks).toBe(0)
  })

  test('has what was written last of pages that cannot be noted', () => {
    const folder = scratchFolder()
    const budget = new PageSetBudget()
    while (budget.take());
    const file = new BlockFile(join(folder, 'ram'), 0x3000, 4096, budget)
    for (const [at, values] of [[1, 0], [0, 2], [0]].entries()) {
      for (const value of values) file.write(at * 4096, page(value))
    }
    file.finish()
    const memory = readFileSync(join(folder, 'ram'))
    expect(memory).toEqual(Buffer.concat([page(0), page(2), page(0)]))
  })

  test('has all of a row of any length, and of rows that begin anew within one', () => {
    const folder = scratchFolder()
    const file = fileIn(folder, 0x30_0000)
    const expected = Buffer.alloc(0x30_0000)
    // The second row begins a page before the end of the first; 256 pages are written at once.
    for (const [first, count] of [
      [0, 257],
      [256, 256],
      [0, 1],
    ] as const) {
      for (let at = first; at < first + count; at++) {
        const data = page(((first + at) % 255) + 1)
        file.write(at * 4096, data)
        data.copy(expected, at * 4096)
      }
    }
    file.finish()
    expect(readFileSync(join(folder, 'ram')).equals(expected)).toBe(true)
  })

  test('ends where the block ends', () => {
    const folder = scratchFolder()
    const file = fileIn(folder, 0x1800)
    file.write(0x1000, page(5))
    expect([...new Set(file.read(0x1000))]).toEqual([5, 0])
    file.finish()
    expect(readFileSync(join(folder, 'ram'))).toEqual(
      Buffer.concat([Buffer.alloc(4096), Buffer.alloc(0x800, 5)]),
    )
  })

  test('is made new, and through no link', () => {
    const folder = scratchFolder()
    writeFileSync(join(folder, 'ram'), 'mine')
    expect(() => fileIn(folder)).toThrow(refusal('FILE_UNWRITABLE'))
    expect(readFileSync(join(folder, 'ram'), 'utf8')).toBe('mine')
    const other = scratchFolder()
    symlinkSync(join(other, 'elsewhere'), join(other, 'ram'))
    expect(() => fileIn(other)).toThrow(refusal('FILE_UNWRITABLE'))
    expect(existsSync(join(other, 'elsewhere'))).toBe(false)
  })
})
