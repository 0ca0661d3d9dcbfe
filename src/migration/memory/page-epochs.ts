/**
 * When each page was sent last, counted in the marks at which all channels wait for each other. Channels
 * are read one after the other, so a page of an earlier time may come after a later one.
 */
import { fail } from '../../diagnostics/diagnostic.ts'
import { MIGRATION_KINDS } from '../migration-diagnostics.ts'

/** Pages of one piece. */
const PIECE_PAGES = 0x800

/** Pieces of all blocks: 1 GiB, for 2 TiB of a guest. */
const MAX_PIECES = 0x4_0000

/** What all blocks of an image may use together, so that a hostile stream cannot take more. */
export class EpochBudget {
  #left = MAX_PIECES

  /** Says whether there was one left. */
  take(): boolean {
    return this.#left-- > 0
  }
}

/** Times after this many marks are not told apart. */
const MAX_EPOCH = 0xffff

export class PageEpochs {
  readonly #pieces = new Map<number, Uint16Array>()
  readonly #budget: EpochBudget

  constructor(budget: EpochBudget) {
    this.#budget = budget
  }

  /** Says whether a page of that time is as new as what is there, or newer. */
  advance(page: number, epoch: number): boolean {
    const piece = this.#pieceOf(Math.floor(page / PIECE_PAGES))
    const at = page % PIECE_PAGES
    const time = Math.min(epoch, MAX_EPOCH)
    if (time < (piece[at] ?? 0)) return false
    piece[at] = time
    return true
  }

  #pieceOf(number: number): Uint16Array {
    const known = this.#pieces.get(number)
    if (known) return known
    if (!this.#budget.take()) fail(MIGRATION_KINDS.tooLarge, { limit: '2 TiB' })
    const piece = new Uint16Array(PIECE_PAGES)
    this.#pieces.set(number, piece)
    return piece
  }
}
