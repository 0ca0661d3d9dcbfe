/** Reads both ends of a copy and compares them. */
import { fail } from '../../diagnostics/diagnostic.ts'
import type { TransferProgress } from '../../transfer/progress.ts'
import { workThrough } from '../../transfer/workers.ts'
import { isZero as isAllZero } from '../../transfer/zeroes.ts'
import { COPY_KINDS } from './copy-diagnostics.ts'
import type { CopyDestination, CopySource } from './copy-end.ts'
import { COPY_PIECE, type CopyPiece, planPieces } from './copy-plan.ts'

export type VerifyOptions = {
  readonly onProgress: ((progress: TransferProgress) => void) | undefined
  readonly signal: AbortSignal | undefined
}

/** @throws DiagnosticError NBD_COPY_DIFFERENT at the first difference that was found. */
export async function verifyCopy(
  source: CopySource,
  destination: CopyDestination,
  { onProgress, signal }: VerifyOptions,
): Promise<void> {
  const { size } = source
  // Without it the bytes that happen to be in memory would be compared.
  const read = destination.read ?? fail(COPY_KINDS.unverifiable, { destination: destination.name })
  const alignment = Math.max(source.alignment, destination.alignment)
  const pieces = planPieces(source, size > 0 ? [[0, size]] : [], alignment)
  // What one connection wrote, the others are sure to read only after a flush.
  await destination.flush()
  let done = 0
  const makeWorker = () => {
    const buffers = [
      Buffer.allocUnsafeSlow(COPY_PIECE),
      Buffer.allocUnsafeSlow(COPY_PIECE),
    ] as const
    return async (piece: CopyPiece): Promise<void> => {
      await comparePiece(source, { name: destination.name, read }, piece, buffers)
      done += piece.length
      onProgress?.({ phase: 'verify', done, total: size })
    }
  }
  const workers = () => Math.min(source.parallel, destination.parallel)
  await workThrough(pieces, workers, makeWorker, signal)
  if (signal?.aborted)
    fail(COPY_KINDS.interrupted, { destination: destination.name, canResume: false })
}

async function comparePiece(
  source: CopySource,
  { name, read }: Required<Pick<CopyDestination, 'name' | 'read'>>,
  { offset, length, isZero }: CopyPiece,
  [mine, theirs]: readonly [Buffer, Buffer],
): Promise<void> {
  for (let done = 0; done < length; done += COPY_PIECE) {
    const at = offset + done
    const size = Math.min(COPY_PIECE, length - done)
    const copy = theirs.subarray(0, size)
    const original = mine.subarray(0, size)
    const reading = isZero ? undefined : source.read(at, original)
    await Promise.all([reading, read(at, copy)])
    const isEqual = isZero ? isAllZero(copy) : original.equals(copy)
    if (!isEqual) {
      const names = { source: source.name, destination: name }
      fail(COPY_KINDS.different, { ...names, offset: at })
    }
  }
}
