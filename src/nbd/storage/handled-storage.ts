/** A storage with the promises of qemu-nbd's options --cache, --discard and --detect-zeroes. */
import { isZero } from '../../transfer/zeroes.ts'
import type { Storage, StorageExtent, ZeroOptions } from './storage.ts'

export type StorageHandling = {
  /** `writethrough`: whatever is written is on disk before the client is told that it is written. */
  readonly cache?: 'writeback' | 'writethrough'
  /** `ignore`: what a client trims or zeroes stays allocated. */
  readonly discard?: 'unmap' | 'ignore'
  /** Zeroes that a client writes as data become zeroes that need no data, with `unmap` also holes. */
  readonly detectZeroes?: 'off' | 'on' | 'unmap'
}

/** Whether any of it differs from what storages do by themselves. */
export function needsHandling(handling: StorageHandling | undefined): handling is StorageHandling {
  const { cache = 'writeback', discard = 'unmap', detectZeroes = 'off' } = handling ?? {}
  return cache !== 'writeback' || discard !== 'unmap' || detectZeroes !== 'off'
}

export class HandledStorage implements Storage {
  readonly size: number
  readonly isReadOnly: boolean
  readonly isSparse: boolean
  readonly #storage: Storage
  readonly #handling: Required<StorageHandling>

  constructor(storage: Storage, handling: StorageHandling) {
    const { cache = 'writeback', discard = 'unmap', detectZeroes = 'off' } = handling
    this.size = storage.size
    this.isReadOnly = storage.isReadOnly
    this.isSparse = storage.isSparse
    this.#storage = storage
    this.#handling = { cache, discard, detectZeroes }
  }

  readNow(target: Buffer, at: number, length: number, offset: number): boolean {
    return this.#storage.readNow(target, at, length, offset)
  }

  read(target: Buffer, at: number, length: number, offset: number): Promise<void> {
    return this.#storage.read(target, at, length, offset)
  }

  write(parts: readonly Buffer[], offset: number): Promise<void> {
    const { detectZeroes } = this.#handling
    const isPlain = detectZeroes === 'off' || !parts.every(isZero)
    if (isPlain) return this.#durably(this.#storage.write(parts, offset))
    const length = parts.reduce((sum, part) => sum + part.length, 0)
    return this.zero(offset, length, { keepAllocated: detectZeroes === 'on', fast: false })
  }

  flush(): Promise<void> {
    return this.#storage.flush()
  }

  async trim(offset: number, length: number): Promise<void> {
    if (this.#handling.discard === 'unmap') await this.#durably(this.#storage.trim(offset, length))
  }

  zero(offset: number, length: number, options: ZeroOptions): Promise<void> {
    const keepAllocated = options.keepAllocated || this.#handling.discard === 'ignore'
    return this.#durably(this.#storage.zero(offset, length, { ...options, keepAllocated }))
  }

  extents(
    offset: number,
    length: number,
    limit: number,
    isWanted?: () => boolean,
  ): Promise<readonly StorageExtent[]> {
    return this.#storage.extents(offset, length, limit, isWanted)
  }

  close(): Promise<void> {
    return this.#storage.close()
  }

  async #durably(work: Promise<void>): Promise<void> {
    await work
    if (this.#handling.cache === 'writethrough') await this.#storage.flush()
  }
}
