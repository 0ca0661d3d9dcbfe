/** How many pages stand before a byte of a channel, and in which pass that byte is: marks at some distance. */

export type PageMark = {
  /** Bytes of the file before it. */
  readonly at: number
  /** Pages before it. */
  readonly pages: number
  /** The pass that goes on there, counted from 1. */
  readonly pass: number
}

/** Where there are more, every second one is left out: it bounds the memory. */
const LIMIT = 4_096

/** In bytes. */
const FIRST_DISTANCE = 262_144

const START: PageMark = { at: 0, pages: 0, pass: 0 }

export class PageMarks {
  #marks: PageMark[] = []
  #distance = FIRST_DISTANCE
  #last = START

  /** Of the whole channel. */
  get last(): PageMark {
    return this.#last
  }

  /** To be called with places that go up. */
  add(mark: PageMark): void {
    this.#last = mark
    if (mark.at - (this.#marks.at(-1)?.at ?? 0) < this.#distance) return
    this.#marks.push(mark)
    if (this.#marks.length < LIMIT) return
    this.#marks = this.#marks.filter((_, index) => index % 2 === 1)
    this.#distance *= 2
  }

  /** The last mark that does not stand behind a byte. */
  before(at: number): PageMark {
    if (at >= this.#last.at) return this.#last
    let [low, high] = [0, this.#marks.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#marks[middle]?.at ?? 0) <= at) low = middle + 1
      else high = middle
    }
    return this.#marks[low - 1] ?? START
  }
}
