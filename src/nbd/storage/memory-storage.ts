/** Storage in memory: pages appear when they are written and go when they are trimmed. */
import { setImmediate } from 'node:timers/promises'
import { type Storage, type StorageExtent, storageError, type ZeroOptions } from './storage.ts'
import {
  checkParts,
  checkRange,
  checkTarget,
  checkZeroOptions,
  requireExtentLimit,
  requireSize,
} from './storage-arguments.ts'

/** In bytes. Small enough that sparse disks stay small, large enough that few are needed. */
const PAGE = 65_536

/** How many pages are looked at before others get their turn. */
const PAGES_IN_A_ROW = 1024

const ZEROES = Buffer.alloc(PAGE)

/** Memory of the process. It is gone when the process ends, or the storage is closed. */
export class MemoryStorage implements Storage {
  readonly size: number
  readonly isReadOnly = false
  readonly isSparse: boolean = true
  readonly #pages = new Map<number, Buffer>()

  /** @param size In bytes. */
  constructor(size: number) {
    this.size = requireSize(size, 'size')
  }

  /** How much is allocated, in bytes. */
  get allocated(): number {
    return this.#pages.size * PAGE
  }

  readNow(target: Buffer, at: number, length: number, offset: number): boolean {
    checkRange(offset, length, this.size)
    checkTarget(target, at, length)
    forEachPage(offset, length, (page, start, count, done) => {
      const source = this.#pages.get(page) ?? ZEROES
      source.copy(target, at + done, start, start + count)
    })
    return true
  }

  async read(target: Buffer, at: number, length: number, offset: number): Promise<void> {
    this.readNow(target, at, length, offset)
  }

  async write(parts: readonly Buffer[], offset: number): Promise<void> {
    checkParts(parts, offset, this.size)
    let at = offset
    for (const part of parts) {
      forEachPage(at, part.length, (page, start, count, done) => {
        part.copy(this.#allocate(page), start, done, done + count)
      })
      at += part.length
    }
  }

  async flush(): Promise<void> {}

  async trim(offset: number, length: number): Promise<void> {
    checkRange(offset, length, this.size)
    this.#clear(offset, length)
  }

  async zero(offset: number, length: number, options: ZeroOptions): Promise<void> {
    checkRange(offset, length, this.size)
    const { keepAllocated, isWanted = () => true } = checkZeroOptions(options, 'options')
    this.#clear(offset, length)
    if (!keepAllocated) return
    for (let at = offset; at < offset + length && isWanted(); at += PAGES_IN_A_ROW * PAGE) {
      const count = Math.min(PAGES_IN_A_ROW * PAGE, offset + length - at)
      forEachPage(at, count, (page) => this.#allocate(page))
      await setImmediate()
    }
  }

  async extents(offset: number, length: number, limit: number): Promise<readonly StorageExtent[]> {
    checkRange(offset, length, this.size)
    requireExtentLimit(limit, 'limit')
    const extents: StorageExtent[] = []
    const end = offset + Math.min(length, PAGES_IN_A_ROW * PAGE)
    for (let at = offset; at < end && extents.length < limit; ) {
      const isHole = !this.#pages.has(Math.floor(at / PAGE))
      const stop = Math.min(end, this.#endOfRun(at, end, isHole))
      extents.push({ length: stop - at, isHole, isZero: isHole })
      at = stop
    }
    return extents
  }

  async close(): Promise<void> {
    this.#pages.clear()
  }

  #endOfRun(offset: number, end: number, isHole: boolean): number {
    let page = Math.floor(offset / PAGE) + 1
    while (page * PAGE < end && this.#pages.has(page) !== isHole) page++
    return page * PAGE
  }

  #allocate(page: number): Buffer {
    const known = this.#pages.get(page)
    if (known) return known
    const fresh = allocatePage()
    this.#pages.set(page, fresh)
    return fresh
  }

  #clear(offset: number, length: number): void {
    if (length / PAGE > this.#pages.size) this.#clearKnown(offset, length)
    else {
      forEachPage(offset, length, (page, start, count) => {
        if (count === PAGE) this.#pages.delete(page)
        else this.#pages.get(page)?.fill(0, start, start + count)
      })
    }
  }

  /** For ranges much larger than what is there: a client may trim terabytes in one request. */
  #clearKnown(offset: number, length: number): void {
    for (const [page, bytes] of this.#pages) {
      const start = Math.max(0, offset - page * PAGE)
      const end = Math.min(PAGE, offset + length - page * PAGE)
      if (end - start === PAGE) this.#pages.delete(page)
      else if (start < end) bytes.fill(0, start, end)
    }
  }
}

function allocatePage(): Buffer {
  try {
    return Buffer.alloc(PAGE)
  } catch {
    throw storageError('ENOMEM', 'no memory is left for the export')
  }
}

/** Calls back for the part of each page that a range covers. */
function forEachPage(
  offset: number,
  length: number,
  visit: (page: number, start: number, count: number, done: number) => void,
): void {
  for (let done = 0; done < length; ) {
    const page = Math.floor((offset + done) / PAGE)
    const start = offset + done - page * PAGE
    const count = Math.min(PAGE - start, length - done)
    visit(page, start, count, done)
    done += count
  }
}
