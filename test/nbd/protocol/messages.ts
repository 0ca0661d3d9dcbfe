/** Every message of the protocol that stands for itself: how to make, encode and decode one. */

import type { BlockSizes } from '../../../src/nbd/protocol/block-sizes.ts'
import { toByteCount } from '../../../src/nbd/protocol/byte-count.ts'
import {
  decodeBlockStatus,
  decodeErrorChunk,
  decodeExtendedBlockStatus,
  decodeHole,
  decodeStatusFilter,
  encodeBlockStatus,
  encodeErrorChunk,
  encodeExtendedBlockStatus,
  encodeHole,
} from '../../../src/nbd/protocol/chunks.ts'
import { NBD_INFO } from '../../../src/nbd/protocol/constants.ts'
import {
  decodeClientFlags,
  decodeExportNameReply,
  decodeGreeting,
  encodeClientFlags,
  encodeExportNameReply,
  encodeGreeting,
} from '../../../src/nbd/protocol/greeting.ts'
import {
  decodeExportName,
  decodeInfoOption,
  decodeMetaContextOption,
  encodeExportName,
  encodeInfoOption,
  encodeMetaContextOption,
} from '../../../src/nbd/protocol/option-data.ts'
import {
  decodeOptionHeader,
  decodeOptionReplyHeader,
  encodeOption,
  encodeOptionReply,
} from '../../../src/nbd/protocol/option-header.ts'
import {
  decodeErrorText,
  decodeInformation,
  decodeListedExport,
  decodeMetaContext,
  encodeErrorText,
  encodeInformation,
  encodeListedExport,
  encodeMetaContext,
  type Information,
} from '../../../src/nbd/protocol/option-replies.ts'
import { fc } from '../../seed.ts'
import { encodeStatusFilter } from './status-filter.ts'

export type Message<Value> = {
  readonly values: fc.Arbitrary<Value>
  readonly encode: (value: Value) => Buffer
  readonly decode: (bytes: Buffer) => Value
  /** Whether it ends where its bytes end, so that a prefix may be a message too. */
  readonly isOpen?: true
}

const uint16 = fc.nat(0xffff)
const uint32 = fc.nat(0xffff_ffff)
const uint64 = fc.maxSafeNat()
const byteCount = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(toByteCount)
const positive = fc.integer({ min: 1, max: 0xffff_ffff })
const text = fc
  .string({ unit: 'grapheme', maxLength: 40 })
  .filter((value) => !value.includes('\0') && value.isWellFormed())
const names = fc.oneof(text, fc.constant('x'.repeat(4096)))

const sizes: fc.Arbitrary<BlockSizes> = fc
  .record({ minimum: fc.nat(16), more: fc.nat(12), maximum: positive })
  .map(({ minimum, more, maximum }) => ({
    minimum: 2 ** minimum,
    preferred: 2 ** (minimum + more),
    maximum: Math.max(maximum, 2 ** minimum),
  }))

const information: fc.Arbitrary<Information> = fc.oneof(
  fc.record({ type: fc.constant(NBD_INFO.EXPORT), size: uint64, flags: uint16 }),
  fc.record({ type: fc.constant(NBD_INFO.NAME), name: names }),
  fc.record({ type: fc.constant(NBD_INFO.DESCRIPTION), description: text }),
  fc.record({ type: fc.constant(NBD_INFO.BLOCK_SIZE), sizes }),
  fc.record({
    type: fc.constant('unknown' as const),
    number: fc.integer({ min: 4, max: 0xffff }),
    data: fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes)),
  }),
)

const extents = fc.array(fc.record({ length: positive, status: uint32 }), { minLength: 1 })

function message<Value>(value: Message<Value>): Message<unknown> {
  return value as Message<unknown>
}

export const MESSAGES: Readonly<Record<string, Message<unknown>>> = {
  greeting: message({
    values: fc.record({ isOldStyle: fc.constant(false), flags: uint16 }),
    encode: ({ flags }) => encodeGreeting(flags),
    decode: decodeGreeting,
  }),
  'client flags': message({
    values: uint32,
    encode: encodeClientFlags,
    decode: decodeClientFlags,
  }),
  'reply to an export name': message({
    values: fc.record({ size: byteCount, flags: uint16 }),
    encode: (value) => encodeExportNameReply(value, false),
    decode: (bytes) => decodeExportNameReply(bytes, false),
  }),
  'reply to an export name with zeroes': message({
    values: fc.record({ size: byteCount, flags: uint16 }),
    encode: (value) => encodeExportNameReply(value, true),
    decode: (bytes) => decodeExportNameReply(bytes, true),
  }),
  option: message({
    values: fc.record({ option: uint32, length: fc.constant(0) }),
    encode: ({ option }) => encodeOption(option),
    decode: decodeOptionHeader,
  }),
  'option reply': message({
    values: fc.record({ option: uint32, type: uint32, length: fc.constant(0) }),
    encode: ({ option, type }) => encodeOptionReply(option, type),
    decode: decodeOptionReplyHeader,
  }),
  'export name': message({
    values: names,
    encode: encodeExportName,
    decode: decodeExportName,
    isOpen: true,
  }),
  'data of INFO and GO': message({
    values: fc.record({ name: names, information: fc.array(uint16) }),
    encode: encodeInfoOption,
    decode: decodeInfoOption,
  }),
  'query of metadata contexts': message({
    values: fc.record({ name: names, queries: fc.array(text) }),
    encode: encodeMetaContextOption,
    decode: decodeMetaContextOption,
  }),
  'listed export': message({
    values: fc.record({ name: names, description: text }),
    encode: encodeListedExport,
    decode: decodeListedExport,
    isOpen: true,
  }),
  'metadata context': message({
    values: fc.record({ id: uint32, name: names }),
    encode: encodeMetaContext,
    decode: decodeMetaContext,
    isOpen: true,
  }),
  information: message({
    values: information,
    encode: encodeInformation,
    decode: decodeInformation,
    isOpen: true,
  }),
  'error text': message({
    values: text,
    encode: encodeErrorText,
    decode: decodeErrorText,
    isOpen: true,
  }),
  hole: message({
    values: fc.record({ offset: uint64, length: positive }),
    encode: encodeHole,
    decode: decodeHole,
  }),
  'block status': message({
    values: fc.record({ contextId: uint32, extents }),
    encode: encodeBlockStatus,
    decode: decodeBlockStatus,
    isOpen: true,
  }),
  'extended block status': message({
    values: fc.record({ contextId: uint32, extents }),
    encode: encodeExtendedBlockStatus,
    decode: decodeExtendedBlockStatus,
  }),
  'error chunk': message({
    values: fc.record({ error: positive, message: text }),
    encode: encodeErrorChunk,
    decode: (bytes) => decodeErrorChunk(bytes, false),
  }),
  'error chunk with an offset': message({
    values: fc.record({ error: positive, message: text, offset: uint64 }),
    encode: encodeErrorChunk,
    decode: (bytes) => decodeErrorChunk(bytes, true),
  }),
  'choice of contexts': message({
    values: fc.record({ length: uint64, contextIds: fc.array(uint32) }),
    encode: encodeStatusFilter,
    decode: decodeStatusFilter,
    isOpen: true,
  }),
}
