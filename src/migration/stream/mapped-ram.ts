/** A block of a mapped-ram file: a bitmap of the pages that are not zero, then a fixed place for each. */
import type { MappedBlock, RamBlock, StreamEvent } from './events.ts'
import type { Decoding, StreamInput } from './stream-input.ts'

/** Bytes: enough for a block of 32 TiB. */
const MAX_BITMAP = 2 ** 30

/** Reads bitmap and pages from behind the header of the block. */
export function* decodeMappedBlock(
  input: StreamInput,
  block: RamBlock,
  mapped: MappedBlock,
  emit: (event: StreamEvent) => void,
): Decoding {
  const bitmap = yield* decodeBitmap(input, block, mapped)
  yield* input.pass(mapped.pagesOffset - input.offset, `the pages of ${block.name}`)
  const { pageSize } = mapped
  for (let offset = 0, page = 0; offset < block.size; page++) {
    const length = Math.min(pageSize, block.size - offset)
    if (isSet(bitmap, page)) {
      if (input.available < length) yield* input.need(length, `a page of ${block.name}`)
      emit({
        type: 'page',
        kind: 'mapped',
        block,
        offset,
        data: input.readBytes(length),
        isNamed: false,
      })
    } else {
      yield* input.pass(length, `the place of a page of ${block.name}`)
    }
    offset += length
  }
}

/** The least significant bit is the first page. */
function isSet(bitmap: Buffer, page: number): boolean {
  return (((bitmap[Math.floor(page / 8)] ?? 0) >> (page % 8)) & 1) === 1
}

function* decodeBitmap(input: StreamInput, block: RamBlock, mapped: MappedBlock): Decoding<Buffer> {
  const { headerAt, pageSize, bitmapOffset, pagesOffset } = mapped
  if (pageSize < 1024 || pageSize > 0x1_0000 || (pageSize & (pageSize - 1)) !== 0) {
    input.refuse('a page size of 1 to 64 KiB', `${pageSize}`, headerAt + 4)
  }
  // The source writes whole words of 64 bits.
  const length = Math.ceil(Math.ceil(block.size / pageSize) / 64) * 8
  if (length > MAX_BITMAP) {
    input.refuseLimit('a RAM block of at most 32 TiB', `${block.size} bytes`, headerAt)
  }
  if (bitmapOffset < input.offset) {
    input.refuse(`a bitmap from byte ${input.offset} on`, `byte ${bitmapOffset}`, headerAt + 12)
  }
  if (pagesOffset < bitmapOffset + length) {
    const end = bitmapOffset + length
    input.refuse(`pages from byte ${end} on`, `byte ${pagesOffset}`, headerAt + 20)
  }
  yield* input.pass(bitmapOffset - input.offset, `the bitmap of ${block.name}`)
  yield* input.need(length, `the bitmap of ${block.name}`)
  return Buffer.from(input.readBytes(length))
}
