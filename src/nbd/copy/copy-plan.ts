/** Cuts what is to be copied into pieces, along the blocks of both ends. */
import type { ByteRange } from '../../transfer/byte-ranges.ts'
import type { CopyExtent, CopySource } from './copy-end.ts'

export type CopyPiece = {
  readonly offset: number
  readonly length: number
  /** It need not be read: it is zero. */
  readonly isZero: boolean
}

/** The most data that a copy reads at once, in bytes. */
export const COPY_PIECE = 0x4_0000

/** The most zeroes of one piece, in bytes: they are not read, so it is larger. */
const ZERO_PIECE = 0x800_0000

/** How much the source is asked about at a time, in bytes. */
const WINDOW = 0x4000_0000

/** How often it is asked about one window: no more often than the window could be read. */
const ANSWERS = WINDOW / COPY_PIECE

/** Smaller holes are read: a request for each would cost more than it saves. */
const GRAIN = 0x1000

/**
 * Every piece of these ranges, once. A source that tells of little at a time is not asked for ever:
 * the rest of the window is read, and what is read is searched for zeroes anyway.
 */
export async function* planPieces(
  source: Pick<CopySource, 'extents'>,
  ranges: readonly ByteRange[],
  alignment: number,
  answers = ANSWERS,
): AsyncGenerator<CopyPiece, void> {
  for (const [start, end] of ranges) {
    for (let at = start; at < end; ) {
      const windowEnd = Math.min(at + WINDOW, end)
      for (let asked = 0; at < windowEnd; asked++) {
        const length = windowEnd - at
        const extents = asked < answers ? await source.extents(at, length) : unknownBytes(length)
        for (const piece of alignExtents(extents, at, end, Math.max(alignment, GRAIN))) {
          yield* split(piece)
          at = piece.offset + piece.length
        }
      }
    }
  }
}

function unknownBytes(length: number): readonly CopyExtent[] {
  return [{ length, isZero: false }]
}

function* split({ offset, length, isZero }: CopyPiece): Generator<CopyPiece, void> {
  const limit = isZero ? ZERO_PIECE : COPY_PIECE
  for (let done = 0; done < length; done += limit) {
    yield { offset: offset + done, length: Math.min(limit, length - done), isZero }
  }
}

/**
 * Moves the borders of extents to those of blocks: a block with any data in it is data. Always makes
 * at least one piece.
 *
 * @internal Exported for tests.
 */
export function alignExtents(
  extents: readonly CopyExtent[],
  start: number,
  end: number,
  alignment: number,
): readonly CopyPiece[] {
  const pieces: CopyPiece[] = []
  let at = start
  let border = start
  const push = (to: number, isZero: boolean): void => {
    const until = Math.min(to, end)
    if (until > at) pieces.push({ offset: at, length: until - at, isZero })
    at = Math.max(at, until)
  }
  for (const { length, isZero } of extents) {
    border += length
    const isEnd = border >= end
    if (!isZero) push(isEnd ? end : Math.ceil(border / alignment) * alignment, false)
    else push(isEnd ? end : Math.floor(border / alignment) * alignment, true)
  }
  // Less than a block of zeroes, and what comes behind it is not known.
  if (pieces.length === 0) push(Math.floor(at / alignment) * alignment + alignment, false)
  return pieces
}
