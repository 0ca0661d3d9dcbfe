/** The decoder of the main channel: parts of any size, cuts, and bytes that are wrong. */
import { describe, expect, test } from 'vitest'
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import type { Section, StreamEvent } from '../../../src/migration/stream/events.ts'
import { createMainDecoder } from '../../../src/migration/stream/main-channel.ts'
import { fc } from '../../seed.ts'
import { readRecorded, recordedOf } from '../recorded-streams.ts'

/** The events of a stream that comes in parts of these sizes, over and over. */
function decode(stream: Buffer, sizes: readonly number[] = [stream.length]): readonly string[] {
  const events: string[] = []
  const decoder = createMainDecoder((event) => events.push(printEvent(event)))
  const part = Buffer.alloc(Math.max(...sizes))
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const length = Math.min(sizes[turn % sizes.length] ?? 1, stream.length - at)
    stream.copy(part, 0, at, at + length)
    decoder.push(part.subarray(0, length))
    // The memory of a part belongs to the caller again.
    part.fill(0xa5)
    at += length
  }
  decoder.finish()
  return events
}

function printEvent(event: StreamEvent): string {
  if (event.type === 'page') {
    const { kind, block, offset, data } = event
    return `page ${kind} ${block.name} ${offset} ${data.toString('latin1')}`
  }
  if (event.type === 'description') return `description ${event.offset} ${event.length}`
  return JSON.stringify(event)
}

function sectionsOf(stream: Buffer): readonly Section[] {
  let sections: Section[] = []
  const decoder = createMainDecoder((event) => {
    if (event.type === 'section') sections.push(event.section)
    if (event.type !== 'devices-corrected') return
    sections = [...sections.filter(({ offset }) => offset < event.from), ...event.sections]
  })
  decoder.push(stream)
  decoder.finish()
  return sections
}

/** The code of the error that a stream is refused with; `complete` where it is not. */
function verdictOf(stream: Buffer): { readonly code: string; readonly message: string } {
  try {
    const decoder = createMainDecoder(() => {})
    decoder.push(stream)
    decoder.finish()
    return { code: 'complete', message: '' }
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    const [diagnostic] = error.diagnostics
    return { code: diagnostic?.code ?? '', message: diagnostic?.message ?? '' }
  }
}

/** Small ones, so that many sizes can be tried. */
const SMALL = recordedOf('main').filter((name) => readRecorded(name).length < 160_000)

/** Without a description, the end is where the device that ends last says it is. */
const UNDESCRIBED = ['exec-11-no-vmdesc.bin.gz', 'tcp-7.2-postcopy-preempt-guest/conn.c0.fwd.gz']

describe('the size of the parts makes no difference', () => {
  test.each(SMALL)('%s', (name) => {
    const stream = readRecorded(name)
    const whole = decode(stream)
    expect(decode(stream, [1])).toEqual(whole)
    const sizes = fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(sizes, (drawn) => {
        expect(decode(stream, drawn)).toEqual(whole)
      }),
      { numRuns: 4 },
    )
  })
})

describe('a stream that is cut is refused wherever it is cut', () => {
  test.each(recordedOf('main'))('%s', (name) => {
    const stream = readRecorded(name)
    const { descriptionAt, end } = landmarksOf(stream)
    const cuts = fc.integer({ min: 0, max: (descriptionAt ?? end) - 1 })
    fc.assert(
      fc.property(cuts, (at) => {
        const { code, message } = verdictOf(stream.subarray(0, at))
        expect(code).toMatch(/^MIGRATION_(STREAM_CUT|NOT_A_STREAM)$/)
        expect(message).toMatch(/^byte \d+/)
      }),
      { numRuns: 20 },
    )
  })

  test.each(SMALL.filter((name) => !UNDESCRIBED.includes(name)))(
    '%s: within its description too',
    (name) => {
      const stream = readRecorded(name)
      const { descriptionAt = 0 } = landmarksOf(stream)
      for (const at of [descriptionAt + 1, descriptionAt + 4, stream.length - 1]) {
        expect(verdictOf(stream.subarray(0, at)).code).toBe('MIGRATION_STREAM_CUT')
      }
    },
  )
})

function landmarksOf(stream: Buffer): { end: number; descriptionAt?: number } {
  let end = 0
  let descriptionAt: number | undefined
  const decoder = createMainDecoder((event) => {
    if (event.type === 'end') end = event.offset
    if (event.type === 'description') descriptionAt = event.offset
  })
  decoder.push(stream)
  decoder.finish()
  return { end, ...(descriptionAt === undefined ? {} : { descriptionAt }) }
}

describe('a footer within a device', () => {
  const stream = readRecorded('exec-7.2-pc-i440fx-7.2-S.bin.gz')
  const sections = sectionsOf(stream)
  const devices = sections.filter(({ kind, bodyLength }) => kind === 'FULL' && bodyLength > 64)

  /** Bytes in a guest's hands, at most: what a device has in its registers and queues. */
  const FORGERIES: Readonly<Record<string, (id: number) => Buffer>> = {
    'and the end': (id) => Buffer.from([0x7e, 0, 0, 0, id, 0]),
    'and the end with an empty description': (id) =>
      Buffer.from([0x7e, 0, 0, 0, id, 0, 6, 0, 0, 0, 14, ...Buffer.from('{"devices":[]}')]),
    'and another device': (id) =>
      Buffer.from([0x7e, 0, 0, 0, id, 4, 0, 0, 0, 99, 1, 0x61, 0, 0, 0, 0, 0, 0, 0, 1]),
    'and a command': (id) => Buffer.from([0x7e, 0, 0, 0, id, 8, 0, 2, 0, 4, 0, 0, 0, 1]),
    'and the end of RAM': (id) => Buffer.from([0x7e, 0, 0, 0, id, 3, 0, 0, 0, 2]),
  }

  test.each(Object.keys(FORGERIES))('%s: the description says where the device ends', (name) => {
    for (const { offset, length, bodyLength, id } of devices) {
      const forged = Buffer.from(stream)
      FORGERIES[name]?.(id).copy(forged, offset + length - 5 - bodyLength + 20)
      expect(sectionsOf(forged)).toEqual(sections)
    }
  })

  test('without a description that says so, the stream is refused', () => {
    const bare = readRecorded('exec-11-no-vmdesc.bin.gz')
    const { offset = 0, id = 0 } = sectionsOf(bare).find(({ name }) => name === 'cpu') ?? {}
    FORGERIES['and the end']?.(id).copy(bare, offset + 200)
    expect(verdictOf(bare)).toMatchObject({ code: 'MIGRATION_STREAM_MALFORMED' })
  })
})

test('an error says the byte, the section and what was expected', () => {
  const stream = readRecorded('exec-7.2-pc-i440fx-7.2-S.bin.gz')
  const [setup, part] = sectionsOf(stream)
  if (!setup || !part) throw new Error('no RAM in the stream')
  const wrongVersion = Buffer.from(stream)
  wrongVersion.writeUInt32BE(9, setup.offset + 13)
  expect(verdictOf(wrongVersion).message).toBe(
    `byte ${setup.offset}, section ram: expected version 4 of RAM, found 9`,
  )
  const wrongPage = Buffer.from(stream)
  wrongPage.writeUInt8(0xff, part.offset + 5 + 4)
  expect(verdictOf(wrongPage).message).toMatch(
    new RegExp(
      `^byte ${part.offset + 5}, section ram: expected an offset within the 8388608 bytes`,
    ),
  )
  expect(verdictOf(Buffer.from('not a migration at all')).message).toBe(
    'byte 0: not a migration stream: expected the magic "QEVM", found 0x6e6f7420',
  )
})

test.each([53n, 54n, 55n, 62n, 63n])(
  'a header that claims 2^%d bytes of RAM is refused in true words',
  (power) => {
    const stream = readRecorded('exec-7.2-pc-i440fx-7.2-S.bin.gz')
    const [setup] = sectionsOf(stream)
    if (!setup) throw new Error('no RAM in the stream')
    const sizeAt = setup.offset + 17
    const lying = Buffer.from(stream)
    expect(lying.readBigUInt64BE(sizeAt) % 4096n).toBe(4n)
    lying.writeBigUInt64BE(2n ** power + 4n, sizeAt)
    expect(verdictOf(lying)).toEqual({
      code: 'MIGRATION_STREAM_LIMIT',
      message: `byte ${sizeAt}, section ram: expected less than 2^53 bytes of RAM, found more`,
    })
  },
)

test('bytes behind the description are told, and change nothing', () => {
  const stream = readRecorded('exec-7.2-pc-i440fx-7.2-S.bin.gz')
  const events = decode(Buffer.concat([stream, Buffer.from('more')]))
  const trailing = { type: 'trailing', offset: stream.length, count: 4 }
  expect(events).toEqual([...decode(stream), JSON.stringify(trailing)])
})

test('a command is told before the bytes behind it come', () => {
  const stream = readRecorded('tcp-11-switchover-ack-S/conn.c0.fwd.gz')
  const pings: (number | undefined)[] = []
  const decoder = createMainDecoder((event) => {
    if (event.type === 'command' && event.command === 'PING') pings.push(event.value)
  })
  const command = Buffer.from([8, 0, 2, 0, 4, 0, 0, 0, 1])
  decoder.push(stream.subarray(0, stream.indexOf(command) + command.length))
  expect(pings).toEqual([1])
})
