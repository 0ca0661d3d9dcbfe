/** What an export keeps its bytes in. */
import { requireName, requireString } from '../../arguments/single-values.ts'

/** A run of bytes of the same kind. */
export type StorageExtent = {
  /** In bytes. */
  readonly length: number
  /** No space is allocated for them. */
  readonly isHole: boolean
  /** They read as zeroes. */
  readonly isZero: boolean
}

export type ZeroOptions = {
  /** Space has to be allocated, so that later writes cannot run out of it. */
  readonly keepAllocated: boolean
  /** Fails with ENOTSUP where it would take as long as writing the zeroes. */
  readonly fast: boolean
  /** Whether the answer is still waited for; long work ends early, and undone, where it is not. */
  readonly isWanted?: () => boolean
}

/**
 * Ranges are within the storage: callers see to it. Failures are errors of the system with a
 * `code`, such as ENOSPC.
 */
export interface Storage {
  /** In bytes; it never changes. */
  readonly size: number
  readonly isReadOnly: boolean
  /** Holes are worth looking for. */
  readonly isSparse: boolean
  /** Reads at once what needs no waiting; false where nothing was read. */
  readNow(target: Buffer, at: number, length: number, offset: number): boolean
  read(target: Buffer, at: number, length: number, offset: number): Promise<void>
  /** Writes the parts one behind the other. */
  write(parts: readonly Buffer[], offset: number): Promise<void>
  /** After it, all writes that were complete before it survive a power cut. */
  flush(): Promise<void>
  /** The bytes are not needed any more; they may read as anything that was once there, or zeroes. */
  trim(offset: number, length: number): Promise<void>
  zero(offset: number, length: number, options: ZeroOptions): Promise<void>
  /**
   * The extents from an offset on, which together cover at most the length, and at least one byte.
   *
   * @param limit How many extents at most.
   * @param isWanted Whether the answer is still waited for; the search ends early where it is not.
   */
  extents(
    offset: number,
    length: number,
    limit: number,
    isWanted?: () => boolean,
  ): Promise<readonly StorageExtent[]>
  close(): Promise<void>
}

/**
 * An error as the operating system would give it.
 *
 * @param code Of errno(3): `ENOSPC`.
 */
export function storageError(code: string, message: string): NodeJS.ErrnoException {
  requireName(code, 'code')
  requireString(message, 'message')
  return Object.assign(new Error(message), { code })
}
