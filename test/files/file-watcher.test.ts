import fs, {
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { FileWatcher, type FileWatcherOptions } from '../../src/files/file-watcher.ts'
import { scratchFolder, writeFiles } from '../cli/command.ts'
import { watchedAmong } from './open-files.ts'

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

test('tells of nothing that it was to look at when it was closed', async () => {
  const folder = realpathSync(scratchFolder())
  writeFiles(folder, { file: '' })
  let changes = 0
  const watcher = new FileWatcher(
    () => [join(folder, 'file')],
    () => changes++,
    { quiet: 20, interval: 60_000 },
  )
  writeFiles(folder, { file: 'changed' })
  watcher.lookSoon()
  watcher.close()
  await sleep(100)
  expect([changes, watchedAmong([folder])]).toEqual([0, []])
})

/** Which of some folders the kernel watches for a path. */
function watchedFor(path: string, folder: string, names: readonly string[]): readonly string[] {
  const watcher = new FileWatcher(
    () => [path],
    () => {},
    { interval: 60_000 },
  )
  const folders = names.map((name) => join(folder, name))
  const watched = watchedAmong(folders)
  watcher.close()
  expect(watchedAmong(folders)).toEqual([])
  return watched.map((path) => path.slice(folder.length + 1))
}

test('watches only the folders in which a change could lead to another file', () => {
  const folder = realpathSync(scratchFolder())
  writeFiles(folder, { 'a/b/file': '', 'c/d/file': '', 'e/other': '' })
  symlinkSync('../c/d', join(folder, 'a', 'relative'))
  symlinkSync(join(folder, 'a', 'relative', 'file'), join(folder, 'e', 'absolute'))
  const names = ['a', 'a/b', 'c', 'c/d', 'e']
  const watched = (path: string) => watchedFor(join(folder, path), folder, names)
  expect(watched('a/b/file')).toEqual(['a/b'])
  expect(watched('a/b/none')).toEqual(['a/b'])
  expect(watched('a/none/x/y')).toEqual(['a'])
  expect(watched('a/relative/file')).toEqual(['a', 'c/d'])
  expect(watched('e/absolute')).toEqual(['a', 'c/d', 'e'])
})

test('watches other folders once others matter, and none after it was closed', async () => {
  const folder = realpathSync(scratchFolder())
  writeFiles(folder, { 'a/file': '', 'b/file': '' })
  const [a, b] = [join(folder, 'a'), join(folder, 'b')]
  const paths = [join(a, 'file')]
  const options = { quiet: 5, interval: 60_000 }
  const watcher = new FileWatcher(
    () => paths,
    () => watcher.close(),
    options,
  )
  expect(watchedAmong([a, b])).toEqual([a])
  paths[0] = join(b, 'file')
  watcher.lookSoon()
  // The change is told, and who is told closes it.
  await expect.poll(() => watchedAmong([a, b])).toEqual([])
  watcher.lookSoon()
  await sleep(50)
  expect(watchedAmong([a, b])).toEqual([])
})

test('folders that are needed no longer are let go, and the others stay', async () => {
  const folder = realpathSync(scratchFolder())
  writeFiles(folder, { 'a/file': '', 'b/file': '', 'c/file': '' })
  const [a, b, c] = ['a', 'b', 'c'].map((name) => join(folder, name)) as [string, string, string]
  let needed = [a, b]
  const watcher = new FileWatcher(
    () => needed.map((one) => join(one, 'file')),
    () => {},
    { quiet: 5, interval: 60_000 },
  )
  onTestFinished(() => watcher.close())
  expect(watchedAmong([a, b, c])).toEqual([a, b])
  needed = [b, c]
  watcher.lookSoon()
  await expect.poll(() => watchedAmong([a, b, c])).toEqual([b, c])
  // One that is needed again is watched again.
  needed = [a]
  watcher.lookSoon()
  await expect.poll(() => watchedAmong([a, b, c])).toEqual([a])
})

test('looks no more where it is closed before its next look', async () => {
  const folder = realpathSync(scratchFolder())
  let looks = 0
  const paths = (): readonly string[] => {
    looks++
    return [join(folder, 'file')]
  }
  const watcher = new FileWatcher(paths, () => {}, { quiet: 1, interval: 1 })
  watcher.lookSoon()
  watcher.close()
  const before = looks
  await sleep(50)
  expect(looks).toBe(before)
})

test('watches the folder that took the place of another', async () => {
  const folder = realpathSync(scratchFolder())
  writeFiles(folder, { 'a/b/file': '', 'new/file': '' })
  const path = join(folder, 'a', 'b')
  const seen = countChanges([join(path, 'file')])
  renameSync(path, join(folder, 'old'))
  renameSync(join(folder, 'new'), path)
  await until(() => seen.changes > 0)
  await expect.poll(() => watchedAmong([path, join(folder, 'old')])).toEqual([path])
  const before = seen.changes
  writeFileSync(join(path, 'file'), 'changed')
  await until(() => seen.changes > before)
})

test('watches a folder anew where the system has ended its watcher', async () => {
  const folder = scratchFolder()
  const path = join(folder, 'file')
  const watch = vi.spyOn(fs, 'watch')
  syncBuiltinESMExports()
  onTestFinished(() => {
    watch.mockRestore()
    syncBuiltinESMExports()
  })
  const seen = countChanges([path])
  expect(watch).toHaveBeenCalledTimes(1)
  watch.mock.results[0]?.value.emit('error', new Error('ended'))
  await until(() => watch.mock.calls.length === 2)
  writeFileSync(path, 'x')
  await until(() => seen.changes === 1)
})

test('tells nothing where it looks and nothing has changed', async () => {
  const folder = scratchFolder()
  writeFiles(folder, { file: '' })
  let looks = 0
  let changes = 0
  const paths = (): readonly string[] => {
    looks++
    return [join(folder, 'file')]
  }
  const options = { quiet: 1, interval: 1 }
  const watcher = new FileWatcher(paths, () => changes++, options)
  onTestFinished(() => watcher.close())
  await until(() => looks > 20)
  expect(changes).toBe(0)
})

test('keeps no process alive', () => {
  const folder = scratchFolder()
  const before = process.getActiveResourcesInfo().toSorted()
  const watcher = new FileWatcher(
    () => [join(folder, 'file')],
    () => {},
  )
  watcher.lookSoon()
  expect(process.getActiveResourcesInfo().toSorted()).toEqual(before)
  watcher.close()
})
