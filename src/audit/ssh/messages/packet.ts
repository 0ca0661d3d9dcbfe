/** Packets before keys are agreed upon: RFC 4253, section 6. */
import { ByteReader } from '../../../wire/byte-reader.ts'
import { ByteWriter } from '../../../wire/byte-writer.ts'
import { refuse } from '../../../wire/protocol-error.ts'

/** The length that stands in front of a packet. */
export const PACKET_LENGTH_SIZE = 4

/** What OpenSSH takes at most; section 6.1 asks for 35000 at the least. */
const PACKET_LIMIT = 256 * 1024

/** What a packet is padded to where no cipher has greater blocks. */
const BLOCK_SIZE = 8
const LEAST_PADDING = 4

/** The padding is zeros: before there are keys, it has nothing to hide. */
export function encodePacket(payload: Buffer, blockSize = BLOCK_SIZE): Buffer {
  const unpadded = PACKET_LENGTH_SIZE + 1 + payload.length
  const least = blockSize - (unpadded % blockSize)
  const padding = least < LEAST_PADDING ? least + blockSize : least
  return new ByteWriter()
    .uint32(1 + payload.length + padding)
    .uint8(padding)
    .bytes(payload)
    .bytes(Buffer.alloc(padding))
    .finish()
}

/** How many bytes follow the length of a packet, the code that authenticates it not counted. */
export function decodePacketLength(bytes: Buffer): number {
  const length = new ByteReader(bytes, 'the length of a packet').readUint32()
  if (length < LEAST_PADDING + 2) refuse(`a packet of ${length} bytes`)
  if (length > PACKET_LIMIT) refuse(`a packet of ${length} bytes, more than ${PACKET_LIMIT}`)
  return length
}

/** The payload in what follows the length. */
export function decodePacketBody(body: Buffer): Buffer {
  const reader = new ByteReader(body, 'a packet')
  const padding = reader.readUint8()
  if (padding < LEAST_PADDING) refuse(`a packet with a padding of ${padding} bytes`)
  if (padding > reader.remaining - 1) refuse('a packet that is nothing but padding')
  const payload = reader.readBytes(reader.remaining - padding)
  reader.readBytes(padding)
  reader.end()
  return payload
}
