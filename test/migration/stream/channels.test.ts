/** The channels beside the main one: multifd, preempt and the return path. */
import { describe, expect, test } from 'vitest'
import type { ChannelDecoder } from '../../../src/migration/stream/decoder.ts'
import type { MultifdEvent, RamBlock } from '../../../src/migration/stream/events.ts'
import { createMultifdDecoder } from '../../../src/migration/stream/multifd.ts'
import { createPreemptDecoder } from '../../../src/migration/stream/preempt.ts'
import { createRamState } from '../../../src/migration/stream/ram-setup.ts'
import {
  createReturnPathDecoder,
  encodePong,
  encodeShut,
} from '../../../src/migration/stream/return-path.ts'
import { ByteWriter } from '../../../src/wire/byte-writer.ts'
import { fc } from '../../seed.ts'
import { readRecorded, recordedOf } from '../recorded-streams.ts'

type Create = (tell: (event: unknown) => void) => ChannelDecoder

const CREATE: Readonly<Record<'multifd' | 'return-path', Create>> = {
  multifd: (tell) => createMultifdDecoder((event) => tell(copyOf(event))),
  'return-path': (tell) => createReturnPathDecoder(tell),
}

/** A test that wants a payload has to keep it. */
function copyOf(event: MultifdEvent): unknown {
  return event.type === 'payload' ? event.data.toString('latin1') : event
}

function decode(create: Create, bytes: Buffer, size = bytes.length): readonly unknown[] {
  const events: unknown[] = []
  const decoder = create((event) => events.push(event))
  for (let at = 0; at < bytes.length; at += size) {
    decoder.push(Buffer.from(bytes.subarray(at, at + size)))
  }
  decoder.finish()
  return events
}

describe.each(['multifd', 'return-path'] as const)('%s', (kind) => {
  const names = recordedOf(kind).filter((name) => readRecorded(name).length < 100_000)

  test.each(names)('%s: the size of the parts makes no difference', (name) => {
    const bytes = readRecorded(name)
    const whole = decode(CREATE[kind], bytes)
    expect(decode(CREATE[kind], bytes, 1)).toEqual(whole)
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 3000 }), (size) => {
        expect(decode(CREATE[kind], bytes, size)).toEqual(whole)
      }),
      { numRuns: 5 },
    )
  })

  test.each(names)('%s: a cut within a packet or message is refused', (name) => {
    const bytes = readRecorded(name)
    const cuts = fc.integer({ min: 1, max: bytes.length - 1 })
    fc.assert(
      fc.property(cuts, (at) => {
        const part = bytes.subarray(0, at)
        if (isBoundary(kind, bytes, at)) expect(() => decode(CREATE[kind], part)).not.toThrow()
        else expect(() => decode(CREATE[kind], part)).toThrow('the stream is cut here')
      }),
      { numRuns: 30 },
    )
  })
})

/** Whether a packet or message ends there. */
function isBoundary(kind: 'multifd' | 'return-path', bytes: Buffer, at: number): boolean {
  if (at === bytes.length) return true
  if (kind === 'multifd') return bytes.subarray(at, at + 8).equals(bytes.subarray(0, 8))
  // A message has 8 bytes, but SWITCHOVER_ACK, which comes first, has 4.
  return at % 8 === (bytes.readUInt16BE(0) === 7 ? 4 : 0)
}

test('what is answered is what the other side reads', () => {
  const bytes = Buffer.concat([encodePong(0xffff_fffe), encodeShut(0)])
  expect(decode(CREATE['return-path'], bytes)).toMatchObject([
    { message: 'PONG', value: 0xffff_fffe, offset: 0 },
    { message: 'SHUT', value: 0, offset: 8 },
  ])
})

describe('the return path', () => {
  const bitmap = (end: bigint) =>
    new ByteWriter()
      .uint16(5)
      .uint16(3)
      .vector(1, (name) => name.bytes(Buffer.from('ab')))
      .uint64(16)
      .bytes(Buffer.alloc(16, 0xff))
      .uint64(end)
      .bytes(encodeShut(0))
      .finish()

  test('a bitmap follows its message', () => {
    const messages = decode(CREATE['return-path'], bitmap(0x0123_4567_89ab_cdefn))
    expect(messages).toMatchObject([
      { message: 'RECV_BITMAP', block: 'ab' },
      { message: 'SHUT', offset: 39 },
    ])
  })

  test('a bitmap without its end is refused', () => {
    expect(() => decode(CREATE['return-path'], bitmap(1n))).toThrow(
      'byte 31, message RECV_BITMAP: expected the end of a bitmap',
    )
  })

  test.each([
    [[0, 9, 0, 0], 'byte 0, return path: expected a message from 1 to 7, found 9'],
    [[0, 2, 0, 3, 1, 2, 3], 'byte 2, message PONG: expected 4 bytes, found 3 bytes'],
    [[0, 7, 0, 1, 0], 'byte 2, message SWITCHOVER_ACK: expected 0 bytes, found 1 bytes'],
  ])('%j is refused', (bytes, message) => {
    expect(() => decode(CREATE['return-path'], Buffer.from(bytes))).toThrow(message)
  })
})

describe('a preempt channel', () => {
  const block: RamBlock = { index: 0, name: 'ram', size: 8192 }
  const create: Create = (tell) => {
    const state = createRamState(4096)
    state.blocks.set(block.name, block)
    return createPreemptDecoder(
      (event) => tell(event.type === 'page' ? event.offset : event.type),
      state,
    )
  }
  const page = (offset: number, isNamed: boolean) =>
    new ByteWriter()
      .uint64(offset | 8 | (isNamed ? 0 : 0x20))
      .bytes(isNamed ? Buffer.from('\x03ram') : Buffer.alloc(0))
      .bytes(Buffer.alloc(4096, 1))
      .finish()
  const end = new ByteWriter().uint64(0x10).finish()

  test.each([
    ['with the mark of an end', [page(0, true), page(4096, false), end], [0, 4096, 'ram-end']],
    ['without one', [page(4096, true)], [4096]],
    ['without anything', [], []],
  ])('ends %s', (_, parts, events) => {
    expect(decode(create, Buffer.concat(parts))).toEqual(events)
  })

  test.each([
    [
      'a page beyond its block',
      page(8192, true),
      'expected an offset within the 8192 bytes of ram',
    ],
    [
      'a page without a block',
      page(0, false),
      'expected the name of a RAM block, found none so far',
    ],
    ['half a page', page(0, true).subarray(0, 2000), 'the stream is cut here'],
  ])('%s is refused', (_, bytes, message) => {
    expect(() => decode(create, bytes)).toThrow(message)
  })
})

describe('a multifd packet', () => {
  const channel = readRecorded('tcp-11-multifd2-zstd-S/conn.c1.fwd.gz')
  const changed = (change: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(channel)
    change(bytes)
    return bytes
  }

  test.each([
    [
      'of another magic',
      (bytes: Buffer) => bytes.writeUInt8(9, 64),
      'byte 64, multifd packet: expected the magic',
    ],
    [
      'of another version',
      (bytes: Buffer) => bytes.writeUInt32BE(2, 68),
      'byte 68, multifd packet: expected version 1',
    ],
    [
      'with unknown flags',
      (bytes: Buffer) => bytes.writeUInt32BE(0x100, 72),
      'byte 72, multifd packet: expected flags',
    ],
    [
      'with too many pages',
      (bytes: Buffer) => bytes.writeUInt32BE(129, 80),
      'byte 80, multifd packet: expected at most 128 pages',
    ],
    [
      'with more bytes than pages have',
      (bytes: Buffer) => bytes.writeUInt32BE(0x7fff_ffff, 1408 + 20),
      'expected at most 1048576 bytes in a packet',
    ],
  ])('%s is refused', (_, change, message) => {
    expect(() => decode(CREATE.multifd, changed(change))).toThrow(message)
  })

  test('with the state of a device is passed over', () => {
    const state = Buffer.alloc(12 + 256 + 8 + 5)
    state.writeUInt32BE(0x11223344)
    state.writeUInt32BE(1, 4)
    state.writeUInt32BE(0x40, 8)
    state.write('vfio', 12)
    state.writeUInt32BE(5, 12 + 256 + 4)
    const events = decode(
      CREATE.multifd,
      Buffer.concat([channel.subarray(0, 64), state, channel.subarray(64)]),
    )
    expect(events[1]).toEqual({
      type: 'device-state',
      offset: 64,
      name: 'vfio',
      instance: 0,
      length: 5,
    })
    expect(events).toHaveLength(decode(CREATE.multifd, channel).length + 1)
  })
})
