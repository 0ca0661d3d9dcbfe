/** A RAM section behind its header: setup, pages, marks, and the mark of its end. */
import { RAM_SAVE_FLAG } from './constants.ts'
import type { PageKind, RamBlock } from './events.ts'
import { decodeRamSetup, type Emit, type RamState } from './ram-setup.ts'
import type { Decoding, StreamInput } from './stream-input.ts'

const NO_DATA = Buffer.alloc(0)

const HEADER = 'the header of a page or the end of the section'

/** Reads up to the mark of the end. */
export function* decodeRamBody(input: StreamInput, ram: RamState, emit: Emit): Decoding {
  for (;;) {
    takePages(input, ram, emit)
    if (yield* decodeRamItem(input, ram, emit)) return
  }
}

/**
 * Reads pages of the current block as long as they have arrived whole. A generator for each of them would
 * cost more than the page; what this does not read, `decodeRamItem` does.
 */
function takePages(input: StreamInput, { current, pageSize }: RamState, emit: Emit): void {
  if (!current) return
  while (input.available >= 9) {
    const header = input.peekUint64()
    const flags = header % pageSize
    const offset = header - flags
    const isZero = flags === ZERO_PAGE
    if (offset >= current.size || !(isZero || flags === PLAIN_PAGE)) return
    if (!isZero && input.available < 8 + pageSize) return
    input.skip(8)
    const data = isZero ? takeZero(input) : input.readBytes(pageSize)
    const kind = isZero ? 'zero' : 'normal'
    emit({ type: 'page', kind, block: current, offset, data, isNamed: false })
  }
}

/** A zero page is one byte, which is zero. */
function takeZero(input: StreamInput): Buffer {
  const byte = input.readUint8()
  if (byte !== 0) input.refuse('the zero of a zero page', `${byte}`, input.offset - 1)
  return NO_DATA
}

/** Reads one page or mark; says whether it was the mark of the end. */
export function* decodeRamItem(input: StreamInput, ram: RamState, emit: Emit): Decoding<boolean> {
  if (input.available < 8) yield* input.need(8, HEADER)
  const at = input.offset
  const header = input.readUint64()
  const flags = header % ram.pageSize
  const offset = header - flags
  if ((flags & PAGE_FLAGS) !== 0) {
    yield* decodePage(input, ram, { at, flags, offset }, emit)
    return false
  }
  return yield* decodeMark(input, ram, { at, flags, offset }, emit)
}

type Header = { readonly at: number; readonly flags: number; readonly offset: number }

const { ZERO, PAGE, XBZRLE, COMPRESS_PAGE, CONTINUE, EOS, MEM_SIZE, MULTIFD_FLUSH, HOOK } =
  RAM_SAVE_FLAG

const PLAIN_PAGE = PAGE | CONTINUE
const ZERO_PAGE = ZERO | CONTINUE

const PAGE_FLAGS = ZERO | PAGE | XBZRLE | COMPRESS_PAGE

function* decodeMark(
  input: StreamInput,
  ram: RamState,
  { at, flags, offset }: Header,
  emit: Emit,
): Decoding<boolean> {
  // Of a number above 2^53 the flags are lost.
  if (!Number.isSafeInteger(offset)) input.refuseLimit('less than 2^53 bytes of RAM', 'more', at)
  if (flags === MEM_SIZE) {
    if (ram.blocks.size > 0) input.refuse('the RAM blocks once', 'them again', at)
    yield* decodeRamSetup(input, ram, { total: offset, offset: at }, emit)
    return false
  }
  if (flags === EOS && offset === 0) {
    emit({ type: 'ram-end', offset: at })
    return true
  }
  if (flags === MULTIFD_FLUSH && offset === 0) {
    emit({ type: 'ram-flush', offset: at })
    return false
  }
  const what = flags === HOOK ? 'a hook of RDMA, which cannot be read' : wordsOf({ flags, offset })
  return input.refuse(HEADER, what, at)
}

function wordsOf({ flags, offset }: Pick<Header, 'flags' | 'offset'>): string {
  return `flags 0x${flags.toString(16)} at 0x${offset.toString(16)}`
}

function* decodePage(input: StreamInput, ram: RamState, header: Header, emit: Emit): Decoding {
  const isNamed = (header.flags & CONTINUE) === 0
  if (isNamed) ram.current = yield* decodeBlockName(input, ram)
  const block = ram.current ?? input.refuse('the name of a RAM block', 'none so far', header.at)
  const { offset, flags } = header
  if (offset >= block.size) {
    const what = `offset 0x${offset.toString(16)}`
    input.refuse(`an offset within the ${block.size} bytes of ${block.name}`, what, header.at)
  }
  const kind = KINDS[flags & ~CONTINUE] ?? input.refuse(HEADER, wordsOf(header), header.at)
  const data = yield* decodePageData(input, kind, ram.pageSize, block)
  emit({ type: 'page', kind, block, offset, data, isNamed })
}

const KINDS: Readonly<Record<number, PageKind>> = {
  [ZERO]: 'zero',
  [PAGE]: 'normal',
  [XBZRLE]: 'xbzrle',
  [COMPRESS_PAGE]: 'compressed',
}

function* decodeBlockName(input: StreamInput, ram: RamState): Decoding<RamBlock> {
  const at = input.offset
  const name = yield* input.name('the name of a RAM block')
  return (
    ram.blocks.get(name) ?? input.refuse('the name of a RAM block', JSON.stringify(name), at + 1)
  )
}

function* decodePageData(
  input: StreamInput,
  kind: PageKind,
  pageSize: number,
  block: RamBlock,
): Decoding<Buffer> {
  let length = pageSize
  if (kind === 'zero') {
    yield* input.need(1, 'the zero of a zero page')
    return takeZero(input)
  }
  if (kind === 'xbzrle') length = yield* decodeXbzrleLength(input, pageSize)
  if (kind === 'compressed') length = yield* decodeCompressedLength(input, pageSize)
  if (input.available < length) yield* input.need(length, `a page of ${block.name}`)
  return input.readBytes(length)
}

function* decodeXbzrleLength(input: StreamInput, pageSize: number): Decoding<number> {
  const encoding = yield* input.uint8('the encoding of an xbzrle page')
  if (encoding !== 1) input.refuse('encoding 1 of an xbzrle page', `${encoding}`, input.offset - 1)
  const length = yield* input.uint16('the length of an xbzrle page')
  if (length > pageSize) input.refuse(`at most ${pageSize} bytes`, `${length}`, input.offset - 2)
  return length
}

function* decodeCompressedLength(input: StreamInput, pageSize: number): Decoding<number> {
  const length = yield* input.uint32('the length of a compressed page')
  // What zlib needs at most for a page.
  const limit = pageSize + Math.floor(pageSize / 4096) + 64
  if (length === 0 || length > limit) {
    input.refuse(`1 to ${limit} bytes`, `${length}`, input.offset - 4)
  }
  return length
}
