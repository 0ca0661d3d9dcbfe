/** Copies where an end can only be read or written in order. Nothing of it can be resumed. */
import { fail } from '../../diagnostics/diagnostic.ts'
import { findZeroes } from '../../transfer/zeroes.ts'
import type { CopyOptions, CopyResult } from './copy.ts'
import { COPY_KINDS } from './copy-diagnostics.ts'
import type { CopyDestination, CopySource, StreamDestination, StreamSource } from './copy-end.ts'
import { COPY_PIECE, type CopyPiece, planPieces } from './copy-plan.ts'
import { InOrder } from './in-order.ts'

export type StreamCopyOptions = Pick<CopyOptions, 'onProgress' | 'signal'>

/** Pieces on their way at a time. They are in memory. */
const WINDOW = 16

/**
 * Writes all of a disk to a pipe. Closes neither end.
 *
 * @throws DiagnosticError NBD_COPY_..., or what the source throws.
 */
export async function copyToStream(
  source: CopySource,
  destination: StreamDestination,
  { onProgress, signal }: StreamCopyOptions = {},
): Promise<CopyResult> {
  const { size } = source
  const counts = { data: 0, zeroes: 0 }
  const ranges = size > 0 ? [[0, size] as const] : []
  const queue = new InOrder<Buffer>(Math.min(WINDOW, source.parallel), async (data) => {
    await untilAborted(destination.append(data), signal)
    refuseAborted(destination.name, signal)
    counts.data += data.length
    onProgress?.({ phase: 'copy', done: counts.data, total: size })
  })
  for await (const piece of planPieces(source, ranges, source.alignment)) {
    for (const part of partsOf(piece)) {
      refuseAborted(destination.name, signal)
      await queue.add(readPart(source, part))
    }
  }
  await queue.end()
  return { size, ...counts, resumed: 0, isVerified: false }
}

/** Runs of zeroes are as long as the disk may be. */
function* partsOf({ offset, length, isZero }: CopyPiece): Generator<CopyPiece, void> {
  for (let done = 0; done < length; done += COPY_PIECE) {
    yield { offset: offset + done, length: Math.min(COPY_PIECE, length - done), isZero }
  }
}

async function readPart(source: CopySource, { offset, length, isZero }: CopyPiece) {
  if (isZero) return Buffer.alloc(length)
  const data = Buffer.allocUnsafeSlow(length)
  await source.read(offset, data)
  return data
}

/**
 * Writes what comes out of a pipe, to the pipe's end. What the destination has behind it stays. Closes
 * neither end.
 *
 * @throws DiagnosticError NBD_COPY_..., or what the destination throws.
 */
export async function copyFromStream(
  source: StreamSource,
  destination: CopyDestination,
  { onProgress, signal }: StreamCopyOptions = {},
): Promise<CopyResult> {
  const counts = { data: 0, zeroes: 0 }
  const { name, capacity } = destination
  let size = 0
  const queue = new InOrder<number>(Math.min(WINDOW, destination.parallel), async (data) => {
    counts.data += data
  })
  const abort = () => void source.close()
  signal?.addEventListener('abort', abort)
  try {
    for await (const piece of inPieces(source.chunks())) {
      const offset = size
      size += piece.length
      if (capacity !== undefined && size > capacity) {
        fail(COPY_KINDS.sourceTooLong, { source: source.name, destination: name, size: capacity })
      }
      await queue.add(writePiece(destination, offset, piece))
      onProgress?.({ phase: 'copy', done: size, total: source.size ?? capacity ?? 0 })
    }
    refuseAborted(name, signal)
    await queue.end()
  } catch (error) {
    await queue.end().catch(() => {})
    refuseAborted(name, signal)
    throw error
  } finally {
    signal?.removeEventListener('abort', abort)
  }
  await destination.finish(size)
  return { size, data: counts.data, zeroes: size - counts.data, resumed: 0, isVerified: false }
}

/** From a pipe to another. */
export async function copyBetweenStreams(
  source: StreamSource,
  destination: StreamDestination,
  { onProgress, signal }: StreamCopyOptions = {},
): Promise<CopyResult> {
  const counts = { data: 0, zeroes: 0 }
  const abort = () => void source.close()
  signal?.addEventListener('abort', abort)
  try {
    for await (const piece of source.chunks()) {
      await untilAborted(destination.append(piece), signal)
      counts.data += piece.length
      onProgress?.({ phase: 'copy', done: counts.data, total: source.size ?? 0 })
    }
  } catch (error) {
    refuseAborted(destination.name, signal)
    throw error
  } finally {
    signal?.removeEventListener('abort', abort)
  }
  refuseAborted(destination.name, signal)
  return { size: counts.data, ...counts, resumed: 0, isVerified: false }
}

/** What comes in pieces of any size, in pieces that are whole; only the last one may be shorter. */
async function* inPieces(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  let piece = Buffer.allocUnsafeSlow(COPY_PIECE)
  let filled = 0
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const count = chunk.copy(piece, filled, at)
      at += count
      filled += count
      if (filled < COPY_PIECE) continue
      yield piece
      piece = Buffer.allocUnsafeSlow(COPY_PIECE)
      filled = 0
    }
  }
  if (filled > 0) yield piece.subarray(0, filled)
}

/** @returns How many bytes were written as data. */
async function writePiece(
  destination: CopyDestination,
  offset: number,
  piece: Buffer,
): Promise<number> {
  const { alignment, isZero } = destination
  const data = await fillLastBlock(destination, offset, piece)
  let written = 0
  for (const { start, end, isZero: isHole } of findZeroes(data, alignment)) {
    if (!isHole) {
      await destination.write(offset + start, data.subarray(start, end))
      written += Math.min(end, piece.length) - start
    } else if (!isZero) await destination.zero(offset + start, end - start)
  }
  return written
}

/** Where a pipe ends within a block of an export, the rest of the block keeps what it has. */
async function fillLastBlock(
  { alignment, capacity, read }: CopyDestination,
  offset: number,
  piece: Buffer,
): Promise<Buffer> {
  const rest = piece.length % alignment
  const start = offset + piece.length - rest
  if (rest === 0 || offset + piece.length === capacity || !read) return piece
  const block = Buffer.alloc(Math.min(alignment, (capacity ?? Number.POSITIVE_INFINITY) - start))
  await read(start, block)
  return Buffer.concat([piece, block.subarray(rest)])
}

function refuseAborted(destination: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted) fail(COPY_KINDS.interrupted, { destination, canResume: false })
}

/** A reader that takes nothing must not keep the copy from being stopped. */
async function untilAborted(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return work
  let stop = () => {}
  const aborted = new Promise<void>((resolve) => {
    stop = resolve
    signal.addEventListener('abort', stop)
  })
  await Promise.race([work, aborted])
  signal.removeEventListener('abort', stop)
}
