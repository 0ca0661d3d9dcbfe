/** Counts the pages of a migration: of each kind, and of each block with those that were sent again. */
import type { PageKind } from '../stream/events.ts'
import { PageSet, PageSetBudget } from './page-set.ts'

export type PageCounts = { readonly [kind in PageKind]: number }

/** Pages within the stream: mapped ones have places of their own in a file. */
export function countPages({ normal, zero, compressed, xbzrle }: PageCounts): number {
  return normal + zero + compressed + xbzrle
}

/** How often the pages of one block were sent. */
export type BlockCount = {
  readonly sent: number
  /** Of them, those without content. */
  readonly zero: number
  /** Pages that were sent at least once; null where they were too many to keep. */
  readonly distinct: number | null
  /** Pages that were zero when they were sent last. */
  readonly zeroAtEnd: number | null
}

class BlockTally {
  sent = 0
  zero = 0
  readonly #seen: PageSet
  readonly #zeros: PageSet

  constructor(budget: PageSetBudget) {
    this.#seen = new PageSet(budget)
    this.#zeros = new PageSet(budget)
  }

  add(page: number, isZero: boolean): void {
    this.sent++
    this.#seen.add(page)
    if (isZero) {
      this.zero++
      this.#zeros.add(page)
    } else if (this.#zeros.size > 0) this.#zeros.delete(page)
  }

  get count(): BlockCount {
    const isWhole = this.#seen.isWhole && this.#zeros.isWhole
    const distinct = isWhole ? this.#seen.size : null
    return {
      sent: this.sent,
      zero: this.zero,
      distinct,
      zeroAtEnd: isWhole ? this.#zeros.size : null,
    }
  }
}

const NOTHING_SENT: BlockCount = { sent: 0, zero: 0, distinct: 0, zeroAtEnd: 0 }

/** More names than any guest has blocks; those of a multifd channel alone cannot be checked. */
const MAX_BLOCKS = 0x1_0000

/** One for all channels of a migration. */
export class RamCount {
  readonly #pages = { normal: 0, zero: 0, compressed: 0, xbzrle: 0, mapped: 0 }
  readonly #blocks = new Map<string, BlockTally>()
  readonly #budget = new PageSetBudget()
  #lastName = ''
  #lastTally: BlockTally | undefined

  /** @param page The number of the page within its block. */
  add(kind: PageKind, block: string, page: number): void {
    this.#pages[kind]++
    if (this.#lastName !== block || !this.#lastTally) {
      this.#lastTally = this.#tallyOf(block)
      this.#lastName = block
    }
    this.#lastTally?.add(page, kind === 'zero')
  }

  get pages(): PageCounts {
    return { ...this.#pages }
  }

  /** All that came within streams. */
  get total(): number {
    return countPages(this.#pages)
  }

  get blockNames(): readonly string[] {
    return [...this.#blocks.keys()]
  }

  block(name: string): BlockCount {
    return this.#blocks.get(name)?.count ?? NOTHING_SENT
  }

  #tallyOf(block: string): BlockTally | undefined {
    const known = this.#blocks.get(block)
    if (known || this.#blocks.size >= MAX_BLOCKS) return known
    const tally = new BlockTally(this.#budget)
    this.#blocks.set(block, tally)
    return tally
  }
}
