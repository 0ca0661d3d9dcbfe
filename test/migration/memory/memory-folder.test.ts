/** Memory rebuilt from migrations, against what the guest had. */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fileNameOf, rebuildMemory } from '../../../src/migration/memory/memory-folder.ts'
import { scratchFolder } from '../../cli/command.ts'
import { testWith } from '../../peers/peer.ts'
import { QEMU, recordChannels, recordMigration } from '../qemu.ts'
import { readRecorded, STREAMS } from '../recorded-streams.ts'

const MIB = 1024 * 1024

/** A machine whose memory is a file. */
function machineWith(memory: string): readonly string[] {
  const backend = `memory-backend-file,id=ram0,size=16M,mem-path=${memory},share=on`
  return ['-machine', 'q35,memory-backend=ram0', '-m', '16', '-object', backend]
}

/** Pages of zeroes, of random bytes and of one value. */
function makeMemory(path: string): Buffer {
  const memory = Buffer.alloc(16 * MIB)
  randomBytes(3 * MIB).copy(memory, MIB)
  memory.fill(0x41, 5 * MIB, 6 * MIB)
  randomBytes(100).copy(memory, 16 * MIB - 100)
  writeFileSync(path, memory)
  return memory
}

testWith(QEMU, 'the memory of a migration is that of the guest', async () => {
  const folder = scratchFolder()
  const memory = makeMemory(join(folder, 'memory'))
  await recordMigration(machineWith(join(folder, 'memory')), join(folder, 'stream'))
  const out = join(folder, 'out')
  const { blocks, warnings } = await rebuildMemory(join(folder, 'stream'), out)
  expect(warnings).toEqual([])
  expect(readFileSync(join(out, 'ram0')).equals(memory)).toBe(true)
  expect(readdirSync(out).sort()).toEqual(blocks.map(({ file }) => file).sort())
  // Sparse, and for its owner only.
  expect(statSync(join(out, 'ram0')).blocks * 512).toBeLessThan(5 * MIB)
  expect(statSync(join(out, 'ram0')).mode & 0o777).toBe(0o600)
  expect(statSync(out).mode & 0o777).toBe(0o700)
})

describe('the memory of several channels is that of the guest', () => {
  for (const compression of ['none', 'zlib', 'zstd']) {
    testWith(QEMU, compression, async () => {
      const folder = scratchFolder()
      const memory = makeMemory(join(folder, 'memory'))
      const channels = join(folder, 'channels')
      mkdirSync(channels)
      const settings = [
        'migrate_set_capability multifd on',
        'migrate_set_parameter multifd-channels 4',
        `migrate_set_parameter multifd-compression ${compression}`,
      ]
      await recordChannels(machineWith(join(folder, 'memory')), settings, channels)
      expect(readdirSync(channels)).toHaveLength(5)
      const { migration } = await rebuildMemory(channels, join(folder, 'out'))
      expect(migration.others).toHaveLength(4)
      expect(readFileSync(join(folder, 'out', 'ram0')).equals(memory)).toBe(true)
    })
  }
})

describe('recorded guests have the pages that their firmware wrote', () => {
  const guests = [
    'tcp-7.2-multifd2-guest',
    'file-10-mapped-ram-guest.bin.gz',
    'tcp-10-xbzrle-guest',
  ]
  test.each([...guests, 'exec-7.2-compress-S.bin.gz'])('%s', async (name) => {
    const out = join(scratchFolder(), 'out')
    await rebuildMemory(join(STREAMS, name), out)
    const memory = readFileSync(join(out, 'pc.ram'))
    expect(memory).toHaveLength(8 * MIB)
    for (let page = 0; page < 64; page++) {
      const start = 0x20_0000 + page * 4096
      expect(memory.subarray(start, start + 4096).equals(pseudoRandomPage(page + 1))).toBe(true)
    }
    for (let page = 0; page < 256; page++) {
      const start = 0x30_0000 + page * 4096
      expect(memory.subarray(start, start + 4096).equals(filledPage(page + 1))).toBe(true)
    }
  })
})

function pseudoRandomPage(seed: number): Buffer {
  const page = Buffer.alloc(4096)
  let value = seed
  for (let at = 0; at < 4096; at += 4) {
    value = (Math.imul(value, 1_664_525) + 1_013_904_223) >>> 0
    page.writeUInt32LE(value, at)
  }
  return page
}

function filledPage(value: number): Buffer {
  const page = Buffer.alloc(4096)
  for (let at = 0; at < 4096; at += 4) page.writeUInt32LE(value, at)
  return page
}

describe('nothing is written', () => {
  test('of a migration that is cut', async () => {
    const folder = scratchFolder()
    const stream = readRecorded('exec-11-pc-q35-11.1-S.bin.gz')
    writeFileSync(join(folder, 'cut'), stream.subarray(0, 60_000))
    await expect(rebuildMemory(join(folder, 'cut'), join(folder, 'out'))).rejects.toThrow(
      'the stream is cut here',
    )
    expect(readdirSync(folder)).toEqual(['cut'])
  })

  test('of one that post-copy finished', async () => {
    const folder = scratchFolder()
    const postcopy = join(STREAMS, 'tcp-7.2-postcopy-preempt-guest')
    await expect(rebuildMemory(postcopy, join(folder, 'out'))).rejects.toThrow(
      'expected a migration without post-copy',
    )
    expect(existsSync(join(folder, 'out'))).toBe(false)
  })

  test('where the folder around it is missing, which the error names', async () => {
    const stream = join(STREAMS, 'exec-11-pc-q35-11.1-S.bin.gz')
    const folder = join(scratchFolder(), 'missing')
    await expect(rebuildMemory(stream, join(folder, 'out'))).rejects.toThrow(
      `cannot write ${folder}: it does not exist`,
    )
  })

  test('to a folder that files came into meanwhile, which are kept', async () => {
    const folder = scratchFolder()
    const out = join(folder, 'out')
    const rebuilding = rebuildMemory(join(STREAMS, 'exec-11-pc-q35-11.1-S.bin.gz'), out)
    mkdirSync(out)
    writeFileSync(join(out, 'mine'), '')
    await expect(rebuilding).rejects.toThrow(`cannot write ${out}`)
    expect(readdirSync(out)).toEqual(['mine'])
    expect(readdirSync(folder)).toEqual(['out'])
  })

  test('to a folder that holds files', async () => {
    const folder = scratchFolder()
    writeFileSync(join(folder, 'mine'), '')
    const stream = join(STREAMS, 'exec-11-pc-q35-11.1-S.bin.gz')
    await expect(rebuildMemory(stream, folder)).rejects.toThrow('is not empty')
    expect(readdirSync(folder)).toEqual(['mine'])
  })
})

test('memory that is shared is not in the migration, and a warning says so', async () => {
  const out = join(scratchFolder(), 'out')
  const stream = join(STREAMS, 'exec-10-ignore-shared.bin.gz')
  const { warnings } = await rebuildMemory(stream, out)
  expect(warnings.map(({ message }) => message)).toEqual([
    '2048 pages of ram0 were never sent; they are zero here',
  ])
})

test.each([
  ['pc.ram', 'pc.ram'],
  ['/rom@etc/acpi/tables', '%2From@etc%2Facpi%2Ftables'],
  ['..', '%2E.'],
  ['../../etc/passwd', '%2E.%2F..%2Fetc%2Fpasswd'],
  ['%2E.', '%252E.'],
  ['a\0b\n', 'a%00b%0A'],
])('the block %j is called so that it stays in its folder', (block, file) => {
  expect(fileNameOf(block)).toBe(file)
})

test('a name is written out up to 200 bytes', () => {
  const longest = `${'/'.repeat(66)}ab`
  expect(fileNameOf(longest)).toBe(`${'%2F'.repeat(66)}ab`)
  expect(fileNameOf(`${longest}c`)).toBe(`${'%2F'.repeat(33)}%%%${sha256(`${longest}c`)}`)
})

test('a long name is never that of a short one', () => {
  const long = Array.from({ length: 10_000 }, (_, at) => `${'x'.repeat(200)}${at}`)
  const one = long.find((name) => sha256(name).startsWith('20')) ?? ''
  // A space is written as %20.
  expect(fileNameOf(one)).not.toBe(fileNameOf(`${'x'.repeat(100)} ${sha256(one).slice(2)}`))
})

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

test('long names stay apart', () => {
  const names = ['a', 'b'].map((last) => fileNameOf(`${'/'.repeat(254)}${last}`))
  expect(new Set(names).size).toBe(2)
  expect(Math.max(...names.map(({ length }) => length))).toBeLessThan(256)
})
