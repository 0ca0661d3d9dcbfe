/** The main channel at the bounds of its numbers and in each of its forms, by QEMU's own layout. */
import { describe, expect, test } from 'vitest'
import type { StreamEvent } from '../../../src/migration/stream/events.ts'
import { createMainDecoder } from '../../../src/migration/stream/main-channel.ts'
import { createMainState, tellSection } from '../../../src/migration/stream/main-state.ts'
import { createRamState, decodeRamSetup } from '../../../src/migration/stream/ram-setup.ts'
import { decodeSectionHeader } from '../../../src/migration/stream/section-header.ts'
import { StreamInput } from '../../../src/migration/stream/stream-input.ts'
import {
  type Bytes,
  bytesOf,
  codeAndOffset,
  command,
  configuration,
  description,
  EOF,
  footer,
  full,
  HEADER,
  last,
  named,
  pageHeader,
  part,
  plainPage,
  RAM_END,
  RAM_FLUSH,
  ramSetup,
  ramStream,
  start,
  subsection,
  uint16,
  uint32,
  uint64,
  zeroPage,
} from '../crafted-streams.ts'

const MALFORMED = 'MIGRATION_STREAM_MALFORMED'
const LIMIT = 'MIGRATION_STREAM_LIMIT'
const CUT = 'MIGRATION_STREAM_CUT'
const MISMATCH = 'MIGRATION_DESCRIPTION_MISMATCH'

/** What is told of a stream, and how it ends: `whole`, or the code and the place of what is refused. */
function read(stream: Bytes, parts = 1) {
  const events: StreamEvent[] = []
  const decoder = createMainDecoder((event) => {
    events.push(event.type === 'page' ? { ...event, data: Buffer.from(event.data) } : event)
  })
  const size = Math.ceil(stream.length / parts)
  try {
    for (let at = 0; at < stream.length; at += size) {
      decoder.push(Buffer.from(stream.slice(at, at + size)))
    }
    decoder.finish()
    return { events, verdict: 'whole' }
  } catch (error) {
    return { events, verdict: codeAndOffset(error) }
  }
}

function eventsOf<Type extends StreamEvent['type']>(type: Type, stream: Bytes, parts = 1) {
  const { events, verdict } = read(stream, parts)
  expect(verdict).toBe('whole')
  return events.filter(
    (event): event is Extract<StreamEvent, { type: Type }> => event.type === type,
  )
}

const device = (name: string, size: number) => ({
  name,
  instance_id: 0,
  version: 1,
  fields: [{ name: 'data', type: 'buffer', size }],
})

describe('the header', () => {
  test.each<[string, Bytes, string]>([
    ['and an end', [...HEADER, ...EOF], 'whole'],
    ['of version 2', [0x51, 0x45, 0x56, 0x4d, 0, 0, 0, 2, 0], `${MALFORMED} 4`],
    ['of version 4', [0x51, 0x45, 0x56, 0x4d, 0, 0, 0, 4, 0], `${MALFORMED} 4`],
    ['behind zeros', [0, 0, 0, ...HEADER, ...EOF], 'whole'],
    [
      'of another version behind zeros',
      [0, 0, 0, 0x51, 0x45, 0x56, 0x4d, 9, 0, 0, 3],
      `${MALFORMED} 7`,
    ],
    ['that is none, behind zeros', [0, 0, 0, 1, 2, 3, 4, 5], 'MIGRATION_NOT_A_STREAM 3'],
    ['of zeros alone', [0, 0, 0], `${CUT} 3`],
    ['without anything', [], `${CUT} 0`],
    ['and nothing', HEADER, `${CUT} 8`],
    ['and an unknown section', [...HEADER, 9], `${MALFORMED} 8`],
    ['and a footer', [...HEADER, ...footer(1)], `${MALFORMED} 8`],
  ])('%s', (_, stream, verdict) => {
    expect(read(stream).verdict).toBe(verdict)
    expect(read(stream, stream.length).verdict).toBe(verdict)
  })

  test('is told with the place where it begins', () => {
    expect(eventsOf('header', [0, 0, ...HEADER, ...EOF])).toEqual([
      { type: 'header', offset: 2, version: 3 },
    ])
  })

  test('bytes behind an end without description are counted', () => {
    expect(eventsOf('trailing', [...HEADER, ...EOF])).toEqual([])
    expect(read([...HEADER, ...EOF, 5]).verdict).toBe(`${MALFORMED} 9`)
  })
})

describe('the configuration', () => {
  const at = HEADER.length
  const withConfiguration = (...subsections: readonly Bytes[]) =>
    bytesOf(HEADER, configuration('pc', bytesOf(...subsections)), EOF)
  const bits = (value: number) => subsection('configuration/target-page-bits', uint32(value))
  const capabilities = (names: readonly string[]) =>
    subsection(
      'configuration/capabilities',
      bytesOf(uint32(names.length), ...names.map((name) => named(name))),
    )

  test.each<[string, Bytes, string]>([
    ['with a name of 256 bytes', bytesOf(HEADER, configuration('m'.repeat(256)), EOF), 'whole'],
    [
      'with a name of 257 bytes',
      bytesOf(HEADER, configuration('m'.repeat(257)), EOF),
      `${LIMIT} ${at + 1}`,
    ],
    ['with pages of 512 bytes', withConfiguration(bits(9)), `${MALFORMED} ${at + 7 + 36}`],
    ['with pages of 1 KiB', withConfiguration(bits(10)), 'whole'],
    ['with pages of 64 KiB', withConfiguration(bits(16)), 'whole'],
    ['with pages of 128 KiB', withConfiguration(bits(17)), `${MALFORMED} ${at + 7 + 36}`],
    [
      'with page bits twice',
      withConfiguration(bits(12), bits(12)),
      `${MALFORMED} ${at + 7 + 40 + 36}`,
    ],
    ['with 256 capabilities', withConfiguration(capabilities(Array(256).fill('c'))), 'whole'],
    [
      'with 257 capabilities',
      withConfiguration(capabilities(Array(257).fill('c'))),
      `${LIMIT} ${at + 7 + 32}`,
    ],
    [
      'with version 2 of a subsection',
      withConfiguration(subsection('configuration/uuid', Buffer.alloc(16), 2)),
      `${MALFORMED} ${at + 7 + 20}`,
    ],
    [
      'with version 0 of a subsection',
      withConfiguration(subsection('configuration/uuid', Buffer.alloc(16), 0)),
      `${MALFORMED} ${at + 7 + 20}`,
    ],
    [
      'with an unknown subsection',
      withConfiguration(subsection('configuration/other', [])),
      `${MALFORMED} ${at + 7 + 25}`,
    ],
    [
      'with a subsection called as what every object has',
      withConfiguration(subsection('toString', [])),
      `${MALFORMED} ${at + 7 + 14}`,
    ],
    [
      'behind a section',
      bytesOf(HEADER, full(1, 'a', [1]), configuration('pc'), EOF),
      `${CUT} ${at + 29}`,
    ],
  ])('%s', (_, stream, verdict) => {
    expect(read(stream).verdict).toBe(verdict)
  })

  test('is told with its values', () => {
    const uuid = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
    const stream = withConfiguration(
      bits(13),
      capabilities(['multifd', 'events']),
      subsection('configuration/uuid', uuid),
    )
    expect(eventsOf('configuration', stream)).toEqual([
      {
        type: 'configuration',
        offset: at,
        configuration: {
          machine: 'pc',
          pageSize: 8192,
          capabilities: ['multifd', 'events'],
          uuid: uuid.toString('hex'),
          subsections: [
            'configuration/target-page-bits',
            'configuration/capabilities',
            'configuration/uuid',
          ],
        },
      },
    ])
  })

  test('says how large pages are', () => {
    const ram = bytesOf(
      ramSetup({ ram: 0x4000 }),
      plainPage(0x2000, Buffer.alloc(8192, 7), 'ram'),
      RAM_END,
    )
    const stream = bytesOf(HEADER, configuration('pc', bits(13)), start(2, 'ram', ram), EOF)
    expect(eventsOf('page', stream)).toMatchObject([{ offset: 0x2000, data: { length: 8192 } }])
  })

  test('says with x-ignore-shared that blocks have an address', () => {
    const ram = bytesOf(ramSetup({ ram: 0x4000 }, uint64(0xe000_0000)), RAM_END)
    const stream = (...names: readonly string[]) =>
      bytesOf(HEADER, configuration('pc', capabilities(names)), start(2, 'ram', ram), EOF)
    expect(eventsOf('ram-setup', stream('x-ignore-shared'))).toMatchObject([
      { blocks: [{ index: 0, name: 'ram', size: 0x4000, address: 0xe000_0000 }] },
    ])
    expect(read(stream('other')).verdict).toMatch(MALFORMED)
  })
})

describe('sections', () => {
  test.each<[string, Bytes, string]>([
    ['that go on', ramStream(part(2, RAM_END), last(2, RAM_END), EOF), 'whole'],
    ['that go on without a beginning', ramStream(part(3, RAM_END)), `${MALFORMED} 59`],
    ['that end without a beginning', ramStream(last(3, RAM_END)), `${MALFORMED} 59`],
    [
      'that go on behind their end',
      ramStream(last(2, RAM_END), part(2, RAM_END)),
      `${MALFORMED} 77`,
    ],
    ['without a name', bytesOf(HEADER, full(1, '', [1]), EOF), `${MALFORMED} 14`],
    [
      'with a name that is not printable',
      bytesOf(HEADER, full(1, 'a\x1f', [1]), EOF),
      `${MALFORMED} 16`,
    ],
    ['with a name beyond ASCII', bytesOf(HEADER, full(1, 'a\x7f', [1]), EOF), `${MALFORMED} 16`],
    ['with a name of all kinds', bytesOf(HEADER, full(1, ' ~', [1]), EOF), 'whole'],
    ['of RAM of version 3', bytesOf(HEADER, start(2, 'ram', RAM_END, 3)), `${MALFORMED} 8`],
    ['of RAM of version 5', bytesOf(HEADER, start(2, 'ram', RAM_END, 5)), `${MALFORMED} 8`],
    [
      'with another footer',
      bytesOf(HEADER, start(2, 'ram', RAM_END).subarray(0, -1), [3]),
      `${MALFORMED} 34`,
    ],
  ])('%s', (_, stream, verdict) => {
    expect(read(stream).verdict).toBe(verdict)
    expect(read(stream, stream.length).verdict).toBe(verdict)
  })

  test('are told with their places and lengths', () => {
    const stream = bytesOf(
      HEADER,
      start(2, 'own', [1, 2, 3], 7),
      part(2, [1]),
      last(2, []),
      full(3, 'cpu', [9, 9]),
      EOF,
    )
    const sections = eventsOf('section', stream).map(({ section }) => section)
    const own = { id: 2, name: 'own', hasFooter: true }
    expect(sections).toEqual([
      { ...own, offset: 8, kind: 'START', instance: 0, version: 7, length: 25, bodyLength: 3 },
      { ...own, offset: 33, kind: 'PART', length: 11, bodyLength: 1 },
      { ...own, offset: 44, kind: 'END', length: 10, bodyLength: 0 },
      {
        offset: 54,
        kind: 'FULL',
        id: 3,
        name: 'cpu',
        instance: 0,
        version: 1,
        length: 24,
        bodyLength: 2,
        hasFooter: true,
      },
    ])
  })

  /** A footer within a body ends it only where what follows can follow a section. */
  test.each<[string, 'FULL' | 'START' | 'END', Bytes, number]>([
    ['nothing known', 'FULL', [0x55], 0],
    ['a subsection', 'FULL', [5], 0],
    ['an end, in what goes on', 'START', [0, 9], 0],
    ['an unknown command', 'FULL', [8, 0, 12, 0, 0], 0],
    ['a command of another length', 'FULL', [8, 0, 2, 0, 3, 1, 2, 3], 0],
    ['a section without name', 'FULL', [4, 0, 0, 0, 9, 0], 0],
    ['a section with bytes for a name', 'FULL', [4, 0, 0, 0, 9, 1, 0x1f], 0],
    ['a part of what has not begun', 'FULL', [2, 0, 0, 0, 9], 0],
    ['the last part of what has not begun', 'FULL', [3, 0, 0, 0, 9], 0],
  ])('a footer before %s is part of a body', (_, kind, behind) => {
    const body = bytesOf(footer(5), behind)
    const stream =
      kind === 'START'
        ? bytesOf(HEADER, start(5, 'own', body), last(5, []), EOF)
        : bytesOf(HEADER, full(5, 'own', body), EOF)
    for (const parts of [1, stream.length]) {
      const [first] = eventsOf('section', stream, parts)
      expect(first?.section.bodyLength).toBe(body.length)
    }
  })

  test.each<[string, Bytes]>([
    ['a command', command(2, uint32(1))],
    ['a part of what has begun', part(1, [7])],
    ['another section', full(6, 'cpu', [1])],
  ])('a footer before %s ends a body', (_, behind) => {
    const stream = bytesOf(
      HEADER,
      start(1, 'own', [1]),
      full(5, 'dev', [3]),
      behind,
      last(1, []),
      EOF,
    )
    for (const parts of [1, stream.length]) {
      const sections = eventsOf('section', stream, parts).map(({ section }) => section)
      expect(sections.find(({ name }) => name === 'dev')?.bodyLength).toBe(1)
    }
  })

  test('a body that is cut at what looks like its footer ends there only where nothing follows', () => {
    const stream = bytesOf(HEADER, full(5, 'dev', [3]))
    expect(read(stream).verdict).toBe(`${CUT} ${stream.length}`)
    expect(read(bytesOf(stream, EOF)).verdict).toBe('whole')
    expect(read(stream.subarray(0, -1)).verdict).toBe(`${CUT} ${stream.length - 1}`)
  })
})

describe('no more names are kept than machines have', () => {
  const ids = (count: number) => new Map(Array.from({ length: count }, (_, id) => [id, 'dev']))

  test('of sections', () => {
    const readHeader = (id: number) => {
      const input = new StreamInput()
      input.push(full(id, 'dev', []))
      return decodeSectionHeader(input, ids(0x1_0000)).next()
    }
    expect(readHeader(0xffff)).toMatchObject({ done: true, value: { id: 0xffff } })
    expect(() => readHeader(0x1_0000)).toThrow('expected at most 65536 sections, found 65537')
  })

  test('of devices', () => {
    const state = createMainState(() => {}, {})
    const section = {
      offset: 1,
      kind: 'FULL',
      id: 0,
      length: 1,
      bodyLength: 1,
      hasFooter: true,
    } as const
    const tell = (name: string, kind: 'FULL' | 'START' = 'FULL') =>
      tellSection(state, new StreamInput(), { ...section, kind, name })
    for (let number = 0; number < 0x1_0000; number++) tell(`${number}`)
    tell('more', 'START')
    expect(() => tell('more')).toThrow('expected at most 65536 devices, found 65537')
  })

  test('of RAM blocks', () => {
    const setup = (count: number) => {
      const ram = createRamState(4096)
      for (let index = 0; index < count; index++) {
        ram.blocks.set(`${index}`, { index, name: `${index}`, size: 1 })
      }
      const input = new StreamInput()
      input.push(bytesOf(named('ram'), uint64(4096)))
      return decodeRamSetup(input, ram, { total: 4096, offset: 0 }, () => {}).next()
    }
    expect(setup(0xffff)).toMatchObject({ done: true })
    expect(() => setup(0x1_0000)).toThrow('expected at most 65536 RAM blocks')
  })
})

describe('the blocks of RAM', () => {
  const setupOf = (...parts: readonly Bytes[]) =>
    bytesOf(HEADER, start(2, 'ram', bytesOf(...parts)))
  const at = 8 + 17

  test.each<[string, Bytes, string]>([
    ['without a name', setupOf(ramSetup({ '': 4096 }), RAM_END), `${MALFORMED} ${at + 8}`],
    ['of no bytes', setupOf(uint64(4100), named('a'), uint64(0)), `${MALFORMED} ${at + 10}`],
    ['larger than all', setupOf(uint64(4100), named('a'), uint64(4097)), `${MALFORMED} ${at + 10}`],
    [
      'as large as all',
      bytesOf(setupOf(ramSetup({ a: 4096 }), RAM_END), last(2, RAM_END), EOF),
      'whole',
    ],
    [
      'twice',
      setupOf(uint64(8196), named('a'), uint64(4096), named('a'), uint64(4096)),
      `${MALFORMED} ${at + 18}`,
    ],
    [
      'set up again',
      setupOf(ramSetup({ a: 4096 }), ramSetup({ b: 4096 })),
      `${MALFORMED} ${at + 18}`,
    ],
    [
      'of 2^53 bytes',
      setupOf(uint64(2 ** 52 + 4), named('a'), uint64(2 ** 53)),
      `${MALFORMED} ${at + 10}`,
    ],
  ])('%s', (_, stream, verdict) => {
    expect(read(stream).verdict).toBe(verdict)
  })

  test('are told in their order', () => {
    const stream = bytesOf(
      setupOf(ramSetup({ a: 0x3000, b: 0x1000 }), RAM_END),
      last(2, RAM_END),
      EOF,
    )
    expect(eventsOf('ram-setup', stream)).toEqual([
      {
        type: 'ram-setup',
        offset: at,
        total: 0x4000,
        blocks: [
          { index: 0, name: 'a', size: 0x3000 },
          { index: 1, name: 'b', size: 0x1000 },
        ],
      },
    ])
  })

  /** POSTCOPY_ADVISE: the page sizes of the host's blocks, one bit each, and the usual one. */
  const advised = (sizes: number, ...parts: readonly Bytes[]) =>
    bytesOf(
      HEADER,
      command(3, [...uint64(sizes), ...uint64(4096)]),
      start(2, 'ram', bytesOf(...parts)),
      last(2, RAM_END),
      EOF,
    )
  const huge = 0x20_0000

  test('have the page size of the host where post-copy tells it', () => {
    const stream = advised(
      0x1000 + huge,
      uint64(4 + huge + 4096),
      ...[named('huge'), uint64(huge), uint64(huge)],
      ...[named('usual'), uint64(4096)],
      RAM_END,
    )
    expect(eventsOf('ram-setup', stream)).toMatchObject([
      {
        blocks: [
          { name: 'huge', hostPageSize: huge },
          { name: 'usual', size: 4096 },
        ],
      },
    ])
    expect(eventsOf('ram-setup', stream)[0]?.blocks[1]).not.toHaveProperty('hostPageSize')
  })

  test.each([
    ['a size that was not advised', 0x1000, huge],
    ['what is no power of two', 0x1000 + huge, huge + 0x1000],
    ['less than any page', 0x200, 0x200],
  ])('%s is no page size of the host', (_, sizes, claimed) => {
    const stream = advised(sizes, uint64(4 + huge), named('a'), uint64(huge), uint64(claimed))
    const [setup] = read(stream).events.filter(({ type }) => type === 'ram-setup')
    expect(setup).toMatchObject({ blocks: [{ index: 0, name: 'a', size: huge }] })
    expect(setup).not.toHaveProperty('blocks.0.hostPageSize')
  })

  test('a page of 1 KiB may be that of the host', () => {
    const stream = advised(
      0x400,
      uint64(4 + 4096),
      named('a'),
      uint64(4096),
      uint64(0x400),
      RAM_END,
    )
    expect(eventsOf('ram-setup', stream)).toMatchObject([{ blocks: [{ hostPageSize: 0x400 }] }])
  })

  test('without advice no page size follows', () => {
    const stream = setupOf(uint64(4 + huge), named('a'), uint64(huge), uint64(huge))
    expect(read(stream).verdict).toMatch(MALFORMED)
  })
})

describe('pages', () => {
  const DATA = Buffer.alloc(4096, 0x41)
  const section = (...parts: readonly Bytes[]) =>
    ramStream(last(2, bytesOf(...parts, RAM_END)), EOF)
  /** Where the body of that section begins. */
  const at = 58 + 5

  test.each<[string, Bytes, string]>([
    ['of a named block', section(plainPage(0x3000, DATA, 'ram')), 'whole'],
    ['of no block', section(plainPage(0x3000, DATA)), `${MALFORMED} ${at}`],
    ['of an unknown block', section(plainPage(0, DATA, 'other')), `${MALFORMED} ${at + 9}`],
    ['behind a block', section(plainPage(0x4000, DATA, 'ram')), `${MALFORMED} ${at}`],
    [
      'behind the block of the page before',
      section(zeroPage(0, 'ram'), plainPage(0x4000, DATA)),
      `${MALFORMED} ${at + 13}`,
    ],
    ['of zeroes that are none', section(pageHeader(0, 2, 'ram'), [1]), `${MALFORMED} ${at + 12}`],
    [
      'of zeroes that are none, of the same block',
      section(zeroPage(0, 'ram'), pageHeader(0x1000, 2), [1]),
      `${MALFORMED} ${at + 21}`,
    ],
    ['of two kinds', section(pageHeader(0, 2 | 8, 'ram'), DATA), `${MALFORMED} ${at}`],
    [
      'with a flag of no page',
      section(pageHeader(0, 8 | 0x400, 'ram'), DATA),
      `${MALFORMED} ${at}`,
    ],
    ['without any kind', section(pageHeader(0, 0x20)), `${MALFORMED} ${at}`],
    ['an end with an offset', section(uint64(0x1010)), `${MALFORMED} ${at}`],
    ['a flush with an offset', section(uint64(0x1200)), `${MALFORMED} ${at}`],
    ['a flush', section(RAM_FLUSH), 'whole'],
    ['a hook of RDMA', section(uint64(0x80)), `${MALFORMED} ${at}`],
    ['that is cut', section(plainPage(0, DATA, 'ram')).subarray(0, at + 500), `${CUT} ${at + 500}`],
    ['a header that is cut', section(RAM_FLUSH).subarray(0, at + 7), `${CUT} ${at + 7}`],
  ])('%s', (_, stream, verdict) => {
    expect(read(stream).verdict).toBe(verdict)
    expect(read(stream, stream.length).verdict).toBe(verdict)
  })

  test('are told with block, offset and bytes, however they come', () => {
    const stream = section(
      zeroPage(0, 'ram'),
      plainPage(0x1000, DATA),
      zeroPage(0x2000),
      plainPage(0x3000, DATA, 'ram'),
      RAM_FLUSH,
    )
    const block = { index: 0, name: 'ram', size: 0x4000 }
    const nothing = Buffer.alloc(0)
    for (const parts of [1, 2, 3, 5, 8, 13, stream.length]) {
      expect(eventsOf('page', stream, parts)).toEqual([
        { type: 'page', kind: 'zero', block, offset: 0, data: nothing, isNamed: true },
        { type: 'page', kind: 'normal', block, offset: 0x1000, data: DATA, isNamed: false },
        { type: 'page', kind: 'zero', block, offset: 0x2000, data: nothing, isNamed: false },
        { type: 'page', kind: 'normal', block, offset: 0x3000, data: DATA, isNamed: true },
      ])
      expect(eventsOf('ram-flush', stream, parts)).toHaveLength(1)
      expect(eventsOf('ram-end', stream, parts)).toHaveLength(2)
    }
  })

  const xbzrle = (encoding: number, length: number) =>
    section(pageHeader(0, 0x40, 'ram'), [encoding], uint16(length), Buffer.alloc(length, 1))
  const compressed = (length: number) =>
    section(pageHeader(0, 0x100, 'ram'), uint32(length), Buffer.alloc(length, 1))

  test.each<[string, Bytes, string, number?]>([
    ['what changed of a whole page', xbzrle(1, 4096), 'whole', 4096],
    ['what changed of more than a page', xbzrle(1, 4097), `${MALFORMED} ${at + 13}`],
    ['nothing that changed', xbzrle(1, 0), 'whole', 0],
    ['what changed in another encoding', xbzrle(2, 4), `${MALFORMED} ${at + 12}`],
    ['a compressed page of a byte', compressed(1), 'whole', 1],
    // compressBound of zlib, rounded up: no page is compressed to more.
    ['a compressed page of 4161 bytes', compressed(4161), 'whole', 4161],
    ['a compressed page of 4162 bytes', compressed(4162), `${MALFORMED} ${at + 12}`],
    ['a compressed page of nothing', compressed(0), `${MALFORMED} ${at + 12}`],
  ])('%s', (_, stream, verdict, length) => {
    expect(read(stream).verdict).toBe(verdict)
    if (length === undefined) return
    expect(eventsOf('page', stream).map(({ data }) => data.length)).toEqual([length])
  })
})

describe('commands', () => {
  const only = (number: number, data: Bytes = []) => bytesOf(HEADER, command(number, data), EOF)
  const discard = (...ranges: readonly Bytes[]) => [0, 2, 0x61, 0x62, 0, ...bytesOf(...ranges)]
  const range = (at: number, length: number) => [...uint64(at), ...uint64(length)]

  test.each<[number, Bytes, object]>([
    [1, [], { command: 'OPEN_RETURN_PATH' }],
    [2, [0x80, 0, 0, 1], { command: 'PING', value: 0x8000_0001 }],
    [3, [], { command: 'POSTCOPY_ADVISE' }],
    [3, [...uint64(0x1000), ...uint64(0x1000)], { command: 'POSTCOPY_ADVISE' }],
    [4, [], { command: 'POSTCOPY_LISTEN' }],
    [5, [], { command: 'POSTCOPY_RUN' }],
    [
      6,
      discard(range(0x1000, 0x2000)),
      { block: 'ab', ranges: [{ start: 0x1000, length: 0x2000 }] },
    ],
    [
      6,
      discard(range(0, 1), range(2, 3)),
      {
        command: 'POSTCOPY_RAM_DISCARD',
        ranges: [
          { start: 0, length: 1 },
          { start: 2, length: 3 },
        ],
      },
    ],
    [8, [], { command: 'ENABLE_COLO' }],
    [9, [], { command: 'POSTCOPY_RESUME' }],
    [10, named('ab'), { command: 'RECV_BITMAP', block: 'ab' }],
    [11, [], { command: 'SWITCHOVER_START' }],
  ])('%d with %j is told', (number, data, expected) => {
    const [told] = eventsOf('command', only(number, data))
    expect(told).toMatchObject({ offset: 8, length: data.length, isPackaged: false, ...expected })
    expect([...(told?.data ?? [])]).toEqual([...data])
  })

  test.each<[string, number, Bytes, number]>([
    ['command 0', 0, [], 9],
    ['command 12', 12, [], 9],
    ...[1, 4, 5, 8, 9, 11].map((number): [string, number, Bytes, number] => [
      `command ${number} with data`,
      number,
      [0],
      11,
    ]),
    ['PING of 3 bytes', 2, [0, 0, 1], 11],
    ['PING of 5 bytes', 2, [0, 0, 0, 0, 1], 11],
    ['advice of 8 bytes', 3, uint64(1), 11],
    ['a package of 3 bytes of length', 7, [0, 0, 1], 11],
    ['a discard of 18 bytes', 6, [0, 0, 0, ...Buffer.alloc(15)], 11],
    ['a discard of version 1', 6, [1, ...discard(range(0, 1)).slice(1)], 13],
    ['a discard whose name has no end', 6, [0, 2, 0x61, 0x62, 1, ...range(0, 1)], 13],
    ['a discard of half a range', 6, [...discard(range(0, 1)), ...uint64(1)], 13],
    ['a discard of no range', 6, [0, 16, ...Buffer.alloc(17)], 13],
    ['a bitmap of no name', 10, [0], 11],
    ['a bitmap of a longer name', 10, [3, 0x61, 0x62], 13],
    ['a bitmap of a shorter name', 10, [1, 0x61, 0x62], 13],
  ])('%s is refused', (_, number, data, offset) => {
    expect(read(only(number, data)).verdict).toBe(`${MALFORMED} ${offset}`)
  })

  test('advice says the size of pages', () => {
    const ram = bytesOf(ramSetup({ ram: 0x4000 }), plainPage(0, Buffer.alloc(8192), 'ram'), RAM_END)
    const advise = (data: Bytes) => bytesOf(HEADER, command(3, data), start(2, 'ram', ram), EOF)
    const stream = advise([...uint64(0x2000), ...uint64(0x2000)])
    expect(eventsOf('page', stream)).toMatchObject([{ data: { length: 8192 } }])
    expect(read(advise([])).verdict).toMatch(MALFORMED)
  })
})

describe('a package', () => {
  const packed = (...parts: readonly Bytes[]) => {
    const content = bytesOf(...parts)
    return bytesOf(HEADER, command(7, uint32(content.length)), content, EOF)
  }
  /** Where its content begins. */
  const at = 8 + 9

  test('is read where it is whole, and what it holds is told as packaged', () => {
    const stream = packed(command(2, uint32(7)), full(4, 'cpu', [1, 2]), command(5))
    for (const parts of [1, stream.length]) {
      expect(eventsOf('package', stream, parts)).toEqual([
        { type: 'package', offset: at, length: 38 },
      ])
      expect(eventsOf('command', stream, parts)).toMatchObject([
        { command: 'PACKAGED', isPackaged: false, packageLength: 38 },
        { command: 'PING', isPackaged: true, offset: at },
        { command: 'POSTCOPY_RUN', isPackaged: true },
      ])
      expect(eventsOf('section', stream, parts)).toMatchObject([
        { isPackaged: true, section: { offset: at + 9, name: 'cpu', length: 24, bodyLength: 2 } },
      ])
    }
  })

  test.each<[string, Bytes, string]>([
    ['with nothing', packed(), 'whole'],
    ['with a package', packed(command(7, uint32(0))), `${MALFORMED} ${at}`],
    ['with an end', packed(EOF), `${MALFORMED} ${at}`],
    ['with a description', packed(description({})), `${MALFORMED} ${at}`],
    ['with half a command', packed(command(2, uint32(1)).subarray(0, 7)), `${CUT} ${at + 7}`],
    [
      'of 64 MiB that does not come',
      bytesOf(HEADER, command(7, uint32(0x400_0000))),
      `${CUT} ${at}`,
    ],
    ['of more than 64 MiB', bytesOf(HEADER, command(7, uint32(0x400_0001))), `${LIMIT} ${at - 4}`],
  ])('%s', (_, stream, verdict) => {
    expect(read(stream).verdict).toBe(verdict)
  })
})

describe('disks and bitmaps', () => {
  const block = (...parts: readonly Bytes[]) =>
    bytesOf(HEADER, start(1, 'block', bytesOf(...parts)), last(1, uint64(2)), EOF)
  const at = 8 + 19
  const DISK = [1, 0x64]
  const MIB = Buffer.alloc(0x10_0000, 0x7e)

  test('blocks of disks are told', () => {
    const stream = block(
      ...[uint64(0x20_0000 + 1), DISK, MIB],
      ...[uint64(0x30_0000 + 9), DISK],
      ...[uint64(0xc800 + 4), uint64(2)],
    )
    expect(eventsOf('disk-block', stream)).toEqual([
      { type: 'disk-block', device: 'd', address: 0x20_0000, isZero: false },
      { type: 'disk-block', device: 'd', address: 0x30_0000, isZero: true },
    ])
  })

  test.each<[string, Bytes, string]>([
    ['without a block', block(uint64(2)), 'whole'],
    ['of no kind', block(uint64(0)), `${MALFORMED} ${at}`],
    ['of zeroes alone', block(uint64(8), DISK), `${MALFORMED} ${at}`],
    ['with an unknown flag', block(uint64(0x11), DISK, MIB), `${MALFORMED} ${at}`],
    ['that is cut', block(uint64(1), DISK, MIB).subarray(0, at + 500), `${CUT} ${at + 500}`],
  ])('disks %s', (_, stream, verdict) => {
    expect(read(stream).verdict).toBe(verdict)
  })

  const bitmap = (...parts: readonly Bytes[]) =>
    bytesOf(HEADER, start(1, 'dirty-bitmap', bytesOf(...parts)), last(1, [1]), EOF)
  const bitmapAt = 8 + 26
  const NAMES = [...named('node'), ...named('bitmap')]
  const SECTORS = Buffer.alloc(12)

  test.each<[string, Bytes, string]>([
    ['with an end alone', bitmap([1]), 'whole'],
    ['that begins', bitmap([0x1c, ...NAMES, 0, 0, 0, 9, 1], [1]), 'whole'],
    ['that is complete', bitmap([0x21]), 'whole'],
    [
      'with bits',
      bitmap([0x4c, ...NAMES], SECTORS, uint64(8), [1, 1, 1, 1, 1, 1, 1, 1], [1]),
      'whole',
    ],
    ['with no bit set', bitmap([0x43], SECTORS), 'whole'],
    ['without any flag', bitmap([0]), `${MALFORMED} ${bitmapAt}`],
    ['with an unknown flag', bitmap([0x81]), `${MALFORMED} ${bitmapAt}`],
    ['that begins and is complete', bitmap([0x31, 0, 0, 0, 9, 1]), `${MALFORMED} ${bitmapAt}`],
    ['that begins and has bits', bitmap([0x51]), `${MALFORMED} ${bitmapAt}`],
    ['that is complete and has bits', bitmap([0x61]), `${MALFORMED} ${bitmapAt}`],
    ['with names alone', bitmap([0x0c, ...NAMES], [1]), 'whole'],
  ])('a bitmap %s', (_, stream, verdict) => {
    expect(read(stream).verdict).toBe(verdict)
  })
})

/** Machine types before 2.4 send no footers. */
describe('without footers', () => {
  const bare = (bytes: Buffer) => bytes.subarray(0, -5)
  const ram = [
    bare(start(2, 'ram', bytesOf(ramSetup({ ram: 0x1000 }), RAM_END))),
    bare(last(2, RAM_END)),
  ]
  const described = description({ devices: [device('cpu', 3), device('timer', 1)] })
  const devices = [bare(full(4, 'cpu', [1, 2, 3])), bare(full(5, 'timer', [4]))]

  test('the description says where devices end', () => {
    const stream = bytesOf(HEADER, ...ram, ...devices, EOF, described)
    for (const parts of [1, stream.length]) {
      expect(eventsOf('section', stream, parts).map(({ section }) => section.hasFooter)).toEqual([
        false,
        false,
      ])
      const [corrected] = eventsOf('devices-corrected', stream, parts)
      expect(corrected).toMatchObject({ from: 66 })
      expect(corrected?.sections).toMatchObject([
        { offset: 66, id: 4, name: 'cpu', version: 1, length: 20, bodyLength: 3, hasFooter: false },
        { offset: 86, id: 5, name: 'timer', length: 20, bodyLength: 1, hasFooter: false },
      ])
      expect(eventsOf('end', stream, parts)).toEqual([{ type: 'end', offset: 106 }])
      expect(eventsOf('description', stream, parts)).toMatchObject([
        { offset: 107, length: described.length - 5 },
      ])
    }
  })

  test.each<[string, Bytes, string]>([
    ['no description', bytesOf(HEADER, ...ram, ...devices, EOF), CUT],
    [
      'a description of other sizes',
      bytesOf(
        HEADER,
        ...ram,
        ...devices,
        EOF,
        description({ devices: [device('cpu', 4), device('timer', 1)] }),
      ),
      CUT,
    ],
    [
      'a section that is not described',
      bytesOf(HEADER, ...ram, bare(start(7, 'own', [1])), EOF),
      MALFORMED,
    ],
    [
      'a footer at one section only',
      bytesOf(HEADER, ...ram, start(8, 'dirty-bitmap', [1]), EOF),
      MALFORMED,
    ],
  ])('with %s the stream is refused', (_, stream, code) => {
    expect(read(stream).verdict).toMatch(code)
  })
})

describe('the end', () => {
  const cpu = full(4, 'cpu', [1, 2, 3])
  const ended = (...parts: readonly Bytes[]) => bytesOf(HEADER, cpu, EOF, ...parts)
  const end = 8 + 25

  test.each<[string, Bytes, string]>([
    ['alone', ended(), 'whole'],
    ['and its description', ended(description({ devices: [device('cpu', 3)] })), 'whole'],
    ['and another size', ended(description({ devices: [device('cpu', 2)] })), `${MISMATCH} 8`],
    ['and no word of a device that was sent', ended(description({ devices: [] })), `${MISMATCH} 8`],
    [
      'and a device that was not sent',
      ended(description({ devices: [device('cpu', 3), device('timer', 0)] })),
      `${MISMATCH} ${end + 1}`,
    ],
    [
      'and a size that is not known',
      ended(description({ devices: [{ ...device('cpu', 3), fields: [{}] }] })),
      'whole',
    ],
    [
      'and a device twice',
      ended(description({ devices: [device('cpu', 3), device('cpu', 3)] })),
      `${MISMATCH} ${end + 1}`,
    ],
    ['and text', ended([6, 0, 0, 0, 2, 0x61, 0x62]), `${MALFORMED} ${end + 6}`],
    ['and a list', ended(description([])), `${MALFORMED} ${end + 6}`],
    ['and no list of devices', ended(description({ devices: {} })), `${MALFORMED} ${end + 6}`],
    ['and a description of 16 MiB that does not come', ended([6, 1, 0, 0, 0]), `${CUT} ${end + 6}`],
    ['and a description of more', ended([6, 1, 0, 0, 1]), `${LIMIT} ${end + 2}`],
    ['and half a length', ended([6, 1]), `${CUT} ${end + 3}`],
  ])('%s', (_, stream, verdict) => {
    expect(read(stream).verdict).toBe(verdict)
    expect(read(stream, stream.length).verdict).toBe(verdict)
  })

  test('is told at its mark, and what follows the description is counted', () => {
    const described = description({ devices: [device('cpu', 3)] })
    const stream = ended(described, [1, 2, 3])
    expect(eventsOf('end', stream)).toEqual([{ type: 'end', offset: end }])
    expect(eventsOf('description', stream)).toMatchObject([
      { offset: end + 1, length: described.length - 5 },
    ])
    expect(eventsOf('trailing', stream, stream.length)).toEqual([
      { type: 'trailing', offset: stream.length - 3, count: 3 },
    ])
  })
})

describe('a device whose bytes look like the end', () => {
  const body = bytesOf([9], footer(4), EOF, description({ devices: [device('cpu', 1)] }), [9])
  const ramSection = start(2, 'ram', bytesOf(ramSetup({ ram: 0x1000 }), RAM_END))
  const stream = bytesOf(
    HEADER,
    full(4, 'cpu', body),
    command(2, uint32(5)),
    full(5, 'timer', [1]),
    EOF,
    description({ devices: [device('cpu', body.length), device('timer', 1)] }),
  )

  test('ends where the description behind it says', () => {
    for (const parts of [1, 7, stream.length]) {
      const [corrected] = eventsOf('devices-corrected', stream, parts)
      expect(corrected?.from).toBe(8)
      expect(corrected?.sections).toMatchObject([
        {
          offset: 8,
          name: 'cpu',
          bodyLength: body.length,
          length: body.length + 22,
          hasFooter: true,
        },
        { name: 'timer', bodyLength: 1, hasFooter: true },
      ])
      expect(eventsOf('trailing', stream, parts)).toEqual([])
    }
  })

  /** QEMU sends some devices before the memory; the description has them too. */
  test.each<[string, readonly object[], string]>([
    ['and all that were sent before', [device('early', 1)], 'whole'],
    [
      'and one that was sent before, of no known size',
      [{ ...device('early', 1), fields: [{}] }],
      'whole',
    ],
    ['and one that was sent before with another size', [device('early', 2)], MALFORMED],
    ['and none that was sent before', [], MALFORMED],
    ['and one that was not sent', [device('early', 1), device('other', 1)], MALFORMED],
    ['and one that was not sent for one that was', [device('other', 1)], MALFORMED],
  ])('is found by a description of itself %s', (_, described, verdict) => {
    const hidden = bytesOf([9], footer(4), EOF, [9])
    const whole = bytesOf(
      ...[HEADER, full(1, 'early', [1]), ramSection, full(4, 'cpu', hidden), EOF],
      description({ devices: [...described, device('cpu', hidden.length)] }),
    )
    expect(read(whole).verdict.split(' ')[0]).toBe(verdict)
  })

  test('ends at its footer where no other description follows', () => {
    const first = bytesOf(HEADER, full(4, 'cpu', body))
    expect(eventsOf('devices-corrected', first)).toEqual([])
    expect(eventsOf('trailing', first)).toEqual([
      { type: 'trailing', offset: first.length - 6, count: 6 },
    ])
  })
})
