/** The channel of postcopy-preempt: pages as in a RAM section, without any beginning. */
import { ChannelDecoder } from './decoder.ts'
import { decodeRamItem } from './ram-pages.ts'
import type { Emit, RamState } from './ram-setup.ts'
import type { Decoding, StreamInput } from './stream-input.ts'

/** @param ram The blocks that the main channel has named, and a current block of this channel's own. */
export function createPreemptDecoder(emit: Emit, ram: RamState): ChannelDecoder {
  return new ChannelDecoder((input) => decodePreempt(input, emit, ram))
}

/** It ends with the mark of an end or without any. */
function* decodePreempt(input: StreamInput, emit: Emit, ram: RamState): Decoding {
  input.section = 'preempt channel'
  while (yield* input.has(1)) yield* decodeRamItem(input, ram, emit)
}
