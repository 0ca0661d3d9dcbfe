/** A set of page numbers that needs one bit for a page, and nothing for ranges without any. */

/** Pages of one piece: 128 MiB of a guest with pages of 4 KiB. */
const PIECE_PAGES = 0x8000

/** Pieces of all sets of one inspection: 256 MiB. */
const MAX_PIECES = 0x1_0000

/** What all sets of an inspection may use together, so that a hostile stream cannot take more. */
export class PageSetBudget {
  #left = MAX_PIECES

  take(): boolean {
    if (this.#left === 0) return false
    this.#left--
    return true
  }
}

export class PageSet {
  readonly #pieces = new Map<number, Uint8Array>()
  readonly #budget: PageSetBudget
  #size = 0
  #isWhole = true

  constructor(budget: PageSetBudget) {
    this.#budget = budget
  }

  get size(): number {
    return this.#size
  }

  /** Whether every page was kept; false where the budget was used up. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  /** Says whether the page was new. */
  add(page: number): boolean {
    const piece = this.#pieceFor(page)
    const bit = 1 << (page & 7)
    const at = (page % PIECE_PAGES) >>> 3
    if (!piece || ((piece[at] ?? 0) & bit) !== 0) return false
    piece[at] = (piece[at] ?? 0) | bit
    this.#size++
    return true
  }

  /** Says whether the page was there. */
  delete(page: number): boolean {
    const piece = this.#pieces.get(Math.floor(page / PIECE_PAGES))
    const bit = 1 << (page & 7)
    const at = (page % PIECE_PAGES) >>> 3
    if (!piece || ((piece[at] ?? 0) & bit) === 0) return false
    piece[at] = (piece[at] ?? 0) & ~bit
    this.#size--
    return true
  }

  #pieceFor(page: number): Uint8Array | undefined {
    const number = Math.floor(page / PIECE_PAGES)
    const known = this.#pieces.get(number)
    if (known) return known
    this.#isWhole &&= this.#budget.take()
    if (!this.#isWhole) return undefined
    const piece = new Uint8Array(PIECE_PAGES / 8)
    this.#pieces.set(number, piece)
    return piece
  }
}
