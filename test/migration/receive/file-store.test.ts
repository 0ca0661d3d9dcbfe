/** Where a guest is stored, also by two receivers: neither harms what the other one stores. */
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { digestLine } from '../../../src/migration/receive/file-store.ts'
import { openStore } from '../../../src/migration/receive/open-store.ts'
import { PieceWriter } from '../../../src/migration/receive/piece-writer.ts'
import { scratchFolder } from '../../cli/command.ts'
import { refusal } from '../../diagnostic-code.ts'
import { execFileSync } from '../../peers/child-process.ts'

describe('where a guest is stored', () => {
  test.each<[string, number, (path: string) => void, string]>([
    ['a folder', 0, (path) => mkdirSync(path), 'MIGRATION_PLACE_UNUSABLE'],
    ['a socket or a pipe', 0, (path) => execFileSync('mkfifo', [path]), 'MIGRATION_PLACE_UNUSABLE'],
    [
      'a folder that is in the place of the digest',
      0,
      (path) => mkdirSync(`${path}.sha256`),
      'MIGRATION_PLACE_UNUSABLE',
    ],
  ])('is not %s', async (_, multifd, prepare, code) => {
    const path = join(scratchFolder(), 'guest')
    prepare(path)
    await expect(openStore(path, multifd)).rejects.toThrow(refusal(code))
  })

  test('is not below a file, which is told as what cannot be written', async () => {
    const path = join(scratchFolder(), 'file')
    writeFileSync(path, '')
    await expect(openStore(join(path, 'guest'), 0)).rejects.toThrow(refusal('FILE_UNWRITABLE'))
  })

  test('is no folder that holds files, but an empty one', async () => {
    const path = join(scratchFolder(), 'guest')
    mkdirSync(path)
    await (await openStore(path, 1)).discard()
    expect(readdirSync(path)).toEqual([])
    writeFileSync(join(path, 'mine'), '')
    await expect(openStore(path, 1)).rejects.toThrow(refusal('MIGRATION_FOLDER_NOT_EMPTY'))
  })

  test.each([0, 1])('is in a folder that is there, with %i channels more', async (multifd) => {
    const folder = join(scratchFolder(), 'missing')
    await expect(openStore(join(folder, 'guest'), multifd)).rejects.toThrow(
      `cannot write ${folder}: it does not exist`,
    )
  })

  test('is the file that a link leads to', async () => {
    const folder = scratchFolder()
    symlinkSync(join(folder, 'target'), join(folder, 'link'))
    const store = await openStore(join(folder, 'link'), 0)
    expect(store.path).toBe(join(folder, 'target'))
    await store.discard()
  })

  test('is nowhere for /dev/null', async () => {
    const store = await openStore('/dev/null', 3)
    expect([store.path, store.fileOf('main')]).toEqual(['/dev/null', undefined])
    const writer = await store.open('main')
    await writer.write(Buffer.from('x'))
    await store.publish()
    await store.discard()
    expect(writer.sha256).toBeUndefined()
    const other = await openStore('/dev/zero', 0).catch((reason) => reason)
    expect(other.diagnostics).toMatchObject([
      { message: expect.stringContaining('no regular file') },
    ])
  })

  test('is written piece by piece, whatever parts come', async () => {
    const path = join(scratchFolder(), 'file')
    const handle = await open(path, 'w')
    const writer = new PieceWriter(path, handle)
    const sizes = [1, 0, 700_000, 348_575, 1, 2_500_000, 1_048_576]
    const parts = sizes.map((size, at) => Buffer.alloc(size, at + 1))
    for (const part of parts) {
      const own = Buffer.from(part)
      await writer.write(own)
      own.fill(0xee)
    }
    const whole = Buffer.concat(parts)
    expect(writer.sha256).toBeUndefined()
    expect(await writer.finish()).toBe(whole.length)
    expect(writer.sha256).toBe(createHash('sha256').update(whole).digest('hex'))
    expect(await writer.finish()).toBe(whole.length)
    expect(readFileSync(path).equals(whole)).toBe(true)
    const late = new PieceWriter(path, handle)
    await handle.close()
    await late.write(Buffer.from('x'))
    await expect(late.finish()).rejects.toThrow(refusal('FILE_UNWRITABLE'))
  })

  test('has a digest as sha256sum writes it', () => {
    const folder = scratchFolder()
    for (const name of ['guest', 'a b', 'a\\b', 'a\nb', 'a\rb']) {
      writeFileSync(join(folder, name), 'x')
      const digest = createHash('sha256').update('x').digest('hex')
      const written = execFileSync('sha256sum', ['--', name], { cwd: folder }).toString()
      expect(digestLine(join(folder, name), digest)).toBe(written)
    }
  })
})

test('a file that is being received is refused to a second receiver, and becomes whole', async () => {
  const folder = scratchFolder()
  const path = join(folder, 'guest.mig')
  const first = await openStore(path, 0)
  const writer = await first.open('main')
  await writer.write(Buffer.from('half'))
  await expect(openStore(path, 0)).rejects.toThrow(refusal('FILE_IN_USE'))
  await writer.write(Buffer.from(' and half'))
  await first.publish()
  expect(readFileSync(path, 'utf8')).toBe('half and half')
  const second = await openStore(path, 0)
  await second.discard()
  expect(readdirSync(folder).sort()).toEqual(['guest.mig', 'guest.mig.sha256'])
})

test('what a killed receiver has left behind does not matter', async () => {
  const folder = scratchFolder()
  const partial = join(folder, '.guest.mig.cryptopolicy-partial')
  writeFileSync(partial, 'half of a guest', { mode: 0o600 })
  const store = await openStore(join(folder, 'guest.mig'), 0)
  await store.open('main')
  await store.publish()
  expect(readFileSync(join(folder, 'guest.mig'), 'utf8')).toBe('')
  expect(existsSync(partial)).toBe(false)
})
