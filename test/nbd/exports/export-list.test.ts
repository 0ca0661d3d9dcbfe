/** Exports that are opened together: all of them or none. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import {
  closeExports,
  type ExportOptions,
  type ExportRequest,
  openExports,
} from '../../../src/nbd/exports/export-list.ts'
import { type NbdExport, transmissionFlags } from '../../../src/nbd/exports/nbd-export.ts'
import { refuseUnspeakable } from '../../../src/nbd/exports/speakable.ts'
import { HandledStorage } from '../../../src/nbd/storage/handled-storage.ts'
import { MemoryStorage } from '../../../src/nbd/storage/memory-storage.ts'
import { scratchFolder } from '../../cli/command.ts'
import { refusal } from '../../diagnostic-code.ts'
import { openFilesBelow } from '../../files/open-files.ts'

const OPTIONS: ExportOptions = { isReadOnly: false, isShared: true }

function makeDisk(): string {
  const path = join(scratchFolder(), 'disk')
  writeFileSync(path, 'a disk of a few bytes')
  return path
}

/** Opens exports that are closed after the test. */
async function open(
  requests: readonly ExportRequest[],
  options: Partial<ExportOptions> = {},
): Promise<readonly NbdExport[]> {
  const exports = await openExports(requests, { ...OPTIONS, ...options })
  onTestFinished(() => closeExports(exports).catch(() => {}))
  return exports
}

/** The codes of everything that is wrong. */
async function codesOf(requests: readonly ExportRequest[]): Promise<readonly string[]> {
  const error = await openExports(requests, OPTIONS).catch((reason: unknown) => reason)
  if (!(error instanceof DiagnosticError)) throw error
  return error.diagnostics.map(({ code }) => code)
}

async function bytesOf({ storage }: NbdExport): Promise<string> {
  const bytes = Buffer.alloc(storage.size)
  await storage.read(bytes, 0, storage.size, 0)
  return `${bytes}`
}

test('files and memory are opened as they were asked for', async () => {
  const path = makeDisk()
  const exports = await open([
    { name: '', from: { path } },
    { name: 'part', description: 'its end', from: { path }, offset: 10 },
    { name: 'memory', from: { memory: 5 }, offset: 2 },
  ])
  expect(exports.map(({ name, description }) => [name, description])).toEqual([
    ['', undefined],
    ['part', 'its end'],
    ['memory', undefined],
  ])
  expect('description' in (exports[0] ?? {})).toBe(false)
  const contents = await Promise.all(exports.map(bytesOf))
  expect(contents).toEqual(['a disk of a few bytes', 'a few bytes', '\0\0\0'])
  expect(exports.every(({ isReadOnly, isShared }) => !isReadOnly && isShared)).toBe(true)
})

test('a file that may only be read is opened for reading alone', async () => {
  const path = makeDisk()
  chmodSync(path, 0o400)
  const [served] = await open([{ name: '', from: { path } }], { isReadOnly: true, isShared: false })
  expect(served).toMatchObject({ isReadOnly: true, isShared: false })
  expect(served?.storage.isReadOnly).toBe(true)
  const writing = served?.storage.write([Buffer.from('x')], 0)
  await expect(writing).rejects.toMatchObject({ code: 'EBADF' })
  expect(readFileSync(path, 'utf8')).toBe('a disk of a few bytes')
})

test('promises stand before the part that is served, where there are any', async () => {
  const from = { memory: 10 }
  const [plain] = await open([{ name: '', from }], { handling: { cache: 'writeback' } })
  expect(plain?.storage).toBeInstanceOf(MemoryStorage)
  const [handled] = await open([{ name: '', from }], { handling: { cache: 'writethrough' } })
  expect(handled?.storage).toBeInstanceOf(HandledStorage)
})

describe('where one cannot be opened none is, and all that is wrong is told:', () => {
  test('files that are not there, ends before the beginning', async () => {
    const path = makeDisk()
    const { size } = { size: readFileSync(path).length }
    expect(
      await codesOf([
        { name: 'fine', from: { path } },
        { name: 'one', from: { path: `${path}.missing` } },
        { name: 'two', from: { path }, offset: size + 1 },
        { name: 'three', from: { memory: 5 }, offset: 6 },
        { name: 'four', from: { path: join(path, '..') } },
      ]),
    ).toEqual([
      'NBD_EXPORT_UNREADABLE',
      'NBD_OFFSET_BEYOND',
      'NBD_OFFSET_BEYOND',
      'NBD_EXPORT_UNREADABLE',
    ])
    expect(openFilesBelow(join(path, '..'))).toEqual([])
    const [empty] = await open([{ name: '', from: { path }, offset: size }])
    expect(empty?.storage.size).toBe(0)
  })

  test('names that are there twice, or that the protocol cannot carry', async () => {
    const from = { memory: 5 }
    expect(
      await codesOf([
        { name: 'a', from },
        { name: 'b', from },
        { name: 'a', from },
      ]),
    ).toEqual(['NBD_DUPLICATE_EXPORT'])
    expect(await codesOf([{ name: 'a\0b', from }])).toEqual(['NBD_NAME_UNSPEAKABLE'])
  })
})

test.each([
  ['x'.repeat(4096), true],
  ['x'.repeat(4097), false],
  ['é'.repeat(2048), true],
  [`${'é'.repeat(2048)}x`, false],
  ['a\0', false],
  ['', true],
])('a text of the protocol has 4096 bytes and no NUL (%#)', (text, isFine) => {
  for (const texts of [{ name: text }, { name: '', description: text }]) {
    const check = () => refuseUnspeakable(texts)
    if (isFine) expect(check).not.toThrow()
    else expect(check).toThrow(refusal('NBD_NAME_UNSPEAKABLE'))
  }
})

test('what was written is on disk before exports are closed, and closed although that fails', async () => {
  const done: string[] = []
  const serve = (name: string, isReadOnly: boolean): NbdExport => {
    const storage = Object.assign(new MemoryStorage(5), {
      flush: async () => {
        done.push(`flush ${name}`)
        throw new Error('the disk is gone')
      },
      close: async () => void done.push(`close ${name}`),
    })
    return { name, storage, isReadOnly, isShared: true }
  }
  await closeExports([serve('a', false), serve('b', true)])
  expect(done).toEqual(['flush a', 'close a', 'close b'])
})

/** Bits of the transmission flags, as doc/proto.md numbers them. */
const [HAS_FLAGS, READ_ONLY, FLUSH, FUA, TRIM, ZEROES] = [1, 2, 4, 8, 32, 64]
const [DF, MULTI_CONN, CACHE, FAST_ZERO, STATUS_PAYLOAD] = [128, 256, 1024, 2048, 4096]
const ALWAYS = HAS_FLAGS | FLUSH | FUA | CACHE
const WRITABLE = TRIM | ZEROES | FAST_ZERO

test.each([
  [false, false, 'simple', ALWAYS | WRITABLE],
  [true, false, 'simple', ALWAYS | READ_ONLY],
  [false, true, 'simple', ALWAYS | WRITABLE | MULTI_CONN],
  [true, true, 'structured', ALWAYS | READ_ONLY | MULTI_CONN | DF],
  [false, false, 'structured', ALWAYS | WRITABLE | DF],
  [false, false, 'extended', ALWAYS | WRITABLE | DF | STATUS_PAYLOAD],
] as const)('an export (read-only: %s, shared: %s) in %s replies has flags %d', (...given) => {
  const [isReadOnly, isShared, style, flags] = given
  const served = { name: '', storage: new MemoryStorage(5), isReadOnly, isShared }
  expect(transmissionFlags(served, style)).toBe(flags)
})
