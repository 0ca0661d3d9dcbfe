import { mkdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { FileWatcher, type FileWatcherOptions } from '../../src/files/file-watcher.ts'
import { scratchFolder, writeFiles } from '../cli/command.ts'

/** Counts the changes of files that it is told of. */
function countChanges(
  paths: readonly string[],
  options: FileWatcherOptions = { quiet: 5, interval: 60_000 },
): { changes: number; close: () => void } {
  const seen = { changes: 0, close: () => watcher.close() }
  const watcher = new FileWatcher(
    () => paths,
    () => {
      seen.changes++
    },
    options,
  )
  onTestFinished(() => watcher.close())
  return seen
}

/** The limit of the test ends what never comes. */
async function until(isThere: () => boolean): Promise<void> {
  while (!isThere()) await sleep(5)
}

test('notices a file that is there at last, its folders too', async () => {
  const folder = scratchFolder()
  const path = join(folder, 'a', 'b', 'file')
  const seen = countChanges([path])
  mkdirSync(join(folder, 'a'))
  mkdirSync(join(folder, 'a', 'b'))
  writeFileSync(path, 'x')
  await until(() => seen.changes > 0)
  const before = seen.changes
  rmSync(join(folder, 'a'), { recursive: true })
  await until(() => seen.changes > before)
})

test('follows links wherever they lead now', async () => {
  const folder = scratchFolder()
  writeFiles(folder, { 'one/file': '1', 'two/file': '2' })
  const link = join(folder, 'link')
  symlinkSync('one', link)
  const seen = countChanges([join(link, 'file')])
  unlinkSync(link)
  symlinkSync(join(folder, 'two'), link)
  await until(() => seen.changes === 1)
  writeFiles(folder, { 'two/file': 'changed' })
  await until(() => seen.changes === 2)
})

test('does not follow links that go in a circle for ever', () => {
  const folder = scratchFolder()
  symlinkSync('b', join(folder, 'a'))
  symlinkSync('a', join(folder, 'b'))
  countChanges([join(folder, 'a', 'file')])
})

test('looks by itself from time to time', async () => {
  const folder = scratchFolder()
  writeFiles(folder, { one: '1', two: '2' })
  const paths = [join(folder, 'one')]
  const seen = countChanges(paths, { quiet: 5, interval: 10 })
  // Nothing happens on disk that could tell of it.
  paths.push(join(folder, 'two'))
  await until(() => seen.changes > 0)
})

test('tells once of many changes at a time, and of none after it was closed', async () => {
  const folder = scratchFolder()
  const path = join(folder, 'file')
  writeFiles(folder, { file: '' })
  const seen = countChanges([path], { quiet: 100, interval: 60_000 })
  for (let number = 0; number < 50; number++) writeFileSync(path, `${number}`)
  await until(() => seen.changes > 0)
  expect(seen.changes).toBe(1)
  seen.close()
  writeFileSync(path, 'more')
  await sleep(150)
  expect(seen.changes).toBe(1)
})
