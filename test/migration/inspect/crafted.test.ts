/** What is found in migrations that are put together byte by byte, as text, as data and as warnings. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { ChannelInspection } from '../../../src/migration/inspect/channel-inspection.ts'
import { ChannelFailure } from '../../../src/migration/inspect/inspected-channel.ts'
import { migrationToJson } from '../../../src/migration/inspect/inspection-json.ts'
import { printMigration } from '../../../src/migration/inspect/inspection-text.ts'
import { MainInspection } from '../../../src/migration/inspect/main-inspection.ts'
import { inspectMigration } from '../../../src/migration/inspect/migration-inspection.ts'
import { RamCount } from '../../../src/migration/inspect/ram-count.ts'
import { scratchFolder } from '../../cli/command.ts'
import { refusal } from '../../diagnostic-code.ts'
import {
  type Bytes,
  bytesOf,
  capabilities,
  command,
  configuration,
  description,
  device,
  EOF,
  full,
  HEADER,
  last,
  multifdInit,
  named,
  pageHeader,
  part,
  plainPage,
  RAM_END,
  RAM_FLUSH,
  ramSetup,
  start,
  UUID,
  uint32,
  uint64,
  uuid,
  zeroPage,
} from '../crafted-streams.ts'

const PAGE = Buffer.alloc(4096, 0x41)

function fileOf(bytes: Bytes): string {
  const path = join(scratchFolder(), 'stream')
  writeFileSync(path, Buffer.from(bytes))
  return path
}

function folderOf(files: Readonly<Record<string, Bytes>>): string {
  const folder = join(scratchFolder(), 'channels')
  mkdirSync(folder)
  for (const [name, bytes] of Object.entries(files)) {
    writeFileSync(join(folder, name), Buffer.from(bytes))
  }
  return folder
}

/** A guest with all that a text tells: two passes, a flush, commands, a disk, sections in a row. */
const RICH = bytesOf(
  Buffer.alloc(8),
  HEADER,
  configuration('pc-q35', bytesOf(capabilities(['events', 'return-path']), uuid(UUID))),
  command(1),
  command(2, uint32(7)),
  command(3, [...uint64(0x1000), ...uint64(0x1000)]),
  start(2, 'ram', bytesOf(ramSetup({ ram: 0x4000, rom: 0x1000 }), RAM_END)),
  start(3, 'block', uint64(2)),
  part(2, bytesOf(zeroPage(0, 'ram'), plainPage(0x1000, PAGE), plainPage(0, PAGE, 'rom'), RAM_END)),
  part(2, bytesOf(plainPage(0x1000, PAGE, 'ram'), RAM_FLUSH, RAM_END)),
  last(2, RAM_END),
  last(3, bytesOf([...uint64(0x10_0009), 2, 0x64, 0x30], uint64(2))),
  command(6, [0, 1, 0x61, 0, ...uint64(0), ...uint64(1), ...uint64(2), ...uint64(3)]),
  full(4, 'cpu', [1, 2, 3]),
  EOF,
  description({ page_size: 4096, devices: [device('cpu', { fields: [{ name: 'x', size: 3 }] })] }),
  [1, 2, 3],
)

describe('a main channel as text', () => {
  test('tells all that it has', async () => {
    const migration = await inspectMigration(fileOf(RICH))
    const lines = printMigration(migration)
    expect(lines[1]).toMatch(/^sha256: {8}[0-9a-f]{64}$/)
    expect(lines.toSpliced(1, 1)).toEqual(RICH_TEXT)
  })

  test('of a small guest has no lines of what it has not', async () => {
    const stream = bytesOf(HEADER, EOF)
    const lines = printMigration(await inspectMigration(fileOf(stream)))
    expect(lines.toSpliced(1, 1)).toEqual([
      'bytes:         9',
      'complete:      yes',
      'machine:       not told',
      'pages:         none',
      'ends at:       byte 8',
      'RAM blocks:',
      '  name  size  sent  zero  repeated',
      'sections:',
      '  offset  kind  id  name  instance  version  bytes',
    ])
  })

  test('of one that is cut says how much was read, and that it is not whole', async () => {
    const file = fileOf(RICH.subarray(0, 400))
    const failure = await inspectMigration(file).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (!(failure instanceof ChannelFailure)) throw new Error('it was taken')
    const { inspection, bytes } = failure
    expect(failure.diagnostics).toMatchObject([
      { code: 'MIGRATION_STREAM_CUT', message: expect.stringMatching(`^${file}: byte 400,`) },
    ])
    expect(failure.diagnostics[0]?.data).toMatchObject({ file, offset: 400 })
    if (!(inspection instanceof MainInspection)) throw new Error('another channel')
    const first = { file, bytes, inspection }
    const lines = printMigration({ first, others: [], ignored: [], ram: inspection.ram })
    expect(lines.slice(0, 4)).toEqual([
      'bytes:         400 were read',
      'complete:      no',
      'machine:       pc-q35',
      'begins at:     byte 8',
    ])
  })

  test('says where post-copy began', async () => {
    const packed = bytesOf(command(4), full(4, 'cpu', [1]), command(5))
    const stream = bytesOf(
      HEADER,
      command(3, []),
      start(2, 'ram', bytesOf(ramSetup({ ram: 0x2000 }), RAM_END)),
      command(7, uint32(packed.length)),
      packed,
      part(2, bytesOf(zeroPage(0x1000, 'ram'), zeroPage(0), RAM_END)),
      last(2, RAM_END),
      EOF,
    )
    const { first, ram, warnings } = await inspectMigration(fileOf(stream))
    expect(warnings).toEqual([])
    const lines = printMigration({ first, others: [], ignored: [], ram })
    expect(lines).toContain('post-copy:     from byte 72 on')
    expect(lines).toContain(
      '      63  PACKAGED         33 bytes POSTCOPY_LISTEN, cpu, POSTCOPY_RUN',
    )
    expect(lines.filter((line) => line.startsWith('passes'))).toEqual([])
    expect(lines.filter((line) => /FULL/.test(line))).toEqual([])
    expect(migrationToJson({ first, others: [], ignored: [], ram, warnings })).toMatchObject({
      postcopy: { advised: 8, begun: 72 },
      packages: [{ offset: 72, length: 33, contents: ['POSTCOPY_LISTEN', 'cpu', 'POSTCOPY_RUN'] }],
      sectionsNotListed: 0,
      commands: [{ command: 'POSTCOPY_ADVISE' }, { command: 'PACKAGED' }],
      commandsNotListed: 0,
      ram: { passes: null, pages: { zero: 2 } },
      description: null,
      descriptionAt: null,
      bytesAfterEnd: 0,
    })
    if (!(first.inspection instanceof MainInspection)) throw new Error('another channel')
    expect([...first.inspection.devices.keys()]).toEqual(['0 ram', '0 cpu'])
  })
})

const RICH_TEXT = [
  'bytes:         12856',
  'complete:      yes',
  'machine:       pc-q35',
  'begins at:     byte 8',
  'capabilities:  events, return-path',
  'uuid:          000102030405060708090a0b0c0d0e0f',
  'pages:         3 normal, 1 zero',
  'passes:        2',
  'post-copy:     possible (byte 136), not used',
  'ends at:       byte 12741',
  'RAM blocks:',
  '  name   size  sent  zero  repeated',
  '  ram   16384     3     1         1',
  '  rom    4096     1     0         0',
  'disks, in blocks of 1 MiB:',
  '  device  sent  zero',
  '  d0         1     1',
  'commands:',
  '  offset  command               data',
  '     122  OPEN_RETURN_PATH',
  '     127  PING                  7',
  '     136  POSTCOPY_ADVISE',
  '   12675  POSTCOPY_RAM_DISCARD  a 2 ranges',
  'sections:',
  '  offset  kind    id  name   instance  version  bytes',
  '     157  START    2  ram           0        4     62',
  '     219  START    3  block         0        4     32',
  '     251  2 PART   2  ram           -        -  12377',
  '   12628  END      2  ram           -        -     18',
  '   12646  END      3  block         -        -     29',
  '   12716  FULL     4  cpu           0        1     25',
]

describe('a main channel as data', () => {
  test('has all that it has', async () => {
    const file = fileOf(RICH)
    const { sha256, commands, sections, description, ...found } = JSON.parse(
      JSON.stringify(migrationToJson(await inspectMigration(file))),
    )
    expect(sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(found).toEqual({
      file,
      kind: 'main',
      bytes: 12856,
      complete: true,
      format: 'stream',
      startsAt: 8,
      version: 3,
      machine: 'pc-q35',
      configuration: {
        pageSize: null,
        capabilities: ['events', 'return-path'],
        uuid: UUID,
        subsections: ['configuration/capabilities', 'configuration/uuid'],
      },
      ram: {
        pageSize: 4096,
        total: 0x5000,
        blocks: [
          {
            ...{ name: 'ram', size: 0x4000, hostPageSize: null, address: null, mapped: null },
            pages: { sent: 3, zero: 1, repeated: 1, distinct: 2, zeroAtEnd: 1 },
          },
          {
            ...{ name: 'rom', size: 0x1000, hostPageSize: null, address: null, mapped: null },
            pages: { sent: 1, zero: 0, repeated: 0, distinct: 1, zeroAtEnd: 0 },
          },
        ],
        pages: { normal: 3, zero: 1, compressed: 0, xbzrle: 0, mapped: 0 },
        named: 3,
        ends: 4,
        flushes: [12607],
        passes: 2,
      },
      disks: [{ device: 'd0', blocks: 1, zero: 1 }],
      sectionsNotListed: 0,
      footers: 7,
      commandsNotListed: 0,
      packages: [],
      postcopy: { advised: 136, begun: null },
      end: 12741,
      descriptionAt: { offset: 12742, length: 106 },
      // The description with its type and length, and the three behind it.
      bytesAfterEnd: 106 + 5 + 3,
      channels: [],
      ignored: [],
    })
    expect(description).toMatchObject({ page_size: 4096, devices: [{ name: 'cpu' }] })
    expect(commands).toHaveLength(4)
    expect(commands[0]).toEqual({
      ...{ offset: 122, command: 'OPEN_RETURN_PATH', length: 0, data: '' },
      ...{ value: null, block: null, ranges: null },
    })
    expect(commands.slice(1)).toMatchObject([
      { command: 'PING', data: '00000007', value: 7 },
      { command: 'POSTCOPY_ADVISE', length: 16 },
      { command: 'POSTCOPY_RAM_DISCARD', block: 'a', ranges: 2 },
    ])
    expect(sections).toHaveLength(7)
    expect(sections[0]).toEqual({
      ...{ offset: 157, kind: 'START', id: 2, name: 'ram', instance: 0, version: 4, length: 62 },
    })
    expect(sections[2]).toMatchObject({ kind: 'PART', instance: null, version: null, length: 8243 })
  })

  test('of a small guest has null for what it has not', async () => {
    const migration = await inspectMigration(fileOf(bytesOf(HEADER, EOF)))
    expect(migrationToJson(migration)).toMatchObject({
      complete: true,
      format: 'stream',
      machine: null,
      configuration: null,
      ram: { total: null, blocks: [], passes: null, pageSize: 4096 },
      postcopy: null,
      end: 8,
      description: null,
      bytesAfterEnd: 0,
    })
  })

  test('without capabilities and UUID has null for these', async () => {
    const stream = bytesOf(HEADER, configuration('pc'), EOF)
    expect(migrationToJson(await inspectMigration(fileOf(stream)))).toMatchObject({
      configuration: { pageSize: null, capabilities: null, uuid: null, subsections: [] },
    })
  })
})

describe('warnings', () => {
  test.each<[string, Bytes, readonly object[]]>([
    [
      'of no description',
      bytesOf(HEADER, full(1, 'cpu', [1]), EOF),
      [{ code: 'MIGRATION_NO_DESCRIPTION', message: expect.stringContaining('byte 32:') }],
    ],
    ['of nothing', bytesOf(HEADER, EOF, description({ devices: [] })), []],
    [
      'of bytes behind the end',
      bytesOf(HEADER, EOF, description({ devices: [] }), [9]),
      [{ code: 'MIGRATION_TRAILING_BYTES' }],
    ],
  ])('%s', async (_, stream, expected) => {
    expect((await inspectMigration(fileOf(stream))).warnings).toMatchObject(expected)
  })
})

describe('a folder', () => {
  const MAIN = bytesOf(HEADER, EOF)
  const RETURN_PATH = [0, 2, 0, 4, 0, 0, 0, 7, 0, 4, 0, 12, ...uint64(0x5000), ...uint32(0x1000)]

  test('has channels, digests and files that are none', async () => {
    const folder = folderOf({
      a: multifdInit(0, Buffer.from(UUID, 'hex')),
      'b.sha256': Buffer.from('no digest'),
      c: MAIN,
      note: Buffer.from('hello, world'),
      r: RETURN_PATH,
    })
    mkdirSync(join(folder, 'sub'))
    symlinkSync(join(folder, 'c'), join(folder, 'link'))
    const kinds: (string | undefined)[] = []
    const migration = await inspectMigration(folder, { onChannel: (kind) => kinds.push(kind) })
    expect(kinds).toEqual(['main', 'multifd', 'return-path'])
    expect(migration.first.file).toBe(join(folder, 'c'))
    expect(migration.others.map(({ file }) => file)).toEqual([join(folder, 'a'), join(folder, 'r')])
    expect(migration.ignored).toEqual(['link', 'note', 'sub'])
    const lines = printMigration(migration)
    expect(lines.slice(-6)).toEqual(
      [
        'channels:',
        `  ${'file'.padEnd(folder.length + 2)}  bytes  channel`,
        `  ${folder}/a     64  multifd 0: 0 normal, 0 zero`,
        `  ${folder}/r     24  return-path`,
        'ignored:       link, note, sub',
      ].toSpliced(0, 0, '  offset  kind  id  name  instance  version  bytes'),
    )
    expect(migrationToJson(migration)).toMatchObject({
      channels: [
        {
          ...{
            kind: 'multifd',
            bytes: 64,
            complete: null,
            channel: 0,
            packets: 0,
            lastFlags: null,
          },
          ...{ uuid: UUID, pages: { normal: 0, zero: 0 }, flags: [], blocks: [], first: [] },
        },
        {
          kind: 'return-path',
          complete: null,
          messages: [
            { offset: 0, message: 'PONG', value: 7, block: null, range: null, data: '00000007' },
            { offset: 8, message: 'REQ_PAGES', value: null, range: { start: 0x5000 } },
          ],
          messagesNotListed: 0,
        },
      ],
      ignored: ['link', 'note', 'sub'],
    })
  })

  test.each<[string, Readonly<Record<string, Bytes>>, string]>([
    [
      'without a main channel',
      { a: multifdInit(0, Buffer.from(UUID, 'hex')) },
      'MIGRATION_NO_MAIN_CHANNEL',
    ],
    ['with two', { a: MAIN, b: MAIN }, 'MIGRATION_SEVERAL_MAIN_CHANNELS'],
    [
      'with a multifd channel that is missing',
      { a: MAIN, b: multifdInit(1, Buffer.from(UUID, 'hex')) },
      'MIGRATION_CHANNEL_INCOMPLETE',
    ],
    [
      'with another digest of the main channel',
      { a: MAIN, 'a.sha256': Buffer.from('0'.repeat(64)) },
      'MIGRATION_DIGEST_DIFFERS',
    ],
    [
      'with another digest of a channel',
      { a: MAIN, r: RETURN_PATH, 'r.sha256': Buffer.from(`${'0'.repeat(64)}  r\n`) },
      'MIGRATION_DIGEST_DIFFERS',
    ],
  ])('%s is refused', async (_, files, code) => {
    await expect(inspectMigration(folderOf(files))).rejects.toThrow(refusal(code))
  })

  test.each([
    ['more digits than a digest', '0'.repeat(65)],
    ['a digest behind another word', `x ${'0'.repeat(64)}`],
    ['no digest', ''],
  ])('%s beside a file says nothing', async (_, text) => {
    const file = fileOf(MAIN)
    writeFileSync(`${file}.sha256`, text)
    expect((await inspectMigration(file)).first.bytes).toBe(9)
  })

  test('with another digest beside a file alone is refused', async () => {
    const file = fileOf(MAIN)
    writeFileSync(`${file}.sha256`, `${'a'.repeat(64)}  stream`)
    await expect(inspectMigration(file)).rejects.toThrow(refusal('MIGRATION_DIGEST_DIFFERS'))
  })

  test('a channel alone is told as what it is', async () => {
    const multifd = printMigration(
      await inspectMigration(fileOf(multifdInit(0, Buffer.from(UUID, 'hex')))),
    )
    expect(multifd.slice(2)).toEqual([
      'channel:       multifd 0',
      'packets:       0, 0 with SYNC',
      'pages:         0 normal, 0 zero',
      'payload:       0 bytes',
    ])
    const path = printMigration(await inspectMigration(fileOf(RETURN_PATH)))
    expect(path.slice(2)).toEqual([
      'channel:       return path',
      '  offset  message    data',
      '       0  PONG       7',
      '       8  REQ_PAGES  4096 bytes at 20480',
    ])
    const preempt = await inspectMigration(fileOf(uint64(0x10)))
    expect(printMigration(preempt).slice(2)).toEqual(['channel:       preempt', 'pages:         0'])
    expect(migrationToJson(preempt)).toMatchObject({ kind: 'preempt', pages: 0, ramEnds: 1 })
  })
})

describe('a file', () => {
  const MAIN = bytesOf(HEADER, EOF)

  test('may be compressed', async () => {
    const { first } = await inspectMigration(fileOf(gzipSync(MAIN)))
    expect(first.bytes).toBe(9)
  })

  test('may be compressed where its bytes come one by one on standard input', async () => {
    const bytes = [...gzipSync(MAIN)].map((byte) => Buffer.from([byte]))
    const stdin = Readable.from(bytes) as unknown as typeof process.stdin
    const standIn = vi.spyOn(process, 'stdin', 'get').mockReturnValue(stdin)
    onTestFinished(() => standIn.mockRestore())
    const { first } = await inspectMigration('-')
    expect(first.bytes).toBe(9)
  })

  test.each<[string, Bytes, string]>([
    ['compressed and cut', gzipSync(MAIN).subarray(0, -4), 'MIGRATION_GZIP_DAMAGED'],
    ['compressed and damaged', gzipSync(MAIN).fill(0xff, 10, 14), 'MIGRATION_GZIP_DAMAGED'],
    ['without bytes', [], 'MIGRATION_NOT_A_STREAM'],
    ['of one byte', [0x1f], 'MIGRATION_NOT_A_STREAM'],
    ['of another kind', Buffer.from('hello, world'), 'MIGRATION_NOT_A_STREAM'],
    ['of seven bytes', [0, 0, 0, 0, 0, 0, 0], 'MIGRATION_NOT_A_STREAM'],
  ])('%s is refused', async (_, bytes, code) => {
    await expect(inspectMigration(fileOf(bytes))).rejects.toThrow(refusal(code))
  })

  test('that is not there is missing, and a folder of others cannot be read', async () => {
    const missing = join(scratchFolder(), 'missing')
    await expect(inspectMigration(missing)).rejects.toThrow(refusal('FILE_MISSING'))
    await expect(inspectMigration(`${fileOf(MAIN)}/x`)).rejects.toThrow(refusal('FILE_UNREADABLE'))
  })

  test('says in its error what it begins with', async () => {
    const refused = (bytes: Bytes) => inspectMigration(fileOf(bytes)).catch(String)
    expect(await refused([])).toContain('found no bytes')
    expect(await refused([1, 2, 3, 4, 5])).toContain('found 0x01020304')
  })

  test('is read from the byte that is asked for, in parts of any size', () => {
    for (const offset of [0, 1, 5, 20]) {
      const stream = bytesOf(Buffer.alloc(offset, 0xee), MAIN)
      for (const size of [1, 3, 4, 7, 100]) {
        const channel = new ChannelInspection({ offset })
        for (let at = 0; at < stream.length; at += size) {
          channel.push(stream.subarray(at, at + size))
        }
        channel.finish()
        expect(channel.bytes).toBe(stream.length)
        expect(channel.inspection).toMatchObject({
          kind: 'main',
          startsAt: offset,
          end: offset + 8,
        })
      }
    }
  })

  test('shorter than the byte that is asked for is refused there', () => {
    const channel = new ChannelInspection({ offset: 5 })
    channel.push(Buffer.alloc(5))
    expect(() => channel.finish()).toThrow('byte 5: not a migration stream')
    expect(channel.inspection).toBeUndefined()
    expect(channel.mayEnd).toBe(false)
  })

  test('tells other readers what it holds', () => {
    const types: string[] = []
    const channel = new ChannelInspection({ onStream: ({ type }) => types.push(type) })
    channel.push(MAIN)
    channel.finish()
    expect(types).toEqual(['header', 'end'])
  })

  test('is read no further once the work was ended', async () => {
    const work = new AbortController()
    work.abort()
    await expect(inspectMigration(fileOf(MAIN), { signal: work.signal })).rejects.toThrow('aborted')
  })
})

describe('a preempt channel', () => {
  const page = uint64(0x4000 + 2)
  const channel = (bytes: Bytes, options: object) => {
    const inspected = new ChannelInspection(options)
    inspected.push(Buffer.from(bytes))
    inspected.finish()
    return inspected.inspection
  }

  test('has the blocks and the page size of its main channel', () => {
    const main = new MainInspection(new RamCount())
    main.handle({
      ...{ type: 'ram-setup', offset: 0, total: 0x8000 },
      blocks: [{ index: 0, name: 'ram', size: 0x8000 }],
    })
    const ram = new RamCount()
    const sent = bytesOf(page, named('ram'), [0], pageHeader(0x5000, 8), PAGE, RAM_END)
    expect(channel(sent, { main, ram })).toMatchObject({ pages: 2, ramEnds: 1 })
    expect(ram.pages).toMatchObject({ normal: 1, zero: 1 })
    const told = { machine: 'virt', pageSize: 0x2000, subsections: [] }
    main.handle({ type: 'configuration', offset: 1, configuration: told })
    expect(
      channel(bytesOf(page, named('ram'), [0], pageHeader(0, 8), PAGE, PAGE), { main }),
    ).toMatchObject({ pages: 2 })
    expect(
      channel(bytesOf(page, named('ram'), [0], pageHeader(0, 8), PAGE), { main, pageSize: 4096 }),
    ).toMatchObject({ pages: 2 })
  })

  test('without a main channel has no blocks', () => {
    expect(() => channel(bytesOf(page, named('ram'), [0]), {})).toThrow('"ram"')
  })
})
