/** Copies in order, within this process: to the byte, whatever the pieces; and real pipes at both ends. */
import { closeSync, constants, openSync, statSync } from 'node:fs'
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

test('a pipe into a pipe', async () => {
  const pipe = collector()
  const chunks = [bytes(5), bytes(70_000), bytes(1)]
  const result = await copyBetweenStreams(pipeOf(chunks), pipe)
  expect(Buffer.concat(pipe.appended).equals(Buffer.concat(chunks))).toBe(true)
  expect(result).toMatchObject({ size: 70_006, data: 70_006, zeroes: 0 })
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
