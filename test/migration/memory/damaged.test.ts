/** Migrations that QEMU sent, changed by a hand that knows their format: none of it becomes memory. */
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { inspectMigration } from '../../../src/migration/inspect/migration-inspection.ts'
import { rebuildMemory } from '../../../src/migration/memory/memory-folder.ts'
import { EpochBudget, PageEpochs } from '../../../src/migration/memory/page-epochs.ts'
import { scratchFolder } from '../../cli/command.ts'
import { runInProcess } from '../../cli/in-process.ts'
import { refusal } from '../../diagnostic-code.ts'
import { readRecorded, STREAMS } from '../recorded-streams.ts'

/** QEMU's migration/multifd.h: the sizes of the init packet, and where a packet of pages has what. */
const INIT_SIZE = 64
const AT = { flags: 8, block: 64, offsets: 320, payload: 1344 } as const
const NORMAL_AT = 16
const FLAG_QPL = 4 << 1

type Change = (packet: Buffer) => void

/** A recorded migration whose first packet with pages is changed in one channel. */
function changedFolder(name: string, change: Change): string {
  const folder = join(scratchFolder(), 'channels')
  mkdirSync(folder)
  for (const channel of ['c0', 'c1', 'c2']) {
    const bytes = readRecorded(`${name}/conn.${channel}.fwd.gz`)
    if (channel === 'c1') change(packetWithPages(bytes))
    writeFileSync(join(folder, channel), bytes)
  }
  return folder
}

/** From its first byte to the end of the channel. */
function packetWithPages(channel: Buffer): Buffer {
  for (let at = INIT_SIZE; ; at += AT.payload) {
    if (channel.readUInt32BE(at + NORMAL_AT) > 0) return channel.subarray(at)
  }
}

async function refusalOf(folder: string): Promise<unknown> {
  const out = join(scratchFolder(), 'out')
  const error = await rebuildMemory(folder, out).then(
    () => 'rebuilt',
    (reason: unknown) => reason,
  )
  expect(existsSync(out) && error !== 'rebuilt').toBe(false)
  return error
}

const ZLIB = 'tcp-7.2-multifd2-zlib-S'
const ZSTD = 'tcp-11-multifd2-zstd-S'

describe('a packet of pages', () => {
  test('as it was sent becomes memory', async () => {
    expect(await refusalOf(changedFolder(ZLIB, () => {}))).toBe('rebuilt')
    expect(await refusalOf(changedFolder(ZSTD, () => {}))).toBe('rebuilt')
  })

  test.each([ZLIB, ZSTD])(
    'with a damaged byte in what is compressed is refused: %s',
    async (name) => {
      const folder = changedFolder(name, (packet) => {
        packet.writeUInt8(packet.readUInt8(AT.payload + 8) ^ 0xff, AT.payload + 8)
      })
      expect(await refusalOf(folder)).toEqual(refusal('MIGRATION_PAGE_DAMAGED'))
    },
  )

  test('that hardware has compressed is refused', async () => {
    const folder = changedFolder(ZLIB, (packet) => packet.writeUInt32BE(FLAG_QPL, AT.flags))
    expect(await refusalOf(folder)).toEqual(refusal('MIGRATION_COMPRESSION_UNKNOWN'))
  })

  test('of a block that the main channel does not name is refused', async () => {
    const folder = changedFolder(ZLIB, (packet) => packet.write('other', AT.block, 'latin1'))
    expect(await refusalOf(folder)).toEqual(refusal('MIGRATION_STRAY_PAGE'))
  })

  test('behind the end of its block is refused', async () => {
    const folder = changedFolder(ZLIB, (packet) =>
      packet.writeBigUInt64BE(0x4000_0000_0000n, AT.offsets),
    )
    expect(await refusalOf(folder)).toEqual(refusal('MIGRATION_STRAY_PAGE'))
  })
})

test('a page that its source compressed alone is refused where it is damaged', async () => {
  const stream = readRecorded('exec-7.2-compress-S.bin.gz')
  // The header of a zlib stream of compress2(1), behind its length (RFC 1950).
  const at = stream.indexOf(Buffer.from('7801', 'hex'))
  const path = join(scratchFolder(), 'stream')
  stream.writeUInt8(0xff, at)
  writeFileSync(path, stream)
  expect(await refusalOf(path)).toEqual(refusal('MIGRATION_PAGE_DAMAGED'))
})

test('a guest has as much memory as can be kept count of, and no more', () => {
  const budget = new EpochBudget()
  const epochs = new PageEpochs(budget)
  const pages = 2 ** 41 / 4096
  // Every 8 MiB, so that each piece of the count is touched once.
  for (let page = 0; page < pages; page += 2048) budget.take()
  expect(() => epochs.advance(0, 1)).toThrow(refusal('MIGRATION_MEMORY_TOO_LARGE'))
  const other = new PageEpochs(new EpochBudget())
  expect(other.advance(pages - 1, 1)).toBe(true)
})

describe('a folder of channels', () => {
  test('with two main channels is refused: one of them is of another guest', async () => {
    const folder = scratchFolder()
    for (const name of ['one', 'two']) {
      cpSync(join(STREAMS, 'exec-11-no-vmdesc.bin.gz'), join(folder, name))
    }
    await expect(inspectMigration(folder)).rejects.toThrow(
      refusal('MIGRATION_SEVERAL_MAIN_CHANNELS'),
    )
  })

  test('has one channel that can be compared with others', async () => {
    const [main, pages] = ['c0', 'c1'].map((name) => join(STREAMS, ZLIB, `conn.${name}.fwd.gz`))
    const { status, stderr } = await runInProcess(['migrate', 'inspect', `${main}`, `${pages}`])
    expect([status, stderr]).toEqual([65, expect.stringContaining('MIGRATION_NOT_COMPARABLE')])
  })
})

test('bytes behind the end are told of, and where they begin', async () => {
  const stream = readRecorded('exec-11-pc-q35-11.1-S.bin.gz')
  const path = join(scratchFolder(), 'stream')
  writeFileSync(path, Buffer.concat([stream, Buffer.alloc(7)]))
  const { warnings } = await inspectMigration(path)
  expect(warnings).toMatchObject([
    {
      code: 'MIGRATION_TRAILING_BYTES',
      message: expect.stringMatching(
        new RegExp(`\\b7 bytes.*\\b${stream.length}\\b|\\b${stream.length}\\b.*\\b7 bytes`),
      ),
    },
  ])
})
