/** What a shared chardev has said lately, once for all of its readers: each knows how far it has read. */

type Piece = { readonly start: number; readonly bytes: Buffer }

export class Output {
  readonly #limit: number
  readonly #pieces: Piece[] = []
  #end = 0

  /** @param limit How many bytes are kept for readers that are behind. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** The number of bytes that were ever said. */
  get end(): number {
    return this.#end
  }

  /** The first byte that is still there. */
  get start(): number {
    return this.#pieces[0]?.start ?? this.#end
  }

  /** @param bytes Not to be changed afterwards. */
  append(bytes: Buffer): void {
    this.#pieces.push({ start: this.#end, bytes })
    this.#end += bytes.length
    this.forget(this.#end - this.#limit)
  }

  /** Forgets the pieces that end before a byte. */
  forget(before: number): void {
    let count = 0
    for (const { start, bytes } of this.#pieces) {
      if (start + bytes.length > before) break
      count++
    }
    this.#pieces.splice(0, count)
  }

  /** What follows a byte that is still there; empty at the end. */
  after(position: number): Buffer {
    const piece = this.#pieces.find(({ start, bytes }) => start + bytes.length > position)
    return piece?.bytes.subarray(position - piece.start) ?? Buffer.alloc(0)
  }
}
