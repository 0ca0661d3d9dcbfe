/** What the channels without an own beginning were found to hold: the return path, and preempt. */
import type { ReturnPathMessage, StreamEvent } from '../stream/events.ts'
import type { RamCount } from './ram-count.ts'

/** Messages that are listed. */
const MAX_LISTED = 0x1_0000

/** Bytes of a message's data that are kept. */
const SHOWN_BYTES = 64

export class ReturnPathInspection {
  readonly kind = 'return-path'
  readonly messages: ReturnPathMessage[] = []
  messageCount = 0

  readonly handle = (message: ReturnPathMessage): void => {
    this.messageCount++
    if (this.messages.length >= MAX_LISTED) return
    this.messages.push({ ...message, data: Buffer.from(message.data.subarray(0, SHOWN_BYTES)) })
  }
}

export class PreemptInspection {
  readonly kind = 'preempt'
  pages = 0
  ramEnds = 0
  readonly #ram: RamCount
  readonly #pageSize: number

  constructor(ram: RamCount, pageSize: number) {
    this.#ram = ram
    this.#pageSize = pageSize
  }

  readonly handle = (event: StreamEvent): void => {
    if (event.type === 'ram-end') this.ramEnds++
    if (event.type !== 'page') return
    this.pages++
    this.#ram.add(event.kind, event.block.name, event.offset / this.#pageSize)
  }
}
