/** Where a file has data and where it has holes: SEEK_DATA and SEEK_HOLE of lseek(2). */
import type { Libc } from '../../files/libc.ts'
import type { StorageExtent } from './storage.ts'

export class FileExtents {
  readonly #descriptor: number
  readonly #libc: Libc | undefined

  constructor(descriptor: number, libc: Libc | undefined) {
    this.#descriptor = descriptor
    this.#libc = libc
  }

  /** The extents from an offset on; all is data where the file system cannot tell. */
  async find(
    offset: number,
    length: number,
    limit: number,
    isWanted: () => boolean = () => true,
  ): Promise<readonly StorageExtent[]> {
    const extents: StorageExtent[] = []
    const end = offset + length
    for (let at = offset; at < end && extents.length < limit; ) {
      const extent = await this.#findOne(at, end)
      extents.push(extent)
      at += extent.length
      if (!isWanted()) break
    }
    return extents
  }

  async #findOne(at: number, end: number): Promise<StorageExtent> {
    if (!this.#libc) return data(end - at)
    try {
      const start = (await this.#libc.seekData(this.#descriptor, at)) ?? end
      if (start > at) return hole(Math.min(start, end) - at)
      const stop = (await this.#libc.seekHole(this.#descriptor, at)) ?? end
      // Another connection may have filled the hole between the two calls.
      return stop > at ? data(Math.min(stop, end) - at) : data(end - at)
    } catch {
      return data(end - at)
    }
  }
}

function data(length: number): StorageExtent {
  return { length, isHole: false, isZero: false }
}

function hole(length: number): StorageExtent {
  return { length, isHole: true, isZero: true }
}
