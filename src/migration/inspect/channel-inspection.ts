/** Inspects one channel: finds out which it is, counts its bytes, decodes them. */
import { type ChannelKind, channelKindOf, DECIDING_BYTES } from '../stream/channel-kind.ts'
import { DEFAULT_PAGE_SIZE } from '../stream/constants.ts'
import type { ChannelDecoder } from '../stream/decoder.ts'
import type { MultifdEvent, StreamEvent } from '../stream/events.ts'
import { createMainDecoder } from '../stream/main-channel.ts'
import { createMultifdDecoder } from '../stream/multifd.ts'
import { createPreemptDecoder } from '../stream/preempt.ts'
import { createRamState } from '../stream/ram-setup.ts'
import { createReturnPathDecoder } from '../stream/return-path.ts'
import { refuseStream } from '../stream/stream-diagnostics.ts'
import { MainInspection } from './main-inspection.ts'
import { MultifdInspection } from './multifd-inspection.ts'
import { RamCount } from './ram-count.ts'
import { PreemptInspection, ReturnPathInspection } from './small-channels.ts'

export type Inspection =
  | MainInspection
  | MultifdInspection
  | PreemptInspection
  | ReturnPathInspection

export type ChannelOptions = {
  /** Where the channel begins in its file. */
  readonly offset?: number
  /** Bytes of the guest's pages, where the stream does not say them. */
  readonly pageSize?: number
  /** Counts the pages of all channels of a migration. */
  readonly ram?: RamCount
  /** Of the same migration, for channels that do not say which blocks there are. */
  readonly main?: MainInspection
  /** Ends the work, with an AbortError. */
  readonly signal?: AbortSignal
  /** Others that want to know what the channel holds. */
  readonly onStream?: (event: StreamEvent) => void
  readonly onMultifd?: (event: MultifdEvent) => void
}

export class ChannelInspection {
  readonly #options: ChannelOptions
  #bytes = 0
  #head: Buffer = Buffer.alloc(0)
  #decoder: ChannelDecoder | undefined
  #inspection: Inspection | undefined

  constructor(options: ChannelOptions = {}) {
    this.#options = options
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Whether the channel could end after the last byte. */
  get mayEnd(): boolean {
    return this.#decoder?.mayEnd ?? false
  }

  /** What was found so far; undefined where too few bytes have come. */
  get inspection(): Inspection | undefined {
    return this.#inspection
  }

  /** @throws DiagnosticError */
  push(part: Buffer): void {
    const left = Math.max(0, (this.#options.offset ?? 0) - this.#bytes)
    this.#bytes += part.length
    if (left < part.length) this.#decode(part.subarray(left))
  }

  /** @throws DiagnosticError */
  finish(): void {
    if (!this.#decoder) this.#begin()
    this.#decoder?.finish()
  }

  #decode(part: Buffer): void {
    if (this.#decoder) {
      this.#decoder.push(part)
      return
    }
    this.#head = Buffer.concat([this.#head, part])
    if (this.#head.length >= DECIDING_BYTES) this.#begin()
  }

  #begin(): void {
    const offset = this.#options.offset ?? 0
    const kind = channelKindOf(this.#head)
    if (!kind) {
      const found = this.#head.subarray(0, 4).toString('hex')
      refuseStream('notAStream', {
        ...{ offset, section: 'header', expected: 'a channel of a migration' },
        found: found === '' ? 'no bytes' : `0x${found}`,
      })
    }
    this.#decoder = this.#createDecoder(kind, offset)
    this.#decoder.push(this.#head)
  }

  #createDecoder(kind: ChannelKind, offset: number): ChannelDecoder {
    const { main, ram = new RamCount(), onStream, onMultifd } = this.#options
    const pageSize = this.#options.pageSize ?? main?.pageSize ?? DEFAULT_PAGE_SIZE
    if (kind === 'main') {
      const inspection = this.#keep(new MainInspection(ram))
      return createMainDecoder(both(inspection.handle, onStream), { pageSize }, offset)
    }
    if (kind === 'multifd') {
      const inspection = this.#keep(new MultifdInspection(ram, pageSize))
      return createMultifdDecoder(both(inspection.handle, onMultifd), pageSize)
    }
    if (kind === 'preempt') {
      const inspection = this.#keep(new PreemptInspection(ram, pageSize))
      const state = createRamState(pageSize)
      for (const block of main?.blocks ?? []) state.blocks.set(block.name, block)
      return createPreemptDecoder(both(inspection.handle, onStream), state)
    }
    return createReturnPathDecoder(this.#keep(new ReturnPathInspection()).handle)
  }

  #keep<Kind extends Inspection>(inspection: Kind): Kind {
    this.#inspection = inspection
    return inspection
  }
}

function both<Event>(
  first: (event: Event) => void,
  second: ((event: Event) => void) | undefined,
): (event: Event) => void {
  if (!second) return first
  return (event) => {
    first(event)
    second(event)
  }
}
