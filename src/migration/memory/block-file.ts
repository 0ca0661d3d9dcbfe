/** The memory of one block as a sparse file: what is zero is not written. */
import {
  closeSync,
  constants,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs'
import { fail } from '../../diagnostics/diagnostic.ts'
import { FILE_KINDS } from '../../files/file-diagnostics.ts'
import { isZero } from '../../transfer/zeroes.ts'
import { PageSet, type PageSetBudget } from '../inspect/page-set.ts'

/** Bytes of neighbouring pages that are written at once. */
const RUN = 0x10_0000

/** Guests keep keys and passwords in their memory: only the owner may read it. */
const MODE = 0o600

export class BlockFile {
  readonly #path: string
  readonly #descriptor: number
  readonly #size: number
  readonly #pageSize: number
  /** Pages of the file that are not a hole. */
  readonly #written: PageSet
  #isOpen = true
  #run: Buffer | undefined
  #runStart = 0
  #runLength = 0

  constructor(path: string, size: number, pageSize: number, budget: PageSetBudget) {
    this.#written = new PageSet(budget)
    this.#path = path
    this.#size = size
    this.#pageSize = pageSize
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
    this.#descriptor = this.#attempt(() => openSync(path, flags, MODE))
    this.#attempt(() => ftruncateSync(this.#descriptor, size))
  }

  /** Puts a page at its place; the last one of a block may be shorter. */
  write(offset: number, page: Buffer): void {
    const data = page.subarray(0, this.#size - offset)
    // False too of a page that the set has no room for: it is written in any case.
    const isNew = this.#written.add(offset / this.#pageSize)
    if (isNew && isZero(data)) {
      this.#written.delete(offset / this.#pageSize)
      return
    }
    this.#append(offset, data)
  }

  /** What the page holds now; a copy. */
  read(offset: number): Buffer {
    this.#flush()
    const page = Buffer.alloc(this.#pageSize)
    const length = Math.min(page.length, this.#size - offset)
    this.#attempt(() => readSync(this.#descriptor, page, 0, length, offset))
    return page
  }

  finish(): void {
    this.#flush()
    this.#attempt(() => fsyncSync(this.#descriptor))
    this.close()
  }

  /** Does nothing where the file was finished: another block may fail after it. */
  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    closeSync(this.#descriptor)
  }

  #append(offset: number, data: Buffer): void {
    const isNext = offset === this.#runStart + this.#runLength
    if (!isNext || this.#runLength + data.length > RUN) {
      this.#flush()
      this.#runStart = offset
    }
    this.#run ??= Buffer.allocUnsafe(RUN)
    data.copy(this.#run, this.#runLength)
    this.#runLength += data.length
  }

  #flush(): void {
    const run = this.#run
    if (!run) return
    for (let at = 0; at < this.#runLength; ) {
      const start = at
      const left = this.#runLength - at
      at += this.#attempt(() =>
        writeSync(this.#descriptor, run, start, left, this.#runStart + start),
      )
    }
    this.#runLength = 0
  }

  #attempt<Result>(call: () => Result): Result {
    try {
      return call()
    } catch (error) {
      return fail(FILE_KINDS.unwritable, { path: this.#path, error })
    }
  }
}
