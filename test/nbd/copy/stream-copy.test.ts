/** Copies in order, within this process: to the byte, whatever the pieces; and real pipes at both ends. */
import { getEventListeners } from 'node:events'
import { closeSync, constants, openSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { CopyDestination, CopySource } from '../../../src/nbd/copy/copy-end.ts'
import { COPY_PIECE } from '../../../src/nbd/copy/copy-plan.ts'
import { parseEnd } from '../../../src/nbd/copy/end-name.ts'
import { requireDisk } from '../../../src/nbd/copy/local-disk.ts'
import {
  copyBetweenStreams,
  copyFromStream,
  copyToStream,
} from '../../../src/nbd/copy/stream-copy.ts'
import {
  isStream,
  openStreamDestination,
  openStreamSource,
} from '../../../src/nbd/copy/stream-ends.ts'
import { runFile, scratchFolder } from '../../cli/command.ts'
import { refusal } from '../../diagnostic-code.ts'
import { openFilesBelow } from '../../files/open-files.ts'
import { eventually } from '../server/test-server.ts'

/** Bytes of a disk: none of them is zero, or all are. */
function bytes(length: number, isZero = false): Buffer {
  const text = Buffer.alloc(
    length,
    isZero ? 0 : 'no byte of it is zero, and no block is like another ',
  )
  for (let at = 0; !isZero && at < length; at += 4096) text[at] = 1 + ((at >> 12) % 255)
  return text
}

/** A disk that says where it holds zeroes, and cannot be read there. */
function diskOf(parts: readonly Buffer[]): CopySource {
  const content = Buffer.concat(parts)
  const isZeroPart = parts.map((part) => part.every((byte) => byte === 0))
  const ends = parts.map((_, index) => Buffer.concat(parts.slice(0, index + 1)).length)
  const partAt = (offset: number) => ends.findIndex((end) => end > offset)
  return {
    ...{ name: 'disk', size: content.length, identity: 'disk', alignment: 1, parallel: 4 },
    extents: async (offset) => {
      const index = partAt(offset)
      return [{ length: (ends[index] ?? 0) - offset, isZero: isZeroPart[index] ?? false }]
    },
    read: async (offset, target) => {
      if (isZeroPart[partAt(offset)]) throw new Error('zeroes were read')
      content.copy(target, 0, offset, offset + target.length)
    },
    close: async () => {},
  }
}

/** What takes bytes in order, and holds them. */
function collector() {
  const appended: Buffer[] = []
  return {
    ...{ name: 'pipe', appended, close: async () => {} },
    append: async (data: Buffer) => void appended.push(Buffer.from(data)),
  }
}

/** A disk that is full of ones, unless told to read as zeroes. */
function target(size: number, more: Partial<CopyDestination> = {}) {
  const content = Buffer.alloc(size, more.isZero ? 0 : 1)
  const finished: number[] = []
  const destination: CopyDestination = {
    ...{ name: 'target', identity: 'target', alignment: 1, parallel: 4, statePath: undefined },
    ...{ isZero: false, capacity: size },
    write: async (offset, data) => void data.copy(content, offset),
    zero: async (offset, length) => void content.fill(0, offset, offset + length),
    read: async (offset, into) => void content.copy(into, 0, offset),
    flush: async () => {},
    finish: async (whole) => void finished.push(whole),
    close: async () => {},
    ...more,
  }
  return { destination, content, finished }
}

function pipeOf(chunks: readonly Buffer[]) {
  return {
    ...{ name: 'pipe', size: undefined, close: async () => {} },
    async *chunks() {
      yield* chunks
    },
  }
}

describe('a disk into a pipe', () => {
  test.each([
    ['nothing', []],
    ['data', [bytes(3 * COPY_PIECE + 7)]],
    ['zeroes, which are not read, in pieces', [bytes(5 * COPY_PIECE + 4096, true)]],
    ['both', [bytes(8192), bytes(2 * COPY_PIECE, true), bytes(1)]],
  ] as const)('%s', async (_, parts) => {
    const pipe = collector()
    const seen: number[] = []
    const source = diskOf(parts)
    const onProgress = ({ done, total }: { done: number; total: number }) => {
      expect(total).toBe(source.size)
      seen.push(done)
    }
    const result = await copyToStream(source, pipe, { onProgress })
    const whole = Buffer.concat(parts)
    expect(Buffer.concat(pipe.appended).equals(whole)).toBe(true)
    expect(pipe.appended.every(({ length }) => length > 0 && length <= COPY_PIECE)).toBe(true)
    const { size } = source
    expect(result).toEqual({ size, data: size, zeroes: 0, resumed: 0, isVerified: false })
    expect(seen.at(-1) ?? 0).toBe(size)
  })
})

describe('a pipe into a disk', () => {
  /** Chunks of a pipe are of any size. */
  const cut = (whole: Buffer, size: number): readonly Buffer[] =>
    Array.from({ length: Math.ceil(whole.length / size) }, (_, index) =>
      whole.subarray(index * size, (index + 1) * size),
    )

  test.each([1000, 65_536, COPY_PIECE, COPY_PIECE + 1, 10 * COPY_PIECE])(
    'chunks of %d bytes are put together',
    async (size) => {
      const whole = Buffer.concat([bytes(COPY_PIECE), bytes(COPY_PIECE, true), bytes(5000)])
      const lengths: number[] = []
      const { destination, content, finished } = target(whole.length)
      const { write } = destination
      const noted: CopyDestination = {
        ...destination,
        write: (offset, data) => {
          lengths.push(data.length)
          return write(offset, data)
        },
      }
      const result = await copyFromStream(pipeOf(cut(whole, size)), noted)
      expect(content.equals(whole)).toBe(true)
      expect(finished).toEqual([whole.length])
      expect(result).toMatchObject({
        size: whole.length,
        data: COPY_PIECE + 5000,
        zeroes: COPY_PIECE,
      })
      expect(lengths).toEqual([COPY_PIECE, 5000])
    },
  )

  test('a disk that is zero is not written where zeroes come', async () => {
    const zero = async () => {
      throw new Error('zeroes were written')
    }
    const { destination } = target(COPY_PIECE, { isZero: true, zero })
    expect(await copyFromStream(pipeOf([bytes(COPY_PIECE, true)]), destination)).toMatchObject({
      size: COPY_PIECE,
      data: 0,
    })
  })

  test('it may be as long as the disk, and not a byte longer', async () => {
    const { destination, finished } = target(1000)
    expect((await copyFromStream(pipeOf([bytes(1000)]), destination)).size).toBe(1000)
    await expect(copyFromStream(pipeOf([bytes(1001)]), destination)).rejects.toThrow(
      refusal('NBD_COPY_SOURCE_TOO_LONG'),
    )
    expect(finished).toEqual([1000])
  })

  test('where it ends within a block, the rest of the block stays', async () => {
    const { destination, content } = target(8192, { alignment: 4096 })
    const result = await copyFromStream(pipeOf([bytes(100)]), destination)
    expect(result).toMatchObject({ size: 100, data: 100 })
    expect(content.equals(Buffer.concat([bytes(100), Buffer.alloc(8092, 1)]))).toBe(true)
  })
})

describe('the last block of a pipe that ends within it', () => {
  test.each([
    ['keeps its rest, in any piece', 16_384, COPY_PIECE + 5000, [8192, 4096]],
    ['is not read where the pipe ends with a block', 16_384, 8192, undefined],
    ['is not read where the pipe ends with the disk', 5000, 5000, undefined],
    ['is as long as the disk has it', 5000, 4500, [4096, 904]],
  ])('%s', async (_, capacity, length, block) => {
    const size = capacity + (length > COPY_PIECE ? COPY_PIECE : 0)
    const reads: (readonly [number, number])[] = []
    const { destination, content } = target(size, { alignment: 4096 })
    const read: CopyDestination['read'] = async (offset, into) => {
      reads.push([offset, into.length])
      content.copy(into, 0, offset)
    }
    const result = await copyFromStream(pipeOf([bytes(length)]), { ...destination, read })
    expect(result).toMatchObject({ size: length, data: length, zeroes: 0 })
    const rest = Buffer.alloc(size - length, 1)
    expect(content.equals(Buffer.concat([bytes(length), rest]))).toBe(true)
    const start = length > COPY_PIECE ? COPY_PIECE + 4096 : 4096
    expect(reads).toEqual(block ? [[start, block[1]]] : [])
  })

  test('is written short where nothing can be read back', async () => {
    const { destination, content } = target(8192, { alignment: 4096 })
    const { read: _, ...blind } = destination
    await copyFromStream(pipeOf([bytes(5000)]), blind)
    expect(content.equals(Buffer.concat([bytes(5000), Buffer.alloc(3192, 1)]))).toBe(true)
  })

  test('is zeroed with what is before it, where all of it is zero', async () => {
    const { destination, content } = target(65_536, { alignment: 4096 })
    const result = await copyFromStream(pipeOf([Buffer.alloc(40_000)]), destination)
    expect(result).toMatchObject({ size: 40_000 })
    expect(content.equals(Buffer.alloc(65_536, 1).fill(0, 0, 40_000))).toBe(true)
  })
})

test.each([
  [4, 4],
  [16, 16],
  [100, 16],
])('where %d are best at a time, %d pieces are in memory', async (parallel, expected) => {
  let [atWork, most] = [0, 0]
  const work = async () => {
    most = Math.max(most, ++atWork)
    await new Promise((resolve) => setImmediate(resolve))
    atWork--
  }
  const size = 40 * COPY_PIECE
  await copyToStream(
    {
      ...diskOf([bytes(10)]),
      size,
      parallel,
      read: work,
      extents: async (_, length) => [{ length, isZero: false }],
    },
    collector(),
  )
  expect([atWork, most]).toEqual([0, expected])
  most = 0
  const { destination } = target(0, { capacity: size, parallel, write: work })
  await copyFromStream(pipeOf([bytes(size)]), destination)
  expect([atWork, most]).toEqual([0, expected])
})

test('progress is told of the size that is known, or of what the destination takes', async () => {
  const totals = async (size: number | undefined, capacity: number | undefined) => {
    const told: (readonly [number, number])[] = []
    const onProgress = ({ done, total }: { done: number; total: number }) =>
      void told.push([done, total])
    const { capacity: _, ...rest } = target(5000).destination
    const destination = capacity === undefined ? rest : { ...rest, capacity }
    await copyFromStream({ ...pipeOf([bytes(5000)]), size }, destination, { onProgress })
    await copyBetweenStreams({ ...pipeOf([bytes(10), bytes(5)]), size }, collector(), {
      onProgress,
    })
    return told
  }
  expect(await totals(5000, 9000)).toEqual([
    [5000, 5000],
    [10, 5000],
    [15, 5000],
  ])
  expect(await totals(undefined, 9000)).toEqual([
    [5000, 9000],
    [10, 0],
    [15, 0],
  ])
  expect((await totals(undefined, undefined))[0]).toEqual([5000, 0])
})

describe('a copy in order that is given up', () => {
  const INTERRUPTED = refusal('NBD_COPY_INTERRUPTED')
  const withHint = expect.objectContaining({
    diagnostics: [expect.objectContaining({ hint: expect.any(String) })],
  })

  /** A pipe whose writer says something and then nothing, until it is closed. */
  function silentPipe() {
    let [isClosed, end] = [false, () => {}]
    const closed = new Promise<void>((resolve) => {
      end = resolve
    })
    const close = async () => {
      isClosed = true
      end()
    }
    const chunks = async function* () {
      yield bytes(100)
      await closed
    }
    return { pipe: { name: 'pipe', size: undefined, close, chunks }, isClosed: () => isClosed }
  }

  /** Gives up when the first bytes have come. */
  function giveUp() {
    const cut = new AbortController()
    const listeners = () => getEventListeners(cut.signal, 'abort').length
    return { signal: cut.signal, cut, listeners }
  }

  test('does not wait for a writer that says nothing', async () => {
    const { pipe, isClosed } = silentPipe()
    const { signal, cut, listeners } = giveUp()
    const { destination, finished } = target(8192)
    const copying = copyFromStream(pipe, destination, { signal })
    setImmediate(() => cut.abort())
    await expect(copying).rejects.toThrow(INTERRUPTED)
    expect([isClosed(), finished, listeners()]).toEqual([true, [], 0])
    const again = silentPipe()
    const second = giveUp()
    const into = collector()
    const onProgress = () => second.cut.abort()
    const between = copyBetweenStreams(again.pipe, into, { signal: second.signal, onProgress })
    await expect(between).rejects.toThrow(INTERRUPTED)
    expect([again.isClosed(), into.appended.length, second.listeners()]).toEqual([true, 1, 0])
  })

  test('does not wait for a reader that takes nothing', async () => {
    const never = { ...collector(), append: () => new Promise<void>(() => {}) }
    for (const copy of [
      (signal: AbortSignal) => copyToStream(diskOf([bytes(100)]), never, { signal }),
      (signal: AbortSignal) => copyBetweenStreams(pipeOf([bytes(100)]), never, { signal }),
    ]) {
      const { signal, cut, listeners } = giveUp()
      const copying = copy(signal)
      setImmediate(() => cut.abort())
      await expect(copying).rejects.toThrow(INTERRUPTED)
      expect(listeners()).toBe(0)
    }
  })

  test('reads no more of a disk', async () => {
    const { signal, cut } = giveUp()
    const into = collector()
    let reads = 0
    const disk = diskOf([bytes(100 * COPY_PIECE)])
    const read: CopySource['read'] = async (offset, data) => {
      reads++
      await disk.read(offset, data)
    }
    const onProgress = () => cut.abort()
    const copying = copyToStream({ ...disk, read }, into, { signal, onProgress })
    await expect(copying).rejects.toThrow(INTERRUPTED)
    expect(into.appended).toHaveLength(1)
    expect(reads).toBeLessThanOrEqual(5)
  })

  test('before it began writes nothing', async () => {
    const signal = AbortSignal.abort()
    const into = collector()
    const { destination, finished } = target(8192)
    const copies = [
      () => copyToStream(diskOf([bytes(100)]), into, { signal }),
      () => copyFromStream(pipeOf([bytes(100)]), destination, { signal }),
    ]
    for (const copy of copies) {
      await expect(copy()).rejects.toThrow(INTERRUPTED)
      // Nothing of it can be gone on with, so no hint says so.
      await expect(copy()).rejects.not.toThrow(withHint)
    }
    expect([into.appended, finished]).toEqual([[], []])
  })

  test('is told as given up, also where that breaks an end', async () => {
    for (const isCut of [true, false]) {
      const { signal, cut, listeners } = giveUp()
      const broken = {
        ...pipeOf([]),
        async *chunks() {
          yield bytes(10)
          if (isCut) cut.abort()
          throw new Error('the pipe broke')
        },
      }
      const expected = isCut ? INTERRUPTED : 'the pipe broke'
      const { destination, finished } = target(8192)
      await expect(copyFromStream(broken, destination, { signal })).rejects.toThrow(expected)
      await expect(copyBetweenStreams(broken, collector(), { signal })).rejects.toThrow(expected)
      expect([finished, listeners()]).toEqual([[], 0])
    }
  })
})

test('a disk that fails to be written ends the copy when no write is under way', async () => {
  let atWork = 0
  const write = async (offset: number) => {
    atWork++
    for (let count = 0; count < 5; count++) await new Promise((resolve) => setImmediate(resolve))
    atWork--
    if (offset === 0) throw new Error('no space')
  }
  const { destination, finished } = target(0, { capacity: 20 * COPY_PIECE, write })
  const copying = copyFromStream(pipeOf([bytes(20 * COPY_PIECE)]), destination)
  await expect(copying).rejects.toThrow('no space')
  expect([atWork, finished]).toEqual([0, []])
})

test('a pipe into a pipe', async () => {
  const pipe = collector()
  const chunks = [bytes(5), bytes(70_000), bytes(1)]
  const result = await copyBetweenStreams(pipeOf(chunks), pipe)
  expect(Buffer.concat(pipe.appended).equals(Buffer.concat(chunks))).toBe(true)
  expect(result).toMatchObject({ size: 70_006, data: 70_006, zeroes: 0 })
})

describe('a file that is read and written in order', () => {
  test('is closed with its end of the copy', async () => {
    const folder = scratchFolder()
    const [from, to] = [join(folder, 'from'), join(folder, 'to')]
    writeFileSync(from, bytes(100_000))
    const [source, destination] = [openStreamSource(from), openStreamDestination(to)]
    expect(source.size).toBe(100_000)
    await copyBetweenStreams(source, destination)
    await destination.close()
    await source.close()
    await eventually(() => openFilesBelow(folder).length === 0)
    expect(readFileSync(to).equals(bytes(100_000))).toBe(true)
  })

  test('is closed before anything was read or written', async () => {
    const folder = scratchFolder()
    writeFileSync(join(folder, 'from'), 'text')
    const ends = [openStreamSource(join(folder, 'from')), openStreamDestination(join(folder, 'to'))]
    expect(openFilesBelow(folder)).toHaveLength(2)
    for (const end of ends) await end.close()
    await eventually(() => openFilesBelow(folder).length === 0)
  })
})

describe('a named pipe', () => {
  /** One whose ends can be opened without waiting. */
  function makePipe(): { path: string; hold: number } {
    const path = join(scratchFolder(), 'pipe')
    expect(runFile('mkfifo', [path]).status).toBe(0)
    return { path, hold: openSync(path, constants.O_RDWR | constants.O_NONBLOCK) }
  }

  test('gives what was written to it, and ends with its writers', async () => {
    const { path, hold } = makePipe()
    const [source, destination] = [openStreamSource(path), openStreamDestination(path)]
    closeSync(hold)
    expect(source.size).toBeUndefined()
    const data = bytes(300_000)
    const written = destination.append(data).then(() => destination.close())
    const chunks: Buffer[] = []
    for await (const chunk of source.chunks()) chunks.push(chunk)
    await written
    expect(Buffer.concat(chunks).equals(data)).toBe(true)
  })

  test('whose readers have left refuses what is written, and ends nothing else', async () => {
    const { path, hold } = makePipe()
    const destination = openStreamDestination(path)
    onTestFinished(() => destination.close())
    closeSync(hold)
    for (let count = 0; count < 2; count++) {
      await expect(destination.append(bytes(10))).rejects.toThrow(refusal('NBD_COPY_UNWRITABLE'))
    }
  })

  test('that is not there is no end of a copy', () => {
    const path = join(scratchFolder(), 'none', 'pipe')
    expect(() => openStreamSource(path)).toThrow(refusal('FILE_UNREADABLE'))
    expect(() => openStreamDestination(path)).toThrow(refusal('NBD_COPY_UNWRITABLE'))
  })

  test('is named where only a disk can be used', () => {
    const { path, hold } = makePipe()
    closeSync(hold)
    const refuse = (one: string) => () => requireDisk(one, statSync(one))
    expect(refuse(path)).toThrow(/pipe/)
    expect(refuse(import.meta.dirname)).toThrow(/directory/)
    expect(refuse('/dev/null')).toThrow(/character device/)
    expect(refuse(import.meta.filename)).not.toThrow()
  })

  test('a pipe and a character device are streams, files and folders are not', () => {
    const { path, hold } = makePipe()
    closeSync(hold)
    const kinds = [path, '/dev/null', import.meta.filename, import.meta.dirname]
    expect(kinds.map((one) => isStream(statSync(one)))).toEqual([true, true, false, false])
  })
})

test('a dash is standard input or output, `null:` is nothing, all else that is no URI is a path', async () => {
  const optionsFor = async () => ({})
  const kinds = ['-', 'null:', './-', 'disk', '/dev/null'].map((text) => parseEnd(text, optionsFor))
  expect(await Promise.all(kinds)).toEqual([
    { kind: 'standard' },
    { kind: 'null' },
    { kind: 'file', path: './-' },
    { kind: 'file', path: 'disk' },
    { kind: 'file', path: '/dev/null' },
  ])
})
