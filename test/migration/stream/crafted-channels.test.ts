/** The other channels at the bounds of their numbers, and the small readers of the stream. */
import { describe, expect, test } from 'vitest'
import { ChannelInspection } from '../../../src/migration/inspect/channel-inspection.ts'
import { channelKindOf } from '../../../src/migration/stream/channel-kind.ts'
import type { ChannelDecoder } from '../../../src/migration/stream/decoder.ts'
import { parseDescription } from '../../../src/migration/stream/description.ts'
import { createMainDecoder } from '../../../src/migration/stream/main-channel.ts'
import { createMultifdDecoder } from '../../../src/migration/stream/multifd.ts'
import {
  createReturnPathDecoder,
  encodePong,
  encodeShut,
  encodeSwitchoverAck,
} from '../../../src/migration/stream/return-path.ts'
import { applyXbzrle } from '../../../src/migration/stream/xbzrle.ts'
import {
  type Bytes,
  bytesOf,
  codeAndOffset,
  configuration,
  EOF,
  HEADER,
  last,
  multifdInit,
  multifdPacket,
  named,
  RAM_END,
  start,
  subsection,
  uint16,
  uint32,
  uint64,
} from '../crafted-streams.ts'

type Create = (tell: (event: unknown) => void) => ChannelDecoder

const MALFORMED = 'MIGRATION_STREAM_MALFORMED'
const LIMIT = 'MIGRATION_STREAM_LIMIT'
const CUT = 'MIGRATION_STREAM_CUT'

function read(create: Create, bytes: Bytes) {
  const events: unknown[] = []
  const decoder = create((event) => events.push(event))
  try {
    decoder.push(Buffer.from(bytes))
    decoder.finish()
    return { events, verdict: 'whole' }
  } catch (error) {
    return { events, verdict: codeAndOffset(error) }
  }
}

describe('a multifd channel', () => {
  const UUID = '000102030405060708090a0b0c0d0e0f'
  const init = (version = 1) => multifdInit(3, Buffer.from(UUID, 'hex'), version)
  const stateOf = (length: number, sent = length) => {
    const name = Buffer.alloc(256)
    name.write('vfio')
    return bytesOf(
      [0x11, 0x22, 0x33, 0x44],
      ...[uint32(1), uint32(0x40), name, uint32(2), uint32(length), Buffer.alloc(sent)],
    )
  }
  const multifd = (pageSize?: number): Create => {
    return (tell) =>
      createMultifdDecoder(
        (event) => tell(event.type === 'payload' ? event.data.length : event),
        pageSize,
      )
  }
  const begun = (...packets: readonly Bytes[]) => bytesOf(init(), ...packets)

  test.each<[string, Bytes, string]>([
    ['without packets', init(), 'whole'],
    ['of another magic', bytesOf([0x11, 0x22, 0x33, 0x45]), 'MIGRATION_NOT_A_STREAM 0'],
    ['of version 2', init(2), `${MALFORMED} 4`],
    ['of version 0', init(0), `${MALFORMED} 4`],
    ['with half a beginning', init().subarray(0, 63), `${CUT} 63`],
    ['with another magic in a packet', begun([0x11, 0x22, 0x33, 0x45]), `${MALFORMED} 64`],
    ['with a full packet', begun(multifdPacket({ normal: 128 })), 'whole'],
    ['with a packet of all kinds', begun(multifdPacket({ normal: 64, zero: 64 })), 'whole'],
    ['with one page too many', begun(multifdPacket({ normal: 129 })), `${MALFORMED} 80`],
    [
      'with one zero page too many',
      begun(multifdPacket({ normal: 64, zero: 65 })),
      `${MALFORMED} 80`,
    ],
    [
      'with a place that is no page',
      begun(multifdPacket({ normal: 1, places: [4095] })),
      `${MALFORMED} 384`,
    ],
    [
      'with a place that is no page behind the pages',
      begun(multifdPacket({ normal: 1, places: [4096, 1] })),
      'whole',
    ],
    [
      'with fewer bytes than pages',
      begun(multifdPacket({ normal: 1, next: 4095 })),
      `${MALFORMED} 84`,
    ],
    [
      'with more bytes than pages',
      begun(multifdPacket({ normal: 1, next: 4097 })),
      `${MALFORMED} 84`,
    ],
    [
      'with compressed pages',
      begun(multifdPacket({ normal: 1, next: 0x10_0000, flags: 2 })),
      'whole',
    ],
    [
      'with too many bytes of compressed pages',
      begun(multifdPacket({ normal: 1, next: 0x10_0001, flags: 2, payload: [] })),
      `${LIMIT} 84`,
    ],
    ['with no pages, and a length', begun(multifdPacket({ next: 4096, payload: [] })), 'whole'],
    ['with an unknown compression', begun(multifdPacket({ flags: 6 })), `${MALFORMED} 72`],
    ['with a flag of none', begun(multifdPacket({ flags: 0x80 })), `${MALFORMED} 72`],
    ['with half a packet', begun(multifdPacket({}).subarray(0, 1343)), `${CUT} ${64 + 1343}`],
    ['with the state of a device', begun(stateOf(9), multifdPacket({})), 'whole'],
    ['with half the state of a device', begun(stateOf(9, 8)), `${CUT} ${64 + 276 + 8}`],
    ['with 1 GiB of state that does not come', begun(stateOf(2 ** 30, 0)), `${CUT} ${64 + 276}`],
    ['with more than that', begun(stateOf(2 ** 30 + 1, 0)), `${LIMIT} ${64 + 272}`],
  ])('%s', (_, bytes, verdict) => {
    expect(read(multifd(), bytes).verdict).toBe(verdict)
  })

  test('tells what it is, and its packets', () => {
    const places = [0x1000, 0x3000, 0x2000]
    const sent = multifdPacket({ flags: 1, normal: 2, zero: 1, places })
    expect(read(multifd(), begun(sent)).events).toEqual([
      { type: 'init', version: 1, uuid: UUID, channel: 3 },
      {
        type: 'packet',
        packet: {
          offset: 64,
          flags: 1,
          isSync: true,
          compression: 'none',
          allocated: 128,
          normal: 2,
          zero: 1,
          nextSize: 8192,
          number: 7n,
          block: 'ram',
          offsets: places,
        },
      },
      8192,
    ])
  })

  test.each([
    [0, 'none'],
    [2, 'zlib'],
    [4, 'zstd'],
    [8, 'qpl'],
    [16, 'uadk'],
    [32, 'qatzip'],
  ])('flags %d are compression %s', (flags, compression) => {
    expect(read(multifd(), begun(multifdPacket({ flags }))).events[1]).toMatchObject({
      packet: { flags, compression, isSync: false },
    })
  })

  test('has fewer places for larger pages', () => {
    const sent = multifdPacket({ normal: 1, most: 8, places: [0x1_0000] })
    expect(read(multifd(0x1_0000), begun(sent)).events).toMatchObject([
      { type: 'init' },
      { packet: { offsets: [0x1_0000] } },
      0x1_0000,
    ])
  })

  test('takes a name that fills its room', () => {
    const sent = multifdPacket({ block: Buffer.alloc(256, 0x62) })
    expect(read(multifd(), begun(sent)).events[1]).toMatchObject({
      packet: { block: 'b'.repeat(256) },
    })
  })

  test('tells the state of a device', () => {
    expect(read(multifd(), begun(stateOf(9), stateOf(0))).events.slice(1)).toEqual([
      { type: 'device-state', offset: 64, name: 'vfio', instance: 2, length: 9 },
      { type: 'device-state', offset: 64 + 276 + 9, name: 'vfio', instance: 2, length: 0 },
    ])
  })
})

describe('the return path', () => {
  const create: Create = (tell) => createReturnPathDecoder(tell)
  /** migration/savevm.c: the number of a message, its length, its data. */
  const message = (number: number, data: Bytes) =>
    bytesOf(uint16(number), uint16(data.length), data)
  const range = [...uint64(0x5000), ...uint32(0x1000)]
  const wanted = { start: 0x5000, length: 0x1000 }

  test.each<[number, Bytes, object]>([
    [1, uint32(1), { message: 'SHUT', value: 1 }],
    [2, uint32(0x8000_0000), { message: 'PONG', value: 0x8000_0000 }],
    [3, [...range, ...named('ab')], { message: 'REQ_PAGES_ID', block: 'ab', range: wanted }],
    [3, [...range, ...named('a')], { message: 'REQ_PAGES_ID', block: 'a', range: wanted }],
    [4, range, { message: 'REQ_PAGES', range: wanted }],
    [6, uint32(1), { message: 'RESUME_ACK', value: 1 }],
    [7, [], { message: 'SWITCHOVER_ACK' }],
  ])('message %d with %j is told', (number, data, expected) => {
    const { events, verdict } = read(create, message(number, data))
    expect(verdict).toBe('whole')
    expect(events).toEqual([
      { offset: 0, length: data.length, data: Buffer.from(data), ...expected },
    ])
  })

  test.each<[string, number, Bytes, string]>([
    ['message 0', 0, [], `${MALFORMED} 0`],
    ['message 8', 8, [], `${MALFORMED} 0`],
    ['SHUT of 3 bytes', 1, [0, 0, 1], `${MALFORMED} 2`],
    ['SHUT of 5 bytes', 1, [0, 0, 0, 0, 1], `${MALFORMED} 2`],
    ['RESUME_ACK of 2 bytes', 6, [0, 1], `${MALFORMED} 2`],
    ['a range of 11 bytes', 4, range.slice(1), `${MALFORMED} 2`],
    ['a range of 13 bytes', 4, [...range, 0], `${MALFORMED} 2`],
    ['a range without a name', 3, [...range, 0], `${MALFORMED} 2`],
    ['a range with half a name', 3, [...range, 3, 0x61, 0x62], `${MALFORMED} 4`],
    ['a range with more than a name', 3, [...range, 1, 0x61, 0x62], `${MALFORMED} 4`],
    ['a bitmap of no name', 5, [0], `${MALFORMED} 2`],
    ['a bitmap of half a name', 5, [2, 0x61], `${MALFORMED} 4`],
  ])('%s is refused', (_, number, data, verdict) => {
    expect(read(create, message(number, data)).verdict).toBe(verdict)
  })

  test('a bitmap is passed over, and its end is checked', () => {
    const bitmap = (length: number, sent: Bytes, end: bigint) =>
      bytesOf(message(5, named('a')), uint64(length), sent, uint64(end))
    const END = 0x0123456789abcdefn
    expect(read(create, bitmap(3, [1, 2, 3], END)).verdict).toBe('whole')
    expect(read(create, bitmap(0, [], END)).verdict).toBe('whole')
    expect(read(create, bitmap(3, [1, 2, 3], END + 1n)).verdict).toBe(`${MALFORMED} 17`)
    expect(read(create, bitmap(3, [1, 2, 3], END).subarray(0, -1)).verdict).toBe(`${CUT} 24`)
  })

  test('messages are written as QEMU reads them', () => {
    expect([...encodeShut(1)]).toEqual([0, 1, 0, 4, 0, 0, 0, 1])
    expect([...encodePong(2 ** 31)]).toEqual([0, 2, 0, 4, 0x80, 0, 0, 0])
    expect([...encodeSwitchoverAck()]).toEqual([0, 7, 0, 0])
  })
})

describe('the kind of a channel', () => {
  test.each<[Bytes, string | undefined]>([
    [[], undefined],
    [[0x51, 0x45, 0x56], undefined],
    [[0x51, 0x45, 0x56, 0x4d], 'main'],
    [[0x11, 0x22, 0x33, 0x44], 'multifd'],
    [[0, 1, 0, 4], 'return-path'],
    [[0, 7, 0, 0], 'return-path'],
    [[0, 8, 0, 0], undefined],
    [[0x51, 0x45, 0x56, 0x4e], undefined],
    [[0, 0, 0, 1], undefined],
    [[0, 0, 0, 1, 0, 0, 0], undefined],
    [uint64(0), 'main'],
    [uint64(8), 'preempt'],
    [uint64(2 ** 32), 'main'],
  ])('%j: %s', (bytes, kind) => {
    expect(channelKindOf(Buffer.from(bytes))).toBe(kind)
  })
})

test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 4096])(
  'a stream behind %i zeros is a main channel',
  (count) => {
    const inspection = new ChannelInspection()
    inspection.push(bytesOf(Buffer.alloc(count), HEADER, EOF))
    inspection.finish()
    expect(inspection.inspection).toMatchObject({ kind: 'main', startsAt: count, end: count + 8 })
  },
)

test.each([0, 1, 2, 3, 4, 5])('a stream behind %i zeros may be cut in its magic', (count) => {
  expect(channelKindOf(bytesOf(Buffer.alloc(count), [0x51, 0x45, 0x56]))).toBe(
    count === 0 ? undefined : 'main',
  )
})

describe('the sizes that a description says', () => {
  const device = (state: object) => ({ name: 'dev', instance_id: 0, version: 1, ...state })
  const sizeOf = (state: object) =>
    parseDescription(Buffer.from(JSON.stringify({ devices: [device(state)] })))?.devices[0]?.size
  const withFields = (...fields: readonly object[]) => ({ devices: [device({ fields })] })
  const deep = (depth: number): object =>
    depth === 0 ? { size: 3 } : { type: 'struct', struct: { fields: [deep(depth - 1)] } }

  test.each<[string, object, number | undefined]>([
    ['no fields', {}, 0],
    ['fields', { fields: [{ size: 4 }, { size: 1 }] }, 5],
    ['an array', { fields: [{ size: 4, array_len: 3 }] }, 12],
    ['an empty array', { fields: [{ size: 4, array_len: 0 }] }, 0],
    [
      'a structure',
      { fields: [{ type: 'struct', size: 9, struct: { fields: [{ size: 2 }] } }] },
      2,
    ],
    [
      'an array of structures',
      { fields: [{ type: 'struct', array_len: 3, struct: { fields: [{ size: 2 }] } }] },
      6,
    ],
    ['a structure by name only', { fields: [{ type: 'struct', size: 9 }] }, 9],
    ['another type with a structure', { fields: [{ type: 'uint8', size: 1, struct: {} }] }, 1],
    // A byte for the type, one for the length of the name, the name, four for the version.
    ['a subsection', { subsections: [{ vmsd_name: 'dev/x', fields: [{ size: 2 }] }] }, 13],
    ['a name in UTF-8', { subsections: [{ vmsd_name: 'ü' }] }, 8],
    ['a subsection without name', { subsections: [{ fields: [] }] }, undefined],
    ['a subsection that is none', { subsections: [1] }, undefined],
    ['a field without size', { fields: [{ name: 'x' }] }, undefined],
    ['a field without size before others', { fields: [{ name: 'x' }, { size: 1 }] }, undefined],
    ['2^53 bytes less one', { fields: [{ size: 2 ** 53 - 1 }] }, 2 ** 53 - 1],
    ['a field that is none', { fields: [null] }, undefined],
    ['fields that are no list', { fields: { size: 1 } }, 0],
    ['structures 31 deep', { fields: [deep(31)] }, 3],
    ['structures that do not end', { fields: [deep(80)] }, undefined],
  ])('%s', (_, state, size) => {
    expect(sizeOf(state)).toBe(size)
  })

  test.each<[string, unknown]>([
    ['no object', []],
    ['null', null],
    ['a number', 1],
    ['no devices', {}],
    ['devices that are no list', { devices: {} }],
    ['a device that is none', { devices: ['dev'] }],
    ['a device without name', { devices: [{ instance_id: 0 }] }],
    ['a device without instance', { devices: [{ name: 'dev' }] }],
    ['a device of a negative instance', { devices: [{ name: 'dev', instance_id: -1 }] }],
    ['a negative size', withFields({ size: -1 })],
    ['half a byte', withFields({ size: 0.5 })],
    ['2^53 bytes', withFields({ size: 2 ** 53 })],
    ['a size that is text', withFields({ size: '1' })],
    ['a size that is null', withFields({ size: null })],
    ['a negative size of a structure', withFields({ type: 'struct', size: -1, struct: {} })],
    ['a negative length of an array', withFields({ size: 4, array_len: -1 })],
    ['a negative length of an array of no known size', withFields({ array_len: -1 })],
    ['an array of 2^53 bytes', withFields({ size: 2 ** 26, array_len: 2 ** 27 })],
    ['fields of 2^53 bytes together', withFields({ size: 2 ** 52 }, { size: 2 ** 52 })],
    ['a negative version', { devices: [device({ version: -1 })] }],
    ['a negative size of pages', { devices: [], page_size: -1 }],
  ])('%s is no description', (_, json) => {
    expect(parseDescription(Buffer.from(JSON.stringify(json)))).toBeUndefined()
  })

  test('what is known of devices is told', () => {
    const json = {
      page_size: 4096,
      devices: [
        { name: 'a', instance_id: 2, version: 3 },
        { name: 'b', instance_id: 0 },
      ],
    }
    expect(parseDescription(Buffer.from(JSON.stringify(json)))).toMatchObject({
      pageSize: 4096,
      json,
      devices: [
        { name: 'a', instance: 2, version: 3, size: 0 },
        { name: 'b', instance: 0, version: undefined },
      ],
    })
    expect(parseDescription(Buffer.from('{'))).toBeUndefined()
  })
})

describe('a decoder', () => {
  test('says whether the channel could end, and how far it has come', () => {
    const decoder = createMultifdDecoder(() => {})
    decoder.push(Buffer.from([0x11]))
    expect([decoder.mayEnd, decoder.offset]).toEqual([false, 0])
    decoder.push(Buffer.from([0x22, 0x33, 0x44, 0, 0, 0, 1, ...Buffer.alloc(56)]))
    expect([decoder.mayEnd, decoder.offset]).toEqual([true, 64])
    decoder.push(Buffer.from([0x11, 0x22, 0x33, 0x44, 0, 0]))
    expect([decoder.mayEnd, decoder.offset]).toEqual([false, 68])
  })

  test('that has refused its bytes refuses all others', () => {
    const decoder = createMainDecoder(() => {})
    const refuses = (act: () => void) => expect(act).toThrow('byte 0: not a migration stream')
    refuses(() => decoder.push(Buffer.from('none')))
    refuses(() => decoder.push(Buffer.from(HEADER)))
    refuses(() => decoder.finish())
  })

  test('counts from the byte that it was told to begin with', () => {
    const offsets: number[] = []
    const decoder = createMainDecoder(
      (event) => {
        if (event.type === 'header') offsets.push(event.offset)
      },
      {},
      100,
    )
    decoder.push(Buffer.from([0, ...HEADER, ...EOF]))
    expect([...offsets, decoder.offset]).toEqual([101, 110])
  })
})

describe('a mapped block', () => {
  type Mapping = {
    readonly version?: number
    readonly pageSize?: number | bigint
    readonly bitmap?: number
    readonly pages?: number
    readonly size?: number
  }
  /** migration/ram.c, MappedRamHeader: version, page size, places of the bitmap and of the pages. */
  const mapped = (given: Mapping, ...rest: readonly Bytes[]) => {
    const { version = 1, pageSize = 0x1000, bitmap = 256, pages = 512, size = 0x3000 } = given
    const capabilities = subsection(
      'configuration/capabilities',
      bytesOf(uint32(1), named('mapped-ram')),
    )
    const setup = bytesOf(
      uint64(size + 4),
      ...[named('ram'), uint64(size), uint32(version)],
      ...[uint64(pageSize), uint64(bitmap), uint64(pages)],
    )
    const begun = bytesOf(HEADER, configuration('pc', capabilities), start(2, 'ram', setup))
    return bytesOf(begun.subarray(0, -5), ...rest)
  }
  const headerAt = mapped({}).length - 28
  const fill = (bytes: Buffer, to: number) => bytesOf(bytes, Buffer.alloc(to - bytes.length, 0xee))
  const page = (value: number, length = 4096) => Buffer.alloc(length, value)
  const main: Create = (tell) =>
    createMainDecoder((event) => {
      if (event.type !== 'page') return
      const { kind, offset, data, isNamed } = event
      tell([kind, offset, data[0], data.length, isNamed])
    })

  test('has the pages whose bit is set, the lowest first, and a shorter one at its end', () => {
    // Pages 0 and 2 of three; the words of the bitmap have 64 bits.
    const stream = bytesOf(
      fill(mapped({ pageSize: 0x2000, size: 0x5000 }), 256),
      [0b101, 0, 0, 0, 0, 0, 0, 0],
      Buffer.alloc(512 - 264),
      ...[page(1, 0x2000), page(2, 0x2000), page(3)],
      ...[RAM_END, [0x7e, 0, 0, 0, 2], last(2, RAM_END), EOF],
    )
    for (const size of [stream.length, 1]) {
      const events: unknown[] = []
      const decoder = main((event) => events.push(event))
      for (let from = 0; from < stream.length; from += size) {
        decoder.push(Buffer.from(stream.subarray(from, from + size)))
      }
      decoder.finish()
      expect(events).toEqual([
        ['mapped', 0, 1, 0x2000, false],
        ['mapped', 0x4000, 3, 4096, false],
      ])
    }
  })

  test.each<[string, Mapping, string]>([
    ['of version 2', { version: 2 }, `${MALFORMED} ${headerAt}`],
    ['of version 0', { version: 0 }, `${MALFORMED} ${headerAt}`],
    ['with pages of 512 bytes', { pageSize: 512 }, `${MALFORMED} ${headerAt + 4}`],
    ['with pages of 1 KiB', { pageSize: 1024 }, CUT],
    ['with pages of 64 KiB', { pageSize: 0x1_0000 }, CUT],
    ['with pages of 128 KiB', { pageSize: 0x2_0000 }, `${MALFORMED} ${headerAt + 4}`],
    ['with pages of no power of two', { pageSize: 5120 }, `${MALFORMED} ${headerAt + 4}`],
    ['with a bitmap right behind', { bitmap: headerAt + 28 }, CUT],
    ['with a bitmap before', { bitmap: headerAt + 27 }, `${MALFORMED} ${headerAt + 12}`],
    ['with pages right behind the bitmap', { pages: 264 }, CUT],
    ['with pages within the bitmap', { pages: 263 }, `${MALFORMED} ${headerAt + 20}`],
    // 65 pages need two words.
    [
      'with pages within a longer bitmap',
      { size: 65 * 4096, pages: 271 },
      `${MALFORMED} ${headerAt + 20}`,
    ],
    ['of 32 TiB', { size: 2 ** 45, pages: 2 ** 50 }, CUT],
    ['of more', { size: 2 ** 45 + 4096, pages: 2 ** 50 }, `${LIMIT} ${headerAt}`],
  ])('%s', (_, mapping, verdict) => {
    expect(read(main, mapped(mapping)).verdict).toMatch(verdict)
  })
})

describe('what changed of a page', () => {
  test.each<[string, Bytes, string | false]>([
    ['nothing', [], 'abcdefgh'],
    ['the first byte', [0, 1, 0x58], 'Xbcdefgh'],
    ['the last byte', [7, 1, 0x58], 'abcdefgX'],
    ['the whole page', [0, 8, ...Buffer.from('ABCDEFGH')], 'ABCDEFGH'],
    ['a byte too many', [0, 9, ...Buffer.from('ABCDEFGHI')], false],
    ['a byte behind the page', [8, 1, 0x58], false],
    ['fewer bytes than it says', [0, 3, 0x58, 0x59], false],
    ['no length of new bytes', [3], false],
    ['half a length', [0x80], false],
    ['half a length of new bytes', [0, 0x81], false],
    ['a length of two bytes', [0x82, 0x00, 1, 0x58], 'abXdefgh'],
    ['a length of three bytes', [0x80, 0x80, 1, 1, 1], false],
    ['no new bytes', [1, 0], false],
  ])('%s', (_, encoded, expected) => {
    const page = Buffer.from('abcdefgh')
    expect(applyXbzrle(Buffer.from(encoded), page)).toBe(expected !== false)
    if (expected !== false) expect(page.toString()).toBe(expected)
  })
})
