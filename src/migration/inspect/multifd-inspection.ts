/** What a multifd channel was found to hold. */
import type { MultifdEvent, MultifdPacket } from '../stream/events.ts'
import type { RamCount } from './ram-count.ts'

/** Packets that are listed. */
const MAX_LISTED = 8

/** What is counted by value is bounded: the stream may have any. */
const MAX_SIZES = 1_024
const MAX_BLOCKS = 65_536

export class MultifdInspection {
  readonly kind = 'multifd'
  version = 0
  uuid = ''
  channel = 0
  packets = 0
  syncs = 0
  normal = 0
  zero = 0
  /** Bytes of pages, as they were sent. */
  payload = 0
  /** Packets without normal pages that say a length, as old versions do. */
  stale = 0
  lastFlags: number | undefined
  readonly flags = new Map<number, number>()
  readonly allocated = new Set<number>()
  /** Normal pages of each block. */
  readonly blocks = new Map<string, number>()
  readonly first: MultifdPacket[] = []
  deviceStates = 0
  readonly #ram: RamCount
  readonly #pageSize: number

  constructor(ram: RamCount, pageSize: number) {
    this.#ram = ram
    this.#pageSize = pageSize
  }

  readonly handle = (event: MultifdEvent): void => {
    if (event.type === 'packet') this.#addPacket(event.packet)
    else if (event.type === 'payload') this.payload += event.data.length
    else if (event.type === 'device-state') this.deviceStates++
    else {
      this.version = event.version
      this.uuid = event.uuid
      this.channel = event.channel
    }
  }

  #addPacket(packet: MultifdPacket): void {
    const { flags, allocated, normal, zero, block } = packet
    this.packets++
    if (packet.isSync) this.syncs++
    this.normal += normal
    this.zero += zero
    if (normal === 0 && packet.nextSize > 0) this.stale++
    this.lastFlags = flags
    this.flags.set(flags, (this.flags.get(flags) ?? 0) + 1)
    if (this.allocated.size < MAX_SIZES) this.allocated.add(allocated)
    if (this.blocks.size < MAX_BLOCKS)
      this.blocks.set(block, (this.blocks.get(block) ?? 0) + normal)
    if (this.first.length < MAX_LISTED) this.first.push(packet)
    packet.offsets.forEach((offset, at) => {
      this.#ram.add(at < normal ? 'normal' : 'zero', block, offset / this.#pageSize)
    })
  }
}
