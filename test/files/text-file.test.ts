import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readBytes, readTextFile, TEXT_LIMIT } from '../../src/files/text-file.ts'
import { runFile, scratchFolder } from '../cli/command.ts'

test('neither waits for a pipe or a device, nor reads a folder', () => {
  const folder = scratchFolder()
  const pipe = join(folder, 'pipe')
  expect(runFile('mkfifo', [pipe]).status).toBe(0)
  mkdirSync(join(folder, 'folder'))
  for (const path of [pipe, join(folder, 'folder'), '/dev/zero', '/dev/null', '/dev/tty']) {
    expect(() => readBytes(path), path).toThrow(/it is a|No such device|cannot read/)
  }
})

test('nor a socket', async () => {
  const path = join(scratchFolder(), 'socket')
  const server = createServer().listen(path)
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  expect(() => readBytes(path)).toThrow(`cannot read ${path}`)
})

test('a file whose size is told as 0 is bounded by what it holds', () => {
  // In its folder, because /proc/kallsyms may be hidden from users.
  expect(() => readBytes('/proc/self/mountinfo', 10)).toThrow('larger than 10 bytes')
  expect(readTextFile('/proc/self/cmdline').text).not.toBe('')
})

test('a stray file of any size costs nothing', () => {
  const path = join(scratchFolder(), 'image')
  writeFileSync(path, '')
  truncateSync(path, 1.5 * 1024 ** 3)
  const before = process.memoryUsage().rss
  expect(() => readTextFile(path)).toThrow(`larger than ${TEXT_LIMIT} bytes`)
  expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1024 ** 2)
})

test('reads every byte of a file up to its limit, and no more', () => {
  const path = join(scratchFolder(), 'full')
  const bytes = Buffer.alloc(TEXT_LIMIT, 'policy\n')
  writeFileSync(path, bytes)
  expect(readBytes(path).equals(bytes)).toBe(true)
  expect(() => readBytes(path, TEXT_LIMIT - 1)).toThrow('larger than')
})

test('what is no file is called by its name', () => {
  const folder = scratchFolder()
  const pipe = join(folder, 'pipe')
  expect(runFile('mkfifo', [pipe]).status).toBe(0)
  expect(() => readBytes(folder)).toThrow('it is a directory')
  expect(() => readBytes(pipe)).toThrow('it is a pipe')
  expect(() => readBytes('/dev/null')).toThrow('it is a device')
})

test.each([
  ['a byte that begins nothing', [0x61, 0x0a, 0xff, 0x62], 2],
  ['the first byte of a character that does not go on', [0x61, 0xc3, 0x28], 1],
  ['a character that is cut off', [0x61, 0x62, 0xe2, 0x82], 2],
  ['a longer form than is needed', [0xc0, 0x80], 0],
])('text that is not UTF-8 is refused at its first bad byte: %s', (_, bytes, at) => {
  const path = join(scratchFolder(), 'text')
  writeFileSync(path, Buffer.from(bytes))
  expect(() => readTextFile(path)).toThrow(new RegExp(`\\b${at}\\b`))
})
