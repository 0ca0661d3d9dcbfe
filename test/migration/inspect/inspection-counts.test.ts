/** What an inspection counts: pages, devices and packets, and the bounds of it. */
import { describe, expect, test } from 'vitest'
import { MainInspection } from '../../../src/migration/inspect/main-inspection.ts'
import { checkMultifd, hasCaughtUp } from '../../../src/migration/inspect/multifd-check.ts'
import { MultifdInspection } from '../../../src/migration/inspect/multifd-inspection.ts'
import { PageSet, PageSetBudget } from '../../../src/migration/inspect/page-set.ts'
import { PassCount } from '../../../src/migration/inspect/pass-count.ts'
import { RamCount } from '../../../src/migration/inspect/ram-count.ts'
import {
  PreemptInspection,
  ReturnPathInspection,
} from '../../../src/migration/inspect/small-channels.ts'
import type { MultifdPacket, Section } from '../../../src/migration/stream/events.ts'
import { UUID } from '../crafted-streams.ts'

describe('what is counted is bounded', () => {
  const section: Section = {
    ...{ offset: 1, kind: 'PART', id: 1, name: 'ram' },
    ...{ length: 1, bodyLength: 1, hasFooter: true },
  }
  const ping = { type: 'command', offset: 1, command: 'PING', length: 80 } as const
  const data = Buffer.alloc(80)

  test('of sections, commands and flushes, the numbers stay right', () => {
    const main = new MainInspection(new RamCount())
    main.sections = Array(0x3_ffff).fill(section)
    main.commands.length = 0x3_ffff
    main.flushes.length = 0x3_ffff
    for (let at = 0; at < 3; at++) {
      main.handle({ type: 'section', section, isPackaged: false })
      main.handle({ ...ping, data, isPackaged: false })
      main.handle({ type: 'ram-flush', offset: at })
    }
    expect([main.sections.length, main.sectionCount]).toEqual([0x4_0000, 3])
    expect([main.commands.length, main.commandCount]).toEqual([0x4_0000, 3])
    expect([main.flushes.length, main.flushCount]).toEqual([0x4_0000, 3])
    expect(main.footers).toBe(3)
    expect(main.commands.at(-1)?.data).toHaveLength(64)
  })

  test('of packages and what they hold', () => {
    const main = new MainInspection(new RamCount())
    for (let at = 0; at < 65; at++) main.handle({ type: 'package', offset: at, length: 1 })
    expect(main.packages).toHaveLength(64)
    for (let at = 0; at < 0x1_0001; at++)
      main.handle({ type: 'section', section, isPackaged: true })
    expect(main.packages.at(-1)?.contents).toHaveLength(0x1_0000)
    expect(main.sectionCount).toBe(0)
  })

  test('of disks', () => {
    const main = new MainInspection(new RamCount())
    for (let at = 0; at < 1025; at++) {
      main.handle({ type: 'disk-block', device: `${at}`, address: 0, isZero: false })
    }
    main.handle({ type: 'disk-block', device: '7', address: 0, isZero: true })
    expect(main.disks.size).toBe(1024)
    expect(main.disks.get('7')).toEqual({ blocks: 2, zero: 1 })
  })

  test('of messages of a return path', () => {
    const path = new ReturnPathInspection()
    for (let at = 0; at < 0x1_0001; at++) {
      path.handle({ offset: at, message: 'PONG', length: 80, data, value: 1 })
    }
    expect([path.messages.length, path.messageCount]).toEqual([0x1_0000, 0x1_0001])
    expect(path.messages[0]?.data).toHaveLength(64)
  })

  test('of pieces of all sets of pages together: 256 MiB', () => {
    const budget = new PageSetBudget()
    for (let at = 0; at < 0xffff; at++) budget.take()
    const [first, second] = [new PageSet(budget), new PageSet(budget)]
    expect(first.add(0)).toBe(true)
    expect(second.add(0)).toBe(false)
    expect([first.isWhole, second.isWhole]).toEqual([true, false])
    expect(first.add(0x7fff)).toBe(true)
    expect(first.isWhole).toBe(true)
    expect(first.add(0x8000)).toBe(false)
    expect(first.isWhole).toBe(false)
    expect(budget.take()).toBe(false)
  })
})

test('a set of pages knows each page, and forgets it', () => {
  const set = new PageSet(new PageSetBudget())
  const pages = [0, 1, 7, 8, 0x7fff, 0x8000, 2 ** 40]
  expect(pages.map((page) => set.add(page))).toEqual(pages.map(() => true))
  expect(pages.map((page) => set.add(page))).toEqual(pages.map(() => false))
  expect(set.size).toBe(7)
  expect([set.delete(2), set.delete(0x1_0000), set.delete(7), set.delete(7)]).toEqual([
    false,
    false,
    true,
    false,
  ])
  expect(set.size).toBe(6)
  expect([set.add(1), set.add(8), set.add(7)]).toEqual([false, false, true])
})

describe('pages', () => {
  test('are counted by kind and block', () => {
    const ram = new RamCount()
    ram.add('normal', 'a', 0)
    ram.add('zero', 'a', 0)
    ram.add('zero', 'b', 1)
    ram.add('xbzrle', 'b', 1)
    ram.add('compressed', 'a', 5)
    ram.add('mapped', 'a', 6)
    expect(ram.pages).toEqual({ normal: 1, zero: 2, compressed: 1, xbzrle: 1, mapped: 1 })
    // Mapped ones lie beside the stream.
    expect(ram.total).toBe(5)
    expect(ram.block('a')).toEqual({ sent: 4, zero: 1, distinct: 3, zeroAtEnd: 1 })
    expect(ram.block('b')).toEqual({ sent: 2, zero: 1, distinct: 1, zeroAtEnd: 0 })
  })

  test.each<[string, readonly (readonly [number, number])[], number]>([
    ['none', [], 0],
    ['one', [[0, 0]], 1],
    [
      'in order',
      [
        [0, 0],
        [0, 1],
        [1, 0],
      ],
      1,
    ],
    [
      'one that is sent again',
      [
        [0, 0],
        [0, 0],
      ],
      2,
    ],
    [
      'an earlier one',
      [
        [0, 1],
        [0, 0],
      ],
      2,
    ],
    [
      'an earlier block',
      [
        [1, 0],
        [0, 5],
        [0, 6],
        [1, 0],
      ],
      2,
    ],
  ])('passes: %s', (_, sent, passes) => {
    const count = new PassCount()
    for (const [block, offset] of sent) count.add(block, offset)
    expect(count.passes).toBe(passes)
  })

  test('that come after the guest runs elsewhere make no pass', () => {
    const main = new MainInspection(new RamCount())
    const block = { index: 0, name: 'ram', size: 0x4000 }
    const page = {
      type: 'page',
      kind: 'zero',
      block,
      data: Buffer.alloc(0),
      isNamed: false,
    } as const
    main.handle({ ...page, offset: 0x1000 })
    main.handle({ ...page, offset: 0 })
    const run = { command: 'POSTCOPY_RUN', offset: 1, length: 0, data: Buffer.alloc(0) } as const
    main.handle({ type: 'command', ...run, isPackaged: true })
    main.handle({ ...page, offset: 0 })
    expect(main.passes).toBe(2)
    expect(main.ram.block('ram')).toMatchObject({ sent: 3, distinct: 2 })
  })

  test('have the size that the configuration says, or the description', () => {
    const main = new MainInspection(new RamCount())
    expect(main.pageSize).toBe(4096)
    const described = { json: {}, pageSize: 0x2000, devices: [] }
    main.handle({ type: 'description', offset: 1, length: 2, description: described })
    expect(main.pageSize).toBe(0x2000)
    const told = { machine: 'virt', pageSize: 0x4000, subsections: [] }
    main.handle({ type: 'configuration', offset: 1, configuration: told })
    expect(main.pageSize).toBe(0x4000)
    const mapped = { headerAt: 0, version: 1, pageSize: 0x1_0000, bitmapOffset: 0, pagesOffset: 0 }
    const block = { index: 0, name: 'ram', size: 0x10_0000 }
    const page = { type: 'page', kind: 'normal', data: Buffer.alloc(0), isNamed: true } as const
    main.handle({ ...page, block, offset: 0x4000 })
    main.handle({ ...page, block: { ...block, mapped }, offset: 0x1_0000 })
    expect(main.ram.block('ram')).toMatchObject({ sent: 2, distinct: 1 })
  })
})

test('devices that the description corrects replace those that were told', () => {
  const main = new MainInspection(new RamCount())
  const told = (offset: number, name: string, hasFooter = true): Section => ({
    ...{ offset, kind: 'FULL', id: 1, name, instance: 0, version: 1 },
    ...{ length: 9, bodyLength: 1, hasFooter },
  })
  for (const section of [told(10, 'ram'), told(20, 'cpu'), told(30, 'forged')]) {
    main.handle({ type: 'section', section, isPackaged: false })
  }
  main.handle({ type: 'devices-corrected', from: 20, sections: [told(20, 'cpu', false)] })
  expect(main.sections.map(({ name }) => name)).toEqual(['ram', 'cpu'])
  expect([...main.devices.keys()]).toEqual(['0 ram', '0 cpu'])
  expect([main.sectionCount, main.footers]).toEqual([2, 1])
})

const MULTIFD_PACKET: MultifdPacket = {
  ...{ offset: 64, flags: 1, isSync: true, compression: 'none', allocated: 128 },
  ...{ normal: 2, zero: 1, nextSize: 8192, number: 0n, block: 'ram', offsets: [0, 0x1000, 0x2000] },
}

describe('a multifd channel', () => {
  const inspect = (...packets: readonly Partial<MultifdPacket>[]) => {
    const ram = new RamCount()
    const multifd = new MultifdInspection(ram, 4096)
    multifd.handle({ type: 'init', version: 1, uuid: UUID, channel: 1 })
    for (const packet of packets) {
      multifd.handle({ type: 'packet', packet: { ...MULTIFD_PACKET, ...packet } })
    }
    return { ram, multifd }
  }
  const EMPTY = { normal: 0, zero: 0, offsets: [], nextSize: 0, isSync: false, flags: 0 }

  test('is counted by what its packets say', () => {
    const { ram, multifd } = inspect(
      {},
      { normal: 0, zero: 1, offsets: [0x3000], isSync: false, flags: 2, compression: 'zlib' },
      { ...EMPTY, allocated: 0 },
    )
    multifd.handle({ type: 'payload', packet: MULTIFD_PACKET, data: Buffer.alloc(8192) })
    multifd.handle({ type: 'device-state', offset: 1, name: 'vfio', instance: 0, length: 9 })
    expect(multifd).toMatchObject({
      ...{ version: 1, uuid: UUID, channel: 1, packets: 3, syncs: 1, normal: 2, zero: 2 },
      ...{ payload: 8192, stale: 1, lastFlags: 0, deviceStates: 1 },
      flags: new Map([
        [1, 1],
        [2, 1],
        [0, 1],
      ]),
      allocated: new Set([128, 0]),
      blocks: new Map([['ram', 2]]),
    })
    expect(ram.pages).toMatchObject({ normal: 2, zero: 2 })
    expect(ram.block('ram')).toMatchObject({ sent: 4, zero: 2, distinct: 4 })
  })

  test('has bounds for what is counted by value', () => {
    const { multifd } = inspect(
      ...Array.from({ length: 1025 }, (_, allocated) => ({ ...EMPTY, allocated })),
    )
    for (let at = 1; at < 0xffff; at++) multifd.blocks.set(`${at}`, 0)
    for (const block of ['last', 'one more']) {
      multifd.handle({ type: 'packet', packet: { ...MULTIFD_PACKET, ...EMPTY, block } })
    }
    expect(multifd.allocated.size).toBe(1024)
    expect([multifd.blocks.size, multifd.blocks.has('last')]).toEqual([0x1_0000, true])
    expect(multifd.first).toHaveLength(8)
    expect(multifd.packets).toBe(1025 + 2)
  })

  const main = (given: Partial<MainInspection> = {}) =>
    Object.assign(new MainInspection(new RamCount()), { ramEnds: 2, ...given })
  const channel = (syncs: number, number = 0) => {
    const { multifd } = inspect(...Array.from({ length: syncs }, () => ({})))
    multifd.channel = number
    return { file: `c${number}`, bytes: 99, inspection: multifd }
  }

  test.each<[string, number, Partial<MainInspection>, boolean, boolean]>([
    ['fewer marks than sections ended', 1, {}, true, false],
    ['as many', 2, {}, true, true],
    ['more', 3, {}, true, true],
    ['as many, within a packet', 2, {}, false, false],
    ['fewer marks than flushes', 2, { flushCount: 3 }, true, false],
    ['as many as flushes', 1, { flushCount: 1 }, true, true],
  ])('with %s has caught up or not', (_, syncs, given, mayEnd, expected) => {
    const { inspection } = channel(syncs)
    expect(hasCaughtUp({ inspection, mayEnd }, main(given))).toBe(expected)
  })

  test('another channel has always caught up', () => {
    const inspection = new PreemptInspection(new RamCount(), 4096)
    expect(hasCaughtUp({ inspection, mayEnd: false }, main())).toBe(true)
    expect(hasCaughtUp({ inspection: undefined, mayEnd: false }, main())).toBe(true)
  })

  test('is whole with as many marks as the main channel counts on', () => {
    const other = { file: 'p', bytes: 1, inspection: new PreemptInspection(new RamCount(), 4096) }
    expect(() => checkMultifd('f', main(), [])).not.toThrow()
    expect(() => checkMultifd('f', main(), [other, channel(2, 1), channel(2, 0)])).not.toThrow()
    const packages = [{ offset: 1, length: 1, contents: [] }]
    expect(() => checkMultifd('f', main({ packages }), [channel(1)])).not.toThrow()
  })

  test.each([
    [1, 0, 'c0: byte 99, multifd channel: expected 2 packets with SYNC, found 1'],
    [3, 0, 'c0: byte 99, multifd channel: expected 2 packets with SYNC, found 3'],
    [2, 1, 'f: byte 0, multifd channel: expected channel 0, found channel 1'],
  ])('with %d marks as number %d is refused', (syncs, number, message) => {
    expect(() => checkMultifd('f', main(), [channel(syncs, number)])).toThrow(message)
  })
})
