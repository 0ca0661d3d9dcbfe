/** How far a migration is sent: at its end the pages are those that QEMU counted when it was recorded. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseMigrationUri } from '../../../src/migration/address/migration-uri.ts'
import { PageMarks } from '../../../src/migration/send/page-marks.ts'
import { sendMigration } from '../../../src/migration/send/send.ts'
import { SendCount, type SendProgress } from '../../../src/migration/send/send-progress.ts'
import { readStoredMigration } from '../../../src/migration/send/stored-migration.ts'
import { scratchFolder } from '../../cli/command.ts'
import { EXPECTED, STREAMS } from '../recorded-streams.ts'

const recordedPath = (name: string): string => join(STREAMS, name)

/** By what was found in each of its channels. */
function recordedPages(name: string): number {
  const channels = Object.keys(EXPECTED).filter(
    (path) => path === name || path.startsWith(`${name}/`),
  )
  return channels.reduce((sum, path) => {
    const {
      normal = 0,
      zero = 0,
      xbzrle = 0,
      compressed = 0,
    } = EXPECTED[path].ram?.pages ?? EXPECTED[path].pages ?? {}
    return sum + normal + zero + xbzrle + compressed
  }, 0)
}

test.each([
  'exec-7.2-pc-i440fx-7.2-S.bin.gz',
  'tcp-10-xbzrle-guest',
  'tcp-7.2-multifd2-guest',
  'tcp-10-multifd2-zpd-multifd-S',
])('%s: pages and passes go up to all of them', async (name) => {
  const migration = await readStoredMigration(recordedPath(name))
  const count = new SendCount(migration)
  const seen: SendProgress[] = [count.progress]
  for (const [channel, { start, end }] of migration.channels.entries()) {
    for (let left = end - start; left > 0; left -= 100_000) {
      count.add(channel, Math.min(left, 100_000))
      seen.push(count.progress)
    }
  }
  const last = seen.at(-1)
  expect(seen[0]).toEqual({ bytes: 0, pages: 0, pass: 0 })
  expect(last).toEqual({
    bytes: migration.total,
    pages: recordedPages(name),
    pass: migration.passes,
  })
  for (const [index, { pages, pass }] of seen.entries()) {
    expect(pages).toBeGreaterThanOrEqual(seen[index - 1]?.pages ?? 0)
    expect(pass).toBeGreaterThanOrEqual(seen[index - 1]?.pass ?? 0)
  }
})

test('it is told while the migration is sent', async () => {
  const name = 'exec-7.2-pc-i440fx-7.2-S.bin.gz'
  const migration = await readStoredMigration(recordedPath(name))
  const told: SendProgress[] = []
  await sendMigration(migration, parseMigrationUri(`file:${join(scratchFolder(), 'sent')}`), {
    timeout: 240_000,
    signal: new AbortController().signal,
    onProgress: (progress) => told.push(progress()),
  })
  expect(told.at(-1)).toMatchObject({ bytes: migration.total, pages: recordedPages(name) })
})

test('marks take little memory, however long the channel is, and stay near', () => {
  const marks = new PageMarks()
  const step = 1_048_576
  for (let count = 1; count <= 100_000; count++) {
    marks.add({ at: count * step, pages: count * 256, pass: 1 })
  }
  for (const at of [step, 50_000 * step + 1, 99_999 * step]) {
    const behind = at - marks.before(at).at
    expect(behind).toBeGreaterThanOrEqual(0)
    expect(behind).toBeLessThan(100 * step)
  }
})
