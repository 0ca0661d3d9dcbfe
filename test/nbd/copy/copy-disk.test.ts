/** Copies between ends that do what a test wants: what is written, saved, gone on with and compared. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Diagnostic, DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import { copyDisk } from '../../../src/nbd/copy/copy.ts'
import type { CopyDestination, CopyExtent, CopySource } from '../../../src/nbd/copy/copy-end.ts'
import { copyEnds } from '../../../src/nbd/copy/copy-ends.ts'
import { nullDestination } from '../../../src/nbd/copy/null-destination.ts'
import { scratchFolder } from '../../cli/command.ts'
import { refusal } from '../../diagnostic-code.ts'

/** The most that is read at once, in bytes. */
const PIECE = 262_144

type Range = readonly [offset: number, length: number]

/** A disk that holds these bytes; without a map, nothing is known of it before it is read. */
function sourceOf(content: Buffer, more: Partial<CopySource> = {}, map?: readonly CopyExtent[]) {
  const read: Range[] = []
  const source: CopySource = {
    ...{ name: 'source', identity: 'source 1', size: content.length, alignment: 1, parallel: 1 },
    extents: async (offset, length) => (offset === 0 && map) || [{ length, isZero: false }],
    read: async (offset, target) => {
      read.push([offset, target.length])
      content.copy(target, 0, offset, offset + target.length)
    },
    close: async () => {},
    ...more,
  }
  return { source, read }
}

/** A disk that is full of ones at first, or of zeroes, and what was done to it. */
function targetOf(size: number, more: Partial<CopyDestination> = {}) {
  const content = Buffer.alloc(size, more.isZero ? 0 : 1)
  const done: string[] = []
  const destination: CopyDestination = {
    ...{ name: 'target', identity: 'target 1', alignment: 1, parallel: 1, statePath: undefined },
    isZero: false,
    write: async (offset, data) => {
      done.push(`write ${offset} ${data.length}`)
      data.copy(content, offset)
    },
    zero: async (offset, length) => {
      done.push(`zero ${offset} ${length}`)
      content.fill(0, offset, offset + length)
    },
    read: async (offset, target) => {
      done.push(`read ${offset} ${target.length}`)
      content.copy(target, 0, offset)
    },
    flush: async () => void done.push('flush'),
    finish: async (whole) => void done.push(`finish ${whole}`),
    close: async () => {},
    ...more,
  }
  return { destination, content, done }
}

const data = (length: number) => Buffer.alloc(length, 'data ')

/** A piece of data, a piece of zeroes, half a piece of data. */
const MIXED = Buffer.concat([data(PIECE), Buffer.alloc(PIECE), data(PIECE / 2)])

describe('zeroes', () => {
  const map = [
    { length: PIECE, isZero: false },
    { length: PIECE, isZero: true },
    { length: PIECE / 2, isZero: false },
  ]

  test.each([
    ['that the source tells of are not read', map, 2],
    ['that are found in what was read', undefined, 3],
  ])('%s are zeroed where something else may stand', async (_, told, reads) => {
    const { source, read } = sourceOf(MIXED, {}, told)
    const { destination, content, done } = targetOf(MIXED.length)
    const result = await copyDisk(source, destination)
    expect(result).toEqual({
      size: MIXED.length,
      data: 1.5 * PIECE,
      zeroes: PIECE,
      resumed: 0,
      isVerified: false,
    })
    expect(content.equals(MIXED)).toBe(true)
    expect(read).toHaveLength(reads)
    expect(done).toEqual([
      `write 0 ${PIECE}`,
      `zero ${PIECE} ${PIECE}`,
      `write ${2 * PIECE} ${PIECE / 2}`,
      `finish ${MIXED.length}`,
    ])
  })

  test.each([[map], [undefined]])('are not written where all is zero already', async (told) => {
    const { source } = sourceOf(MIXED, {}, told)
    const { destination, content, done } = targetOf(MIXED.length, { isZero: true })
    await copyDisk(source, destination)
    expect(content.equals(MIXED)).toBe(true)
    expect(done.filter((one) => one.startsWith('zero'))).toEqual([])
  })

  test.each([
    [65_536, 1],
    [1, 65_536],
  ])('are found by the blocks of both ends (%d, %d)', async (mine, theirs) => {
    const content = Buffer.alloc(4 * 65_536)
    content[65_536 + 40_000] = 1
    const { source } = sourceOf(content, { alignment: mine })
    const { destination, done } = targetOf(content.length, { alignment: theirs })
    await copyDisk(source, destination)
    expect(done.slice(0, -1)).toEqual(['zero 0 65536', 'write 65536 65536', 'zero 131072 131072'])
  })
})

test.each([
  [1, 1, 1],
  [3, 2, 3],
  [2, 5, 5],
  [1, Number.POSITIVE_INFINITY, 64],
  [70, 1, 70],
])('with %d reads and %d writes at a time, %d pieces are on their way', async (...row) => {
  const [reads, writes, expected] = row
  let [atWork, most] = [0, 0]
  const read = async () => {
    most = Math.max(most, ++atWork)
    await new Promise((resolve) => setImmediate(resolve))
    atWork--
  }
  const size = 80 * PIECE
  const { source } = sourceOf(Buffer.alloc(0), { size, parallel: reads, read })
  await copyDisk(source, { ...nullDestination(), parallel: writes })
  expect(most).toBe(expected)
})

test('what is copied to nowhere is read', async () => {
  const { source, read } = sourceOf(MIXED)
  const destination = nullDestination()
  expect(await copyDisk(source, destination)).toMatchObject({ size: MIXED.length })
  expect(read).toHaveLength(3)
  expect(destination.isZero).toBe(true)
  await destination.close()
})

type State = { readonly done: readonly Range[]; readonly [key: string]: unknown }

function readState(path: string): State {
  return JSON.parse(readFileSync(path, 'utf8'))
}

const BINDING = {
  format: 'cryptopolicy-copy-1',
  source: 'source 1',
  destination: 'target 1',
  size: 4 * PIECE,
}

function writeState(path: string, done: readonly Range[], more: object = {}): void {
  writeFileSync(path, JSON.stringify({ ...BINDING, done, ...more }), { mode: 0o600 })
}

/** A source of four pieces whose reads wait until the test lets them go on. */
function heldSource() {
  const waiting: (() => void)[] = []
  const { source } = sourceOf(data(4 * PIECE))
  const read: CopySource['read'] = async (offset, target) => {
    await new Promise<void>((resolve) => void waiting.push(resolve))
    await source.read(offset, target)
  }
  const next = async (): Promise<void> => {
    while (waiting.length === 0) await turn()
    waiting.shift()?.()
    for (let count = 0; count < 20; count++) await turn()
  }
  return { source: { ...source, read }, next }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('the state', () => {
  test('is saved before the first byte and each second, with what was on disk by then', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    const statePath = join(scratchFolder(), 'state')
    const flushes: (() => void)[] = []
    const flush = () => new Promise<void>((resolve) => void flushes.push(resolve))
    const flushed = async () => {
      while (flushes.length === 0) await turn()
      flushes.shift()?.()
      for (let count = 0; count < 20; count++) await turn()
    }
    const { source, next } = heldSource()
    const { destination, done } = targetOf(4 * PIECE, { statePath, flush })
    const copying = copyDisk(source, destination)
    await flushed()
    expect(readState(statePath)).toEqual({ ...BINDING, done: [] })
    await next()
    vi.advanceTimersByTime(999)
    await turn()
    expect(flushes).toHaveLength(0)
    vi.advanceTimersByTime(1)
    // A piece that is done while the disk works may not be on it.
    while (flushes.length === 0) await turn()
    await next()
    expect(readState(statePath).done).toEqual([])
    await flushed()
    expect(readState(statePath).done).toEqual([[0, PIECE]])
    vi.advanceTimersByTime(1000)
    await flushed()
    expect(readState(statePath).done).toEqual([[0, 2 * PIECE]])
    await next()
    await next()
    await flushed()
    await copying
    expect(vi.getTimerCount()).toBe(0)
    expect(existsSync(statePath)).toBe(false)
    expect(done.at(-1)).toBe(`finish ${4 * PIECE}`)
  })

  test('that cannot be saved fails the copy, and nothing is put in its place', async () => {
    const statePath = join(scratchFolder(), 'missing', 'state')
    const { source } = sourceOf(MIXED)
    const { destination, done } = targetOf(MIXED.length, { statePath })
    await expect(copyDisk(source, destination)).rejects.toThrow(refusal('NBD_COPY_UNWRITABLE'))
    expect(done.filter((one) => one.startsWith('finish'))).toEqual([])
    const read = () => Promise.reject(new Error('the source is gone'))
    const broken = sourceOf(MIXED, { read })
    await expect(copyDisk(broken.source, destination)).rejects.toThrow('the source is gone')
  })

  test('is kept where the copy fails, with what was done', async () => {
    const statePath = join(scratchFolder(), 'state')
    const { source } = sourceOf(data(4 * PIECE))
    const { destination, done } = targetOf(4 * PIECE, { statePath })
    const write: CopyDestination['write'] = (offset, bytes) => {
      if (offset >= 2 * PIECE) throw new Error('no more')
      return destination.write(offset, bytes)
    }
    await expect(copyDisk(source, { ...destination, write })).rejects.toThrow('no more')
    expect(readState(statePath)).toEqual({ ...BINDING, done: [[0, 2 * PIECE]] })
    expect(done.at(-1)).toBe('flush')
    const resumed = await copyDisk(source, destination)
    expect(resumed).toMatchObject({ size: 4 * PIECE, data: 2 * PIECE, resumed: 2 * PIECE })
    expect(existsSync(statePath)).toBe(false)
  })

  test('says what is left to do, unless all is to be done anew', async () => {
    const statePath = join(scratchFolder(), 'state')
    const told: object[] = []
    const runs = []
    for (const resume of [true, false]) {
      writeState(statePath, [
        [0, PIECE],
        [2 * PIECE, 3 * PIECE],
      ])
      const { source, read } = sourceOf(data(4 * PIECE))
      const { destination } = targetOf(4 * PIECE, { statePath })
      const onProgress = (progress: object) => void told.push(progress)
      const { resumed } = await copyDisk(source, destination, { resume, onProgress })
      runs.push([resumed, read.map(([offset]) => offset / PIECE)])
    }
    expect(runs).toEqual([
      [2 * PIECE, [1, 3]],
      [0, [0, 1, 2, 3]],
    ])
    const steps = [3, 4, 1, 2, 3, 4]
    const total = 4 * PIECE
    expect(told).toEqual(steps.map((step) => ({ phase: 'copy', done: step * PIECE, total })))
  })

  test.each([
    [false, ['NBD_COPY_STARTED_ANEW']],
    [true, []],
  ])('of another copy is told where there was a destination (new: %s)', async (isZero, codes) => {
    const statePath = join(scratchFolder(), 'state')
    writeState(statePath, [[0, PIECE]], { source: 'another' })
    const { source, read } = sourceOf(data(4 * PIECE))
    const { destination } = targetOf(4 * PIECE, { statePath, isZero })
    const warnings: Diagnostic[] = []
    const warn = (warning: Diagnostic) => void warnings.push(warning)
    expect((await copyDisk(source, destination, { warn })).resumed).toBe(0)
    expect(read).toHaveLength(4)
    expect(warnings.map(({ code }) => code)).toEqual(codes)
  })
})

/** What a copy that comes to nothing is refused with. */
async function refused(copying: Promise<unknown>): Promise<Diagnostic> {
  const error = await copying.catch((reason: unknown) => reason)
  if (!(error instanceof DiagnosticError) || !error.diagnostics[0]) throw error
  return error.diagnostics[0]
}

describe('a copy that is given up', () => {
  test.each([
    [true, 'the same command goes on where it stopped'],
    [false, undefined],
  ])('may be gone on with where it has a state (%s)', async (hasState, hint) => {
    const statePath = hasState ? join(scratchFolder(), 'state') : undefined
    const { source } = sourceOf(data(4 * PIECE))
    const { destination, done } = targetOf(4 * PIECE, { statePath })
    const cut = new AbortController()
    const options = { signal: cut.signal, onProgress: () => cut.abort() }
    const error = await refused(copyDisk(source, destination, options))
    expect([error.code, error.hint]).toEqual(['NBD_COPY_INTERRUPTED', hint])
    expect(done.filter((one) => one !== 'flush')).toEqual([`write 0 ${PIECE}`])
    if (statePath) expect(readState(statePath).done).toEqual([[0, PIECE]])
  })

  test('while it is compared is no whole copy, and not gone on with', async () => {
    const statePath = join(scratchFolder(), 'state')
    const { source } = sourceOf(data(4 * PIECE))
    const { destination, done } = targetOf(4 * PIECE, { statePath })
    const cut = new AbortController()
    const onProgress = ({ phase }: { phase: string }) => phase === 'verify' && cut.abort()
    const options = { verify: true, signal: cut.signal, onProgress }
    const error = await refused(copyDisk(source, destination, options))
    expect([error.code, error.hint]).toEqual(['NBD_COPY_INTERRUPTED', undefined])
    expect(done.at(-1)).toBe(`read 0 ${PIECE}`)
    expect(existsSync(statePath)).toBe(false)
  })
})

describe('--verify', () => {
  const map = [
    { length: PIECE, isZero: false },
    { length: PIECE + PIECE / 2, isZero: true },
  ]
  const content = Buffer.concat([data(PIECE), Buffer.alloc(1.5 * PIECE)])

  test('compares all, by pieces, once everything is on disk', async () => {
    const { source, read } = sourceOf(content, {}, map)
    const { destination, done } = targetOf(content.length)
    const told: object[] = []
    const onProgress = (progress: object) => void told.push(progress)
    const result = await copyDisk(source, destination, { verify: true, onProgress })
    expect(result.isVerified).toBe(true)
    expect(done.slice(done.indexOf('flush'))).toEqual([
      'flush',
      `read 0 ${PIECE}`,
      `read ${PIECE} ${PIECE}`,
      `read ${2 * PIECE} ${PIECE / 2}`,
      `finish ${content.length}`,
    ])
    // Of what the source says is zero, nothing is read.
    expect(read).toEqual([
      [0, PIECE],
      [0, PIECE],
    ])
    const total = content.length
    expect(told.slice(2)).toEqual([
      { phase: 'verify', done: PIECE, total },
      { phase: 'verify', done: total, total },
    ])
  })

  test.each([
    [0, 0],
    [PIECE - 1, 0],
    [PIECE, PIECE],
    [2 * PIECE - 1, PIECE],
    [2 * PIECE, 2 * PIECE],
    [2.5 * PIECE - 1, 2 * PIECE],
  ])('finds that byte %d differs, and keeps no state', async (at, block) => {
    const statePath = join(scratchFolder(), 'state')
    const { source } = sourceOf(content, {}, map)
    const { destination, content: copy, done } = targetOf(content.length, { statePath })
    const onProgress = ({
      phase,
      done: so,
      total,
    }: {
      phase: string
      done: number
      total: number
    }) => {
      if (phase === 'copy' && so === total) copy[at] = 0xff
    }
    const copying = copyDisk(source, destination, { verify: true, onProgress })
    await expect(copying).rejects.toThrow(refusal('NBD_COPY_DIFFERENT'))
    await expect(copying).rejects.toThrow(`in the block at byte ${block}`)
    expect(done.some((one) => one.startsWith('finish'))).toBe(false)
    expect(existsSync(statePath)).toBe(false)
  })

  test('is refused where nothing can be read back', async () => {
    const { source } = sourceOf(content)
    const copying = copyDisk(source, nullDestination(), { verify: true })
    await expect(copying).rejects.toThrow(refusal('NBD_COPY_UNVERIFIABLE'))
  })

  test('of a disk of no bytes compares nothing', async () => {
    const { source, read } = sourceOf(Buffer.alloc(0))
    const { destination, done } = targetOf(0)
    expect(await copyDisk(source, destination, { verify: true })).toMatchObject({ size: 0 })
    expect([read, done]).toEqual([[], ['flush', 'finish 0']])
  })

  test.each([
    [2, 5, 2],
    [5, 3, 3],
  ])('has as many reads under way as both ends take (%d, %d)', async (mine, theirs, expected) => {
    let [atWork, most] = [0, 0]
    const read = async (_: number, target: Buffer) => {
      most = Math.max(most, ++atWork)
      await turn()
      target.fill(1)
      atWork--
    }
    const size = 10 * PIECE
    const { source } = sourceOf(Buffer.alloc(size, 1), { parallel: mine })
    const { destination } = targetOf(size, { parallel: theirs, read })
    await copyDisk(source, destination, { verify: true })
    expect(most).toBe(expected)
  })
})

describe('ends of any kind', () => {
  const pipe = () => {
    const appended: Buffer[] = []
    return {
      ...{ name: 'pipe', appended, close: async () => {} },
      append: async (part: Buffer) => void appended.push(part),
    }
  }
  const stream = (content: Buffer) => ({
    ...{ name: 'stream', size: undefined, close: async () => {} },
    async *chunks() {
      yield content
    },
  })

  test('are copied between, in order where one has an order', async () => {
    const [bytes, into] = [data(1000), pipe()]
    for (const source of [sourceOf(bytes).source, stream(bytes)]) {
      const { destination, content } = targetOf(1000)
      for (const target of [destination, into]) {
        expect(await copyEnds(source, target, {})).toMatchObject({ size: 1000, isVerified: false })
      }
      expect(content.equals(bytes)).toBe(true)
    }
    expect(into.appended.map((part) => part.equals(bytes))).toEqual([true, true])
  })

  test('that have an order are not compared', async () => {
    const { source } = sourceOf(data(10))
    const { destination, done } = targetOf(10)
    const into = pipe()
    for (const [from, to] of [
      [source, into],
      [stream(data(10)), destination],
      [stream(data(10)), into],
    ] as const) {
      const copying = copyEnds(from, to, { verify: true })
      await expect(copying).rejects.toThrow(refusal('NBD_COPY_UNVERIFIABLE'))
    }
    expect([into.appended, done]).toEqual([[], []])
    expect((await copyEnds(source, destination, { verify: true })).isVerified).toBe(true)
  })
})
