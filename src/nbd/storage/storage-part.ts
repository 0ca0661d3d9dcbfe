/** A part of a storage, from an offset on, as a storage of its own. */
import { type Storage, type StorageExtent, storageError, type ZeroOptions } from './storage.ts'

export class StoragePart implements Storage {
  readonly size: number
  readonly isReadOnly: boolean
  readonly isSparse: boolean
  readonly #whole: Storage
  readonly #offset: number

  /**
   * @param offset In bytes.
   * @param size In bytes; all that is behind the offset without it.
   * @throws an error with the code EINVAL where the storage ends before the part.
   */
  constructor(whole: Storage, offset: number, size = whole.size - offset) {
    if (size < 0 || offset + size > whole.size) {
      throw storageError('EINVAL', `it has only ${whole.size} bytes`)
    }
    this.size = size
    this.isReadOnly = whole.isReadOnly
    this.isSparse = whole.isSparse
    this.#whole = whole
    this.#offset = offset
  }

  readNow(target: Buffer, at: number, length: number, offset: number): boolean {
    return this.#whole.readNow(target, at, length, this.#offset + offset)
  }

  read(target: Buffer, at: number, length: number, offset: number): Promise<void> {
    return this.#whole.read(target, at, length, this.#offset + offset)
  }

  write(parts: readonly Buffer[], offset: number): Promise<void> {
    return this.#whole.write(parts, this.#offset + offset)
  }

  flush(): Promise<void> {
    return this.#whole.flush()
  }

  trim(offset: number, length: number): Promise<void> {
    return this.#whole.trim(this.#offset + offset, length)
  }

  zero(offset: number, length: number, options: ZeroOptions): Promise<void> {
    return this.#whole.zero(this.#offset + offset, length, options)
  }

  extents(
    offset: number,
    length: number,
    limit: number,
    isWanted?: () => boolean,
  ): Promise<readonly StorageExtent[]> {
    return this.#whole.extents(this.#offset + offset, length, limit, isWanted)
  }

  close(): Promise<void> {
    return this.#whole.close()
  }
}
