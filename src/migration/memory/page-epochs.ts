/**
 * When each page was sent last, counted in the marks at which all channels wait for each other. Channels
 * are read one after the other, so a page of an earlier time may come after a later one.
 */

/** Pages of one piece. */
const PIECE_PAGES = 0x8000

/** The mark that separates times of more than this is not told apart. */
const MAX_EPOCH = 0xffff

export class PageEpochs {
  readonly #pieces = new Map<number, Uint16Array>()

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
    const piece = new Uint16Array(PIECE_PAGES)
    this.#pieces.set(number, piece)
    return piece
  }
}
