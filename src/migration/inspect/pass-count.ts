/**
 * Counts the passes over the guest's memory. The source goes through the blocks in order, and begins
 * again with what has changed: so a pass begins where a page stands before the last one.
 */
export class PassCount {
  #passes = 0
  #block = -1
  #offset = -1

  get passes(): number {
    return this.#passes
  }

  /** @param block The number of the block, in the order of the setup. */
  add(block: number, offset: number): void {
    const isBehind = block > this.#block || (block === this.#block && offset > this.#offset)
    if (!isBehind || this.#passes === 0) this.#passes++
    this.#block = block
    this.#offset = offset
  }
}
