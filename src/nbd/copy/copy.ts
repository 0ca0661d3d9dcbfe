/** Copies one disk to another: holes stay holes, and what was done is not done again. */
import { type Diagnostic, diagnose, fail } from '../../diagnostics/diagnostic.ts'
import { type ByteRange, ByteRanges } from '../../transfer/byte-ranges.ts'
import type { TransferProgress } from '../../transfer/progress.ts'
import {
  loadState,
  removeState,
  saveState,
  type TransferBinding,
} from '../../transfer/transfer-state.ts'
import { workThrough } from '../../transfer/workers.ts'
import { findZeroes } from '../../transfer/zeroes.ts'
import { COPY_KINDS } from './copy-diagnostics.ts'
import type { CopyDestination, CopySource } from './copy-end.ts'
import { COPY_PIECE, type CopyPiece, planPieces } from './copy-plan.ts'
import { verifyCopy } from './copy-verification.ts'

export type CopyOptions = {
  readonly resume?: boolean
  /** Reads both ends back and compares them, before a file is put in its place. */
  readonly verify?: boolean
  readonly warn?: (diagnostic: Diagnostic) => void
  readonly onProgress?: (progress: TransferProgress) => void
  readonly signal?: AbortSignal
}

export type CopyResult = {
  /** All in bytes. */
  readonly size: number
  /** Written as data. */
  readonly data: number
  /** Zero, and not written as data. */
  readonly zeroes: number
  /** Done by an earlier run. */
  readonly resumed: number
  readonly isVerified: boolean
}

/** How often what is done is written down, in milliseconds. */
const SAVE_INTERVAL = 1000

/**
 * Copies all of the source. Closes neither end.
 *
 * @throws DiagnosticError NBD_COPY_..., or what the ends throw; the state is then kept.
 */
export async function copyDisk(
  source: CopySource,
  destination: CopyDestination,
  options: CopyOptions = {},
): Promise<CopyResult> {
  const binding = bind(source, destination)
  const done = startingPoint(destination, binding, options)
  const resumed = done.total
  const counts = { data: 0, zeroes: 0 }
  await copyMissing(source, destination, { binding, done, counts }, options)
  if (options.verify) await verifyOrForget(source, destination, options)
  await destination.finish(source.size)
  if (destination.statePath !== undefined) removeState(destination.statePath)
  return { size: source.size, ...counts, resumed, isVerified: options.verify ?? false }
}

function bind(source: CopySource, destination: CopyDestination): TransferBinding {
  return { source: source.identity, destination: destination.identity, size: source.size }
}

function startingPoint(
  { statePath, isZero }: CopyDestination,
  binding: TransferBinding,
  { resume = true, warn }: CopyOptions,
): ByteRanges {
  const state = statePath !== undefined && resume ? loadState(statePath, binding) : undefined
  if (!state || statePath === undefined) return new ByteRanges()
  if ('done' in state) return state.done
  // A destination that is new says nothing of an old state: it was made because there was no other.
  if (!isZero) warn?.(diagnose(COPY_KINDS.startedAnew, { path: statePath, reason: state.reason }))
  return new ByteRanges()
}

type Work = {
  readonly binding: TransferBinding
  readonly done: ByteRanges
  readonly counts: { data: number; zeroes: number }
}

async function copyMissing(
  source: CopySource,
  destination: CopyDestination,
  { binding, done, counts }: Work,
  { onProgress, signal }: CopyOptions,
): Promise<void> {
  const { size } = source
  const keeper = keepState(destination, binding, done)
  const alignment = Math.max(source.alignment, destination.alignment)
  const pieces = planPieces(source, done.missing(size), alignment)
  let copied = done.total
  const makeWorker = () => {
    const buffer = Buffer.allocUnsafeSlow(COPY_PIECE)
    return async (piece: CopyPiece): Promise<void> => {
      const data = await copyPiece(source, destination, piece, buffer, alignment)
      counts.data += data
      counts.zeroes += piece.length - data
      copied += piece.length
      done.add(piece.offset, piece.offset + piece.length)
      onProgress?.({ phase: 'copy', done: copied, total: size })
    }
  }
  try {
    await workThrough(pieces, () => parallelism(source, destination), makeWorker, signal)
    if (signal?.aborted) {
      const canResume = destination.statePath !== undefined
      fail(COPY_KINDS.interrupted, { destination: destination.name, canResume })
    }
  } catch (error) {
    // What stopped the copy matters more than that its state could not be kept.
    await keeper.stop().catch(() => {})
    throw error
  }
  await keeper.stop()
}

function parallelism(source: CopySource, destination: CopyDestination): number {
  return Math.max(source.parallel, Math.min(destination.parallel, 64))
}

/** @returns How many bytes were written as data. */
async function copyPiece(
  source: CopySource,
  destination: CopyDestination,
  { offset, length, isZero }: CopyPiece,
  buffer: Buffer,
  alignment: number,
): Promise<number> {
  if (isZero) {
    if (!destination.isZero) await destination.zero(offset, length)
    return 0
  }
  const data = buffer.subarray(0, length)
  await source.read(offset, data)
  let written = 0
  for (const run of findZeroes(data, alignment)) {
    const size = run.end - run.start
    if (!run.isZero) {
      await destination.write(offset + run.start, data.subarray(run.start, run.end))
      written += size
    } else if (!destination.isZero) await destination.zero(offset + run.start, size)
  }
  return written
}

/** Writes down what is done, again and again, each time after it is on disk. */
function keepState(
  destination: CopyDestination,
  binding: TransferBinding,
  done: ByteRanges,
): { readonly stop: () => Promise<void> } {
  const { statePath } = destination
  if (statePath === undefined) return { stop: async () => {} }
  const save = async (): Promise<void> => {
    const ranges = done.toArray()
    await destination.flush()
    saveOrFail(statePath, binding, ranges)
  }
  let saving: Promise<void> = save()
  const timer = setInterval(() => {
    saving = saving.then(save)
    // The caller of the function that stops it gets the error.
    saving.catch(() => {})
  }, SAVE_INTERVAL)
  saving.catch(() => {})
  return {
    stop: () => {
      clearInterval(timer)
      return saving.then(save)
    },
  }
}

function saveOrFail(path: string, binding: TransferBinding, ranges: readonly ByteRange[]): void {
  try {
    saveState(path, binding, ranges)
  } catch (error) {
    fail(COPY_KINDS.unwritable, { path, error })
  }
}

/** A copy that is wrong is not one to go on with. */
async function verifyOrForget(
  source: CopySource,
  destination: CopyDestination,
  { onProgress, signal }: CopyOptions,
): Promise<void> {
  try {
    await verifyCopy(source, destination, { onProgress, signal })
  } catch (error) {
    if (destination.statePath !== undefined) removeState(destination.statePath)
    throw error
  }
}
