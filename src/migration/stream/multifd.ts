/** A multifd channel: which one it is, then packets of pages. */
import {
  DEFAULT_PAGE_SIZE,
  MULTIFD_COMPRESSIONS,
  MULTIFD_FLAG,
  MULTIFD_MAGIC,
  MULTIFD_PACKET_SIZE,
  MULTIFD_VERSION,
  type MultifdCompression,
} from './constants.ts'
import { ChannelDecoder } from './decoder.ts'
import type { MultifdEvent, MultifdPacket } from './events.ts'
import { refuseStream } from './stream-diagnostics.ts'
import type { Decoding, StreamInput } from './stream-input.ts'

type EmitMultifd = (event: MultifdEvent) => void

/** Bytes of the name of a block or a device; shorter ones end with a zero. */
const NAME_LENGTH = 256

/** What pages may be compressed to: more than any of the libraries needs for a whole packet. */
const MAX_PAYLOAD = 2 * MULTIFD_PACKET_SIZE

/** Bytes of a device's state in one packet. */
const MAX_DEVICE_STATE = 2 ** 30

export function createMultifdDecoder(
  emit: EmitMultifd,
  pageSize = DEFAULT_PAGE_SIZE,
): ChannelDecoder {
  return new ChannelDecoder((input) => decodeMultifd(input, emit, pageSize))
}

function* decodeMultifd(input: StreamInput, emit: EmitMultifd, pageSize: number): Decoding {
  yield* decodeInit(input, emit)
  for (;;) {
    input.section = 'multifd packet'
    // A channel ends between two packets; only the main channel says whether that was right.
    if (!(yield* input.has(1))) return
    yield* decodePacket(input, emit, pageSize)
  }
}

function* decodeInit(input: StreamInput, emit: EmitMultifd): Decoding {
  input.section = 'multifd init'
  yield* decodeMagic(input)
  const version = yield* decodeVersion(input)
  yield* input.need(56, 'the rest of the init packet')
  const uuid = input.readBytes(16).toString('hex')
  const channel = input.readUint8()
  input.skip(39)
  emit({ type: 'init', version, uuid, channel })
}

function* decodeMagic(input: StreamInput): Decoding {
  const offset = input.offset
  const magic = yield* input.uint32('the magic of multifd')
  if (magic === MULTIFD_MAGIC) return
  const expected = `the magic 0x${MULTIFD_MAGIC.toString(16)}`
  const found = `0x${magic.toString(16).padStart(8, '0')}`
  refuseStream(offset === 0 ? 'notAStream' : 'malformed', {
    ...{ offset, section: input.section, expected, found },
  })
}

function* decodeVersion(input: StreamInput): Decoding<number> {
  const version = yield* input.uint32('the version of multifd')
  if (version !== MULTIFD_VERSION) {
    input.refuse(`version ${MULTIFD_VERSION}`, `${version}`, input.offset - 4)
  }
  return version
}

function* decodePacket(input: StreamInput, emit: EmitMultifd, pageSize: number): Decoding {
  const offset = input.offset
  yield* decodeMagic(input)
  yield* decodeVersion(input)
  const flags = yield* input.uint32('the flags of a packet')
  if ((flags & ~KNOWN_FLAGS) !== 0) {
    input.refuse('flags of a packet', `0x${flags.toString(16)}`, offset + 8)
  }
  if (flags & MULTIFD_FLAG.DEVICE_STATE) return yield* decodeDeviceState(input, emit, offset)
  const packet = yield* decodePages(input, { offset, flags, pageSize })
  emit({ type: 'packet', packet })
  // Old versions leave the length of an earlier packet where there are no normal pages.
  if (packet.normal === 0) return
  yield* decodePayload(input, packet, pageSize, emit)
}

const KNOWN_FLAGS = MULTIFD_FLAG.SYNC | MULTIFD_FLAG.COMPRESSION_MASK | MULTIFD_FLAG.DEVICE_STATE

type Begun = { readonly offset: number; readonly flags: number; readonly pageSize: number }

function* decodePages(input: StreamInput, begun: Begun): Decoding<MultifdPacket> {
  const { offset, flags, pageSize } = begun
  const most = MULTIFD_PACKET_SIZE / pageSize
  yield* input.need(52 + NAME_LENGTH + 8 * most, 'the rest of a packet')
  const allocated = input.readUint32()
  const normal = input.readUint32()
  const nextSize = input.readUint32()
  const number = input.readBytes(8).readBigUInt64BE()
  const zero = input.readUint32()
  input.skip(28)
  const block = textUpToZero(input.readBytes(NAME_LENGTH))
  if (normal + zero > most) {
    input.refuse(`at most ${most} pages in a packet`, `${normal + zero}`, offset + 16)
  }
  const offsets = readOffsets(input, most).slice(0, normal + zero)
  if (offsets.some((place) => place % pageSize !== 0)) {
    input.refuse(`offsets that are multiples of ${pageSize}`, 'others', offset + 320)
  }
  const compression =
    compressionOf(flags) ??
    input.refuse('a known compression', `0x${flags.toString(16)}`, offset + 8)
  const isSync = (flags & MULTIFD_FLAG.SYNC) !== 0
  return {
    offset,
    flags,
    isSync,
    compression,
    allocated,
    normal,
    zero,
    nextSize,
    number,
    block,
    offsets,
  }
}

function readOffsets(input: StreamInput, count: number): number[] {
  return Array.from({ length: count }, () => input.readUint64())
}

function textUpToZero(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return bytes.subarray(0, end < 0 ? bytes.length : end).toString('latin1')
}

function compressionOf(flags: number): MultifdCompression | undefined {
  const bits = flags & MULTIFD_FLAG.COMPRESSION_MASK
  return (MULTIFD_COMPRESSIONS as Readonly<Record<number, MultifdCompression>>)[bits]
}

function* decodePayload(
  input: StreamInput,
  packet: MultifdPacket,
  pageSize: number,
  emit: EmitMultifd,
): Decoding {
  const { nextSize, normal, offset, compression } = packet
  const plain = normal * pageSize
  if (compression === 'none' && nextSize !== plain) {
    input.refuse(`${plain} bytes for ${normal} pages`, `${nextSize}`, offset + 20)
  }
  if (nextSize > MAX_PAYLOAD) {
    input.refuseLimit(`at most ${MAX_PAYLOAD} bytes in a packet`, `${nextSize}`, offset + 20)
  }
  yield* input.need(nextSize, `${nextSize} bytes of pages`)
  emit({ type: 'payload', packet, data: input.readBytes(nextSize) })
}

/** State of a device, which QEMU 10 and newer can send beside the main channel. */
function* decodeDeviceState(input: StreamInput, emit: EmitMultifd, offset: number): Decoding {
  input.section = 'multifd device state'
  yield* input.need(NAME_LENGTH + 8, 'the rest of a packet')
  const name = textUpToZero(input.readBytes(NAME_LENGTH))
  const instance = input.readUint32()
  const length = input.readUint32()
  if (length > MAX_DEVICE_STATE) {
    input.refuseLimit(`at most ${MAX_DEVICE_STATE} bytes of state`, `${length}`, input.offset - 4)
  }
  yield* input.pass(length, `${length} bytes of state of ${name}`)
  emit({ type: 'device-state', offset, name, instance, length })
}
