/** Storage in a raw file or on a block device. */

import { type BigIntStats, constants, readSync, statfsSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { requireName } from '../../arguments/single-values.ts'
import { blockDeviceSize } from '../../files/block-device.ts'
import { type Libc, loadLibc } from '../../files/libc.ts'
import { FileExtents } from './file-extents.ts'
import { FileZeroing } from './file-zeroing.ts'
import { SharedFlush } from './shared-flush.ts'
import { type Storage, type StorageExtent, storageError, type ZeroOptions } from './storage.ts'
import {
  checkOpenOptions,
  checkParts,
  checkRange,
  checkTarget,
  checkZeroOptions,
  requireExtentLimit,
} from './storage-arguments.ts'

/** A raw file or a block device. */
export class FileStorage implements Storage {
  readonly size: number
  readonly isReadOnly: boolean
  readonly isSparse: boolean
  readonly #file: FileHandle
  readonly #flush: SharedFlush
  readonly #extents: FileExtents
  readonly #zeroing: FileZeroing
  readonly #readNow: ReadNow

  /**
   * Opens a file or block device.
   *
   * @throws an error of the system with its `code`; EINVAL where it is neither.
   */
  static async open(path: string, options: { readonly readOnly: boolean }): Promise<FileStorage> {
    requireName(path, 'path')
    const { readOnly } = checkOpenOptions(options, 'options')
    // Without O_NONBLOCK, a pipe in place of a file would be waited for.
    const flags = (readOnly ? constants.O_RDONLY : constants.O_RDWR) | constants.O_NONBLOCK
    const file = await open(path, flags)
    try {
      const stats = await file.stat({ bigint: true })
      if (!stats.isFile() && !stats.isBlockDevice()) {
        throw storageError('EINVAL', 'it is neither a file nor a block device')
      }
      return new FileStorage(file, path, stats, readOnly)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  private constructor(file: FileHandle, path: string, stats: BigIntStats, readOnly: boolean) {
    const libc = loadLibc()
    this.#file = file
    this.size = stats.isFile() ? Number(stats.size) : deviceSize(stats)
    this.isReadOnly = readOnly
    this.isSparse = stats.isFile() && Number(stats.blocks) * BLOCK < this.size
    this.#flush = new SharedFlush(() => file.datasync())
    this.#extents = new FileExtents(file.fd, libc)
    this.#zeroing = new FileZeroing(file, libc)
    this.#readNow = chooseReadNow(file.fd, isInMemory(stats, path), libc)
  }

  readNow(target: Buffer, at: number, length: number, offset: number): boolean {
    checkRange(offset, length, this.size)
    checkTarget(target, at, length)
    return this.#readNow(target, at, length, offset)
  }

  async read(target: Buffer, at: number, length: number, offset: number): Promise<void> {
    checkRange(offset, length, this.size)
    checkTarget(target, at, length)
    for (let done = 0; done < length; ) {
      const { bytesRead } = await this.#file.read(target, at + done, length - done, offset + done)
      if (bytesRead === 0) throw storageError('EIO', 'the file has become shorter')
      done += bytesRead
    }
  }

  async write(parts: readonly Buffer[], offset: number): Promise<void> {
    checkParts(parts, offset, this.size)
    let rest = parts
    for (let at = offset; rest.length > 0; ) {
      const { bytesWritten } = await this.#file.writev(rest, at)
      rest = dropBytes(rest, bytesWritten)
      at += bytesWritten
    }
  }

  flush(): Promise<void> {
    return this.#flush.run()
  }

  async trim(offset: number, length: number): Promise<void> {
    checkRange(offset, length, this.size)
    return this.#zeroing.trim(offset, length)
  }

  async zero(offset: number, length: number, options: ZeroOptions): Promise<void> {
    checkRange(offset, length, this.size)
    checkZeroOptions(options, 'options')
    return this.#zeroing.zero(offset, length, options)
  }

  async extents(
    offset: number,
    length: number,
    limit: number,
    isWanted?: () => boolean,
  ): Promise<readonly StorageExtent[]> {
    checkRange(offset, length, this.size)
    requireExtentLimit(limit, 'limit')
    return this.#extents.find(offset, length, limit, isWanted)
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}

/** What is left of the parts after a write that was cut short. */
function dropBytes(parts: readonly Buffer[], count: number): readonly Buffer[] {
  let rest = count
  const first = parts.findIndex((part) => {
    if (part.length > rest) return true
    rest -= part.length
    return false
  })
  if (first < 0) return []
  const [cut, ...others] = parts.slice(first)
  return cut ? [cut.subarray(rest), ...others] : others
}

/** The unit of `st_blocks`, stat(2). */
const BLOCK = 512

/** stat(2) knows no size of a device. */
function deviceSize({ rdev }: BigIntStats): number {
  try {
    return blockDeviceSize(Number(rdev))
  } catch {
    throw storageError('ENOTSUP', 'the size of the device cannot be found out')
  }
}

type ReadNow = (target: Buffer, at: number, length: number, offset: number) => boolean

/** Magic numbers of file systems that are memory, statfs(2): tmpfs and ramfs. */
const MEMORY_FILE_SYSTEMS: readonly number[] = [0x01021994, 0x858458f6]

/** A device is a name in /dev, which is memory; what it stands for is a disk. */
function isInMemory(stats: BigIntStats, path: string): boolean {
  return stats.isFile() && MEMORY_FILE_SYSTEMS.includes(statfsSync(path).type)
}

/**
 * How to read what is cached without a thread in between, which is most of the cost of a small
 * read. It must not wait for what is not cached: all other clients would wait too.
 */
function chooseReadNow(descriptor: number, inMemory: boolean, libc: Libc | undefined): ReadNow {
  if (inMemory) return readMemory(descriptor)
  if (!libc) return () => false
  return (target, at, length, offset) =>
    libc.readCached(descriptor, target, at, length, offset) === length
}

function readMemory(descriptor: number): ReadNow {
  return (target, at, length, offset) => {
    try {
      return readSync(descriptor, target, at, length, offset) === length
    } catch {
      // Reading once more, with a thread, tells what is wrong.
      return false
    }
  }
}
