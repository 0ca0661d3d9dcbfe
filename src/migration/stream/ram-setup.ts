/** The beginning of a RAM section: the blocks of the guest's memory. */

import type { RamBlock, StreamEvent } from './events.ts'
import { decodeMappedBlock } from './mapped-ram.ts'
import type { Decoding, StreamInput } from './stream-input.ts'

/** What the RAM sections of a stream know of each other. */
export type RamState = {
  /** Bytes of the guest's pages. */
  pageSize: number
  /** Whether blocks have an address, or their pages have a fixed place in the file. */
  hasAddresses: boolean
  isMapped: boolean
  /** Page sizes of the source's blocks, one bit each; from POSTCOPY_ADVISE. */
  hostPageSizes: bigint
  readonly blocks: Map<string, RamBlock>
  /** The block that a header without a name means. It outlives its section. */
  current: RamBlock | undefined
}

export function createRamState(pageSize: number): RamState {
  return {
    pageSize,
    hasAddresses: false,
    isMapped: false,
    hostPageSizes: 0n,
    blocks: new Map(),
    current: undefined,
  }
}

/** More than any machine has. */
const MAX_BLOCKS = 0x1_0000

export type Emit = (event: StreamEvent) => void

/**
 * Reads the blocks from behind the header that says their total.
 *
 * @param offset Where that header is.
 */
export function* decodeRamSetup(
  input: StreamInput,
  ram: RamState,
  { total, offset }: { readonly total: number; readonly offset: number },
  emit: Emit,
): Decoding {
  const blocks: RamBlock[] = []
  for (let left = total; left > 0; ) {
    const block = yield* decodeBlock(input, ram, left)
    if (block.mapped) yield* decodeMappedBlock(input, block, block.mapped, emit)
    blocks.push(block)
    left -= block.size
  }
  emit({ type: 'ram-setup', offset, total, blocks })
}

function* decodeBlock(input: StreamInput, ram: RamState, left: number): Decoding<RamBlock> {
  const at = input.offset
  const name = yield* input.name('the name of a RAM block')
  if (name === '') input.refuse('the name of a RAM block', 'an empty one', at)
  if (ram.blocks.has(name)) input.refuse('each RAM block once', `${JSON.stringify(name)} again`, at)
  if (ram.blocks.size >= MAX_BLOCKS) {
    input.refuseLimit(`at most ${MAX_BLOCKS} RAM blocks`, 'one more', at)
  }
  const size = yield* decodeSize(input, name, left)
  const hostPageSize = yield* decodeHostPageSize(input, ram)
  const address = ram.hasAddresses ? yield* decodeAddress(input) : undefined
  const mapped = ram.isMapped ? yield* decodeMapping(input) : undefined
  const block: RamBlock = {
    index: ram.blocks.size,
    name,
    size,
    ...(hostPageSize === undefined ? {} : { hostPageSize }),
    ...(address === undefined ? {} : { address }),
    ...(mapped === undefined ? {} : { mapped }),
  }
  ram.blocks.set(name, block)
  return block
}

function* decodeSize(input: StreamInput, name: string, left: number): Decoding<number> {
  const size = yield* input.uint64(`the size of RAM block ${name}`)
  if (size === 0 || size > left) {
    input.refuse(`a size of 1 to ${left} bytes for RAM block ${name}`, `${size}`, input.offset - 8)
  }
  return size
}

/**
 * The size of the block's pages on the source's host. It is there only for a block whose pages are not
 * of the usual size. A zero tells it from the name of the next block, and its size from what else may
 * follow.
 */
function* decodeHostPageSize(input: StreamInput, ram: RamState): Decoding<number | undefined> {
  if (ram.hostPageSizes === 0n) return undefined
  yield* input.need(1, 'a RAM block or the end of the section')
  if (input.peek()[0] !== 0) return undefined
  yield* input.need(8, 'a RAM block or the end of the section')
  const value = input.peek().readBigUInt64BE()
  const isPageSize = value >= 1024n && (value & (value - 1n)) === 0n
  if (!isPageSize || (value & ram.hostPageSizes) === 0n) return undefined
  input.skip(8)
  return Number(value)
}

function* decodeAddress(input: StreamInput): Decoding<number> {
  return yield* input.uint64('the address of the RAM block')
}

function* decodeMapping(input: StreamInput) {
  const headerAt = input.offset
  const version = yield* input.uint32('the version of a mapped block')
  if (version !== 1) input.refuse('version 1 of a mapped block', `${version}`, headerAt)
  const pageSize = yield* input.uint64('the page size of a mapped block')
  const bitmapOffset = yield* input.uint64('the place of a bitmap')
  const pagesOffset = yield* input.uint64('the place of the pages')
  return { headerAt, version, pageSize, bitmapOffset, pagesOffset }
}
