import { describe, expect, test } from 'vitest'
import { ChannelInspection } from '../../../src/migration/inspect/channel-inspection.ts'
import { compareMigrations } from '../../../src/migration/inspect/comparison.ts'
import {
  migrationComparisonToJson,
  printMigrationComparison,
} from '../../../src/migration/inspect/comparison-text.ts'
import { listFields } from '../../../src/migration/inspect/description-fields.ts'
import { printDescription } from '../../../src/migration/inspect/description-text.ts'
import { MainInspection } from '../../../src/migration/inspect/main-inspection.ts'
import { RamCount } from '../../../src/migration/inspect/ram-count.ts'
import { printColumns, printFacts } from '../../../src/migration/inspect/text-table.ts'
import {
  type Bytes,
  bytesOf,
  capabilities,
  configuration,
  description,
  device,
  EOF,
  full,
  HEADER,
  last,
  RAM_END,
  ramSetup,
  start,
  subsection,
  UUID,
  uint32,
  uint64,
  uuid,
} from '../crafted-streams.ts'

describe('would the QEMU of the second take the first', () => {
  type Guest = {
    readonly machine?: string
    readonly parts?: readonly Bytes[]
    readonly blocks?: Readonly<Record<string, number>>
    readonly address?: number
    readonly devices?: readonly (readonly [name: string, version: number])[]
    readonly described?: readonly object[]
  }
  /** Its devices have one byte. */
  const guest = (given: Guest) => {
    const { machine = 'pc', parts = [], blocks = { ram: 0x4000 }, devices = [], described } = given
    const address = given.address === undefined ? [] : uint64(given.address)
    const channel = new ChannelInspection()
    channel.push(
      bytesOf(
        HEADER,
        configuration(machine, bytesOf(...parts)),
        start(2, 'ram', bytesOf(ramSetup(blocks, address), RAM_END)),
        last(2, RAM_END),
        ...devices.map(([name, version], at) => full(3 + at, name, [1], version)),
        EOF,
        ...(described ? [description({ devices: described })] : []),
      ),
    )
    channel.finish()
    if (!(channel.inspection instanceof MainInspection)) throw new Error('no main channel')
    return channel.inspection
  }
  const shared = [capabilities(['x-ignore-shared'])]
  const other = UUID.replace('00', 'ff')
  const fields = (...parts: readonly object[]) => [device('cpu', { fields: parts })]
  const byte = { name: 'x', type: 'uint8', size: 1 }
  const cpu = [['cpu', 1]] as const

  test.each<[string, Guest, Guest, string]>([
    ['the same', {}, {}, 'takes'],
    ['another machine', { machine: 'q35' }, {}, 'refuses: machine: q35, second pc'],
    [
      'a capability that is off',
      { parts: [capabilities(['multifd'])] },
      {},
      'refuses: capability multifd: on, second off',
    ],
    [
      'a capability that is on',
      {},
      { parts: [capabilities(['multifd'])] },
      'refuses: capability multifd: off, second on',
    ],
    [
      'the same capabilities in another order',
      { parts: [capabilities(['a', 'b'])] },
      { parts: [capabilities(['b', 'a'])] },
      'takes',
    ],
    [
      'another UUID',
      { parts: [uuid(UUID)] },
      { parts: [uuid(other)] },
      `refuses: uuid: ${UUID}, second ${other}`,
    ],
    ['a UUID that the second does not say', { parts: [uuid(UUID)] }, {}, 'takes'],
    ['a UUID that the first does not say', {}, { parts: [uuid(UUID)] }, 'takes'],
    ['the same UUID', { parts: [uuid(UUID)] }, { parts: [uuid(UUID)] }, 'takes'],
    [
      'another page size',
      { parts: [subsection('configuration/target-page-bits', uint32(13))] },
      {},
      'refuses: page size: 8192, second 4096',
    ],
    [
      'a block that is not there',
      { blocks: { ram: 0x4000, vga: 0x1000 } },
      {},
      'refuses: block vga: 4096 bytes, second nothing',
    ],
    [
      'a block that is not sent',
      {},
      { blocks: { ram: 0x4000, vga: 0x1000 } },
      'takes: block vga: nothing, second 4096 bytes',
    ],
    [
      'a block of another size',
      { blocks: { ram: 0x5000 } },
      {},
      'refuses: block ram: 20480 bytes, second 16384 bytes',
    ],
    [
      'tables of another size',
      { blocks: { '/rom@t': 0x5000 } },
      { blocks: { '/rom@t': 0x4000 } },
      'may refuse: block /rom@t: 20480 bytes, second 16384 bytes',
    ],
    [
      'a block at another address',
      { parts: shared, address: 0x4000 },
      { parts: shared, address: 0x8000 },
      'refuses: block ram: at 0x4000, second at 0x8000',
    ],
    [
      'a block at the same address',
      { parts: shared, address: 0x4000 },
      { parts: shared, address: 0x4000 },
      'takes',
    ],
    [
      'a block whose address only the first says',
      { parts: shared, address: 0x4000 },
      {},
      'refuses: capability x-ignore-shared: on, second off',
    ],
    [
      'a device that is not there',
      { devices: cpu },
      {},
      'refuses: device cpu 0: version 1, second nothing',
    ],
    [
      'a device that every QEMU knows',
      { devices: [['globalstate', 1]] },
      {},
      'takes: device globalstate 0: version 1, second nothing',
    ],
    [
      'a device that is not sent',
      {},
      { devices: cpu },
      'takes: device cpu 0: nothing, second version 1',
    ],
    [
      'an older version',
      { devices: cpu },
      { devices: [['cpu', 2]] },
      'may refuse: device cpu 0: version 1, second version 2',
    ],
    [
      'a newer version',
      { devices: [['cpu', 2]] },
      { devices: cpu },
      'refuses: device cpu 0: version 2, second version 1',
    ],
    [
      'a field of another name',
      { devices: cpu, described: fields(byte) },
      { devices: cpu, described: fields({ ...byte, name: 'y' }) },
      'takes: field cpu 0: x: uint8, 1 bytes, second nothing\ntakes: field cpu 0: y: nothing, second uint8, 1 bytes',
    ],
    [
      'fields of another form',
      { devices: cpu, described: fields(byte) },
      { devices: cpu, described: fields({ ...byte, type: 'bool' }) },
      'takes: field cpu 0: x: uint8, 1 bytes, second bool, 1 bytes',
    ],
    [
      'the same fields',
      { devices: cpu, described: fields(byte) },
      { devices: cpu, described: fields(byte) },
      'takes',
    ],
    [
      'fields of a device that the second does not have',
      { devices: cpu, described: fields(byte) },
      { described: [] },
      'refuses: device cpu 0: version 1, second nothing',
    ],
  ])('with %s', (_, first, second, expected) => {
    const comparison = compareMigrations(guest(first), guest(second))
    const lines = printMigrationComparison(comparison, 'a', 'b')
    const verdicts = comparison.differences.map(({ consequence }) => consequence)
    const verdict =
      verdicts.find((each) => each === 'refuses') ??
      verdicts.find((each) => each === 'may refuse') ??
      'takes'
    expect(lines).toEqual([
      ...(expected === 'takes' ? [] : expected.split('\n')),
      `the QEMU of b ${verdict} a`,
    ])
    expect(comparison.isTaken).toBe(verdict !== 'refuses')
    expect(migrationComparisonToJson(comparison)).toMatchObject({
      isTaken: comparison.isTaken,
      differences: comparison.differences.map((each) => ({
        consequence: each.consequence,
        first: each.first ?? null,
        second: each.second ?? null,
      })),
    })
  })

  /** What a description says of one device of both, whose sizes are told but not sent. */
  const compareStates = (first: object, second: object) => {
    const describedAs = (state: object, size: number) => {
      const main = new MainInspection(new RamCount())
      const json = device('cpu', state)
      const devices = [{ name: 'cpu', instance: 0, version: 1, size, json }]
      main.handle({
        ...{ type: 'description', offset: 1, length: 2 },
        description: { json: {}, pageSize: 4096, devices },
      })
      return main
    }
    const sizeOf = (state: object) => JSON.stringify(state).length
    return compareMigrations(
      describedAs(first, sizeOf(first)),
      describedAs(second, sizeOf(second)),
    ).differences.map(({ subject, first: a, second: b, consequence }) => [
      consequence,
      subject,
      a,
      b,
    ])
  }
  const sub = (name: string, ...parts: readonly object[]) => ({
    vmsd_name: name,
    version: 2,
    fields: parts,
  })

  test('another size of a device may be refused', () => {
    expect(compareStates({ fields: [byte] }, { fields: [{ ...byte, array_len: 3 }] })).toEqual([
      ['may refuse', 'cpu 0: x', 'uint8, 1 bytes', 'uint8, 1 bytes, 3 times'],
    ])
  })

  test('a subsection may be refused where the second does not have it', () => {
    const more = { subsections: [sub('cpu/more', byte)] }
    expect(compareStates(more, {})).toEqual([
      ['may refuse', 'cpu 0: cpu/more', 'subsection, version 2', undefined],
    ])
    expect(compareStates({}, more)).toEqual([
      ['takes', 'cpu 0: cpu/more', undefined, 'subsection, version 2'],
    ])
  })

  test('structures are compared field by field, and lists by their numbers', () => {
    const state = (size: number) => ({
      fields: [
        {
          name: 's',
          type: 'struct',
          size: 8,
          struct: {
            version: 1,
            fields: [
              { ...byte, index: 0 },
              { ...byte, index: 1, size },
            ],
          },
        },
      ],
    })
    expect(compareStates(state(1), state(2))).toEqual([
      ['takes', 'cpu 0: s / x[1]', 'uint8, 1 bytes', 'uint8, 2 bytes'],
    ])
  })
})

describe('a description as a list', () => {
  test('has a line for each field and subsection', () => {
    const state = {
      fields: [
        { name: 'a', type: 'uint32', size: 4 },
        { name: 'b', type: 'uint8', size: 1, array_len: 3 },
        {
          name: 's',
          type: 'struct',
          size: 8,
          struct: { version: 7, fields: [{ type: 'bool', size: 1, index: 2 }] },
        },
        { name: 'n', struct: [] },
      ],
      subsections: [{ vmsd_name: 'dev/more', version: 2, fields: [{ name: 'c', size: 2 }] }, {}, 5],
    }
    const devices = [
      { name: 'dev', instance: 1, version: 3, size: 12, json: state },
      { name: 'old', instance: 0, version: undefined, size: undefined, json: {} },
    ]
    expect(printDescription({ json: {}, pageSize: 4096, devices })).toEqual([
      'dev 1: version 3, 12 bytes',
      '  a: uint32, 4 bytes',
      '  b: uint8[3], 3 bytes',
      '  s: struct, 8 bytes, version 7',
      '    ?[2]: bool, 1 bytes',
      '  n: unknown',
      '  dev/more: subsection, version 2',
      '    c: unknown, 2 bytes',
      '  ?: subsection',
      'old 0: version unknown, unknown bytes',
    ])
  })

  test('ends at a depth that no description has', () => {
    const deep = (depth: number): object =>
      depth === 0 ? {} : { fields: [{ name: 'x', struct: deep(depth - 1) }] }
    expect(listFields(deep(64) as never)).toHaveLength(64)
    expect(listFields(deep(65) as never)).toHaveLength(65)
    expect(listFields(deep(66) as never)).toHaveLength(65)
    expect(listFields({ fields: {}, subsections: 'x' })).toEqual([])
  })
})

describe('tables', () => {
  test('numbers are aligned at their right, words at their left', () => {
    expect(
      printColumns([
        ['name', 'size', 'left', 'more'],
        ['a', '10', 'unknown', '1x'],
        ['long-name', '5', '-', 'x1'],
        ['c'],
      ]),
    ).toEqual([
      '  name       size  left     more',
      '  a          10    unknown  1x',
      '  long-name  5     -        x1',
      '  c',
    ])
    expect(printColumns([['size'], ['1'], ['22']])).toEqual(['  size', '     1', '    22'])
    expect(printColumns([])).toEqual([])
  })

  test('facts without a value have no line', () => {
    expect(
      printFacts([
        ['a', '1'],
        ['longer', undefined],
        ['b', ''],
      ]),
    ).toEqual(['a:             1', 'b:             '])
  })
})
