/** NBD_INFO_BLOCK_SIZE: what a server asks of the sizes of requests. Protocol, "Size constraints". */
import type { ByteReader } from '../../wire/byte-reader.ts'
import type { ByteWriter } from '../../wire/byte-writer.ts'
import { refuse } from '../../wire/protocol-error.ts'

/** All in bytes. */
export type BlockSizes = {
  /** Offsets and lengths are multiples of it: a power of two up to 64 KiB. */
  readonly minimum: number
  /** Requests in multiples of it are served best. */
  readonly preferred: number
  /** The most data that one request may carry, in either direction. */
  readonly maximum: number
}

/** What holds where a server says nothing. */
export const DEFAULT_BLOCK_SIZES: BlockSizes = {
  minimum: 1,
  preferred: 4096,
  maximum: 0x200_0000,
}

/**
 * What a client does best to keep to where it has asked and was told nothing: the protocol has
 * servers that need 512 and do not say it.
 */
export const CAUTIOUS_BLOCK_SIZES: BlockSizes = { ...DEFAULT_BLOCK_SIZES, minimum: 512 }

const LARGEST_MINIMUM = 0x1_0000

export function encodeBlockSizes(writer: ByteWriter, sizes: BlockSizes): ByteWriter {
  return writer.uint32(sizes.minimum).uint32(sizes.preferred).uint32(sizes.maximum)
}

/** Refuses sizes that no request could keep to. */
export function decodeBlockSizes(reader: ByteReader): BlockSizes {
  const minimum = reader.readUint32()
  const preferred = reader.readUint32()
  const maximum = reader.readUint32()
  if (!isPowerOfTwo(minimum) || minimum > LARGEST_MINIMUM) {
    refuse(`a minimum block size of ${minimum}`)
  }
  if (!isPowerOfTwo(preferred) || preferred < minimum) {
    refuse(`a preferred block size of ${preferred} with a minimum of ${minimum}`)
  }
  if (maximum < minimum) {
    refuse(`a maximum payload of ${maximum} bytes with a minimum block size of ${minimum}`)
  }
  return { minimum, preferred, maximum }
}

function isPowerOfTwo(number: number): boolean {
  return number > 0 && Number.isInteger(Math.log2(number))
}
