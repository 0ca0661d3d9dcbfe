/** Zeroes and holes in files and on block devices, as fallocate(2) makes them. */
import type { FileHandle } from 'node:fs/promises'
import { FALLOCATE, type FallocateMode, type Libc } from '../../files/libc.ts'
import { storageError, type ZeroOptions } from './storage.ts'

/** In bytes: zeroes that are written in one go. */
const ZEROES_SIZE = 1_048_576

const ZEROES = Buffer.alloc(ZEROES_SIZE)

/** What a file system says that cannot do it at all. */
const UNSUPPORTED: ReadonlySet<string | undefined> = new Set(['EOPNOTSUPP', 'ENOTSUP', 'ENOSYS'])

export class FileZeroing {
  readonly #file: FileHandle
  readonly #libc: Libc | undefined
  /** Modes that this file cannot do. */
  readonly #refused = new Set<FallocateMode>()

  constructor(file: FileHandle, libc: Libc | undefined) {
    this.#file = file
    this.#libc = libc
  }

  /** Gives the space back where that is possible; trimming is advice and else does nothing. */
  async trim(offset: number, length: number): Promise<void> {
    await this.#tryFallocate(FALLOCATE.PUNCH_HOLE, offset, length)
  }

  async zero(offset: number, length: number, options: ZeroOptions): Promise<void> {
    const { keepAllocated, fast, isWanted = () => true } = options
    const modes = keepAllocated
      ? [FALLOCATE.ZERO_RANGE]
      : [FALLOCATE.PUNCH_HOLE, FALLOCATE.ZERO_RANGE]
    for (const mode of modes) {
      if (await this.#tryFallocate(mode, offset, length)) return
    }
    if (fast) throw storageError('ENOTSUP', 'zeroes would have to be written')
    await this.#writeZeroes(offset, length, isWanted)
  }

  async #tryFallocate(mode: FallocateMode, offset: number, length: number): Promise<boolean> {
    if (!this.#libc || this.#refused.has(mode)) return false
    try {
      await this.#libc.fallocate(this.#file.fd, mode, offset, length)
      return true
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // A block device refuses ranges that are not whole sectors.
      if (code === 'EINVAL') return false
      if (!UNSUPPORTED.has(code)) throw error
      this.#refused.add(mode)
      return false
    }
  }

  async #writeZeroes(offset: number, length: number, isWanted: () => boolean): Promise<void> {
    for (let done = 0; done < length && isWanted(); ) {
      const count = Math.min(ZEROES_SIZE, length - done)
      done += (await this.#file.write(ZEROES, 0, count, offset + done)).bytesWritten
    }
  }
}
