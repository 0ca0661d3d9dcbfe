import { describe, expect, test } from 'vitest'
import {
  createChunkHeader,
  createSimpleReply,
  EXTENDED_REPLY_SIZE,
  readExtendedReply,
  readSimpleReply,
  readStructuredReply,
  SIMPLE_REPLY_SIZE,
  STRUCTURED_REPLY_SIZE,
  writeExtendedReply,
  writeSimpleReply,
  writeStructuredReply,
} from '../../../src/nbd/protocol/replies.ts'
import {
  createRequest,
  EXTENDED_REQUEST_SIZE,
  REQUEST_SIZE,
  readExtendedRequest,
  readRequest,
  writeExtendedRequest,
  writeRequest,
} from '../../../src/nbd/protocol/requests.ts'
import { ProtocolError } from '../../../src/wire/protocol-error.ts'
import { fc } from '../../seed.ts'

type Header<Value> = {
  readonly size: number
  readonly values: fc.Arbitrary<Value>
  readonly create: () => Value
  readonly read: (bytes: Buffer, at: number, into: Value) => void
  readonly write: (bytes: Buffer, at: number, value: Value) => void
}

const uint16 = fc.nat(0xffff)
const uint32 = fc.nat(0xffff_ffff)
const uint64 = fc.maxSafeNat()
const cookie = { cookieHigh: uint32, cookieLow: uint32 }
const request = { ...cookie, flags: uint16, command: uint16 }
const offset = { offsetHigh: uint32, offsetLow: uint32 }

/** The halves of an offset that is a safe integer, and the number. */
const withOffset = <Rest extends object>(rest: fc.Arbitrary<Rest>) =>
  fc.tuple(rest, uint64).map(([value, number]) => ({
    ...value,
    offset: number,
    offsetHigh: Math.floor(number / 2 ** 32),
    offsetLow: number % 2 ** 32,
  }))
const chunk = { ...cookie, flags: uint16, type: uint16 }

function header<Value>(value: Header<Value>): Header<unknown> {
  return value as Header<unknown>
}

const HEADERS: Readonly<Record<string, Header<unknown>>> = {
  request: header({
    size: REQUEST_SIZE,
    values: withOffset(fc.record({ ...request, length: uint32 })),
    create: createRequest,
    read: readRequest,
    write: writeRequest,
  }),
  'extended request': header({
    size: EXTENDED_REQUEST_SIZE,
    values: withOffset(fc.record({ ...request, length: uint64 })),
    create: createRequest,
    read: readExtendedRequest,
    write: writeExtendedRequest,
  }),
  'simple reply': header({
    size: SIMPLE_REPLY_SIZE,
    values: fc.record({ ...cookie, error: uint32 }),
    create: createSimpleReply,
    read: readSimpleReply,
    write: writeSimpleReply,
  }),
  'structured reply': header({
    size: STRUCTURED_REPLY_SIZE,
    values: fc.record({
      ...chunk,
      offsetHigh: fc.constant(0),
      offsetLow: fc.constant(0),
      length: uint32,
    }),
    create: createChunkHeader,
    read: readStructuredReply,
    write: writeStructuredReply,
  }),
  'extended reply': header({
    size: EXTENDED_REPLY_SIZE,
    values: fc.record({ ...chunk, ...offset, length: uint64 }),
    create: createChunkHeader,
    read: readExtendedReply,
    write: writeExtendedReply,
  }),
}

describe.each(Object.entries(HEADERS))('%s', (_, { size, values, create, read, write }) => {
  test('is read as it was written, wherever it stands', () => {
    const roundTrip = fc.property(values, fc.nat(9), (value, at) => {
      const bytes = Buffer.alloc(at + size + 3)
      write(bytes, at, value)
      const found = create()
      read(bytes, at, found)
      expect(found).toEqual(value)
      for (let cut = 0; cut < size; cut++) {
        expect(() => read(bytes.subarray(0, at + cut), at, found)).toThrow(ProtocolError)
      }
    })
    fc.assert(roundTrip, { numRuns: 50 })
  })

  test('throws nothing but a protocol error for any bytes', () => {
    const noise = fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(() => read(Buffer.from(bytes), 0, create())).toThrow(ProtocolError)
    })
    fc.assert(noise, { numRuns: 50 })
  })
})

test('an offset beyond every disk stays beyond every disk', () => {
  const bytes = Buffer.alloc(REQUEST_SIZE)
  const written = createRequest()
  writeRequest(bytes, 0, written)
  bytes.fill(0xff, 16, 24)
  readRequest(bytes, 0, written)
  expect(written.offset).toBeGreaterThan(Number.MAX_SAFE_INTEGER)
})
