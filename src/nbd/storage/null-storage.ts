/** Storage that keeps nothing, as QEMU's driver `null-co`: it reads as zeroes, and what is written is gone. */
import type { Storage, StorageExtent } from './storage.ts'
import { checkParts, checkRange, checkTarget, requireSize } from './storage-arguments.ts'

/** For measurements and trials. */
export class NullStorage implements Storage {
  readonly size: number
  readonly isReadOnly: boolean
  readonly isSparse = true

  /** @param size In bytes. */
  constructor(size: number, isReadOnly = false) {
    this.size = requireSize(size, 'size')
    this.isReadOnly = isReadOnly
  }

  readNow(target: Buffer, at: number, length: number, offset: number): boolean {
    checkRange(offset, length, this.size)
    checkTarget(target, at, length)
    target.fill(0, at, at + length)
    return true
  }

  async read(target: Buffer, at: number, length: number, offset: number): Promise<void> {
    this.readNow(target, at, length, offset)
  }

  async write(parts: readonly Buffer[], offset: number): Promise<void> {
    checkParts(parts, offset, this.size)
  }

  async flush(): Promise<void> {}

  async trim(offset: number, length: number): Promise<void> {
    checkRange(offset, length, this.size)
  }

  async zero(offset: number, length: number): Promise<void> {
    checkRange(offset, length, this.size)
  }

  async extents(offset: number, length: number): Promise<readonly StorageExtent[]> {
    checkRange(offset, length, this.size)
    return [{ length, isHole: true, isZero: true }]
  }

  async close(): Promise<void> {}
}
