import { closeSync, constants, mkdirSync, openSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { listFolderIfPresent } from '../../src/files/folder-list.ts'
import {
  readBytes,
  readFromMark,
  readMixedTextFile,
  readNamedBytes,
  readNamedMixedFile,
  readNamedSecretFile,
  readNamedTextFile,
  readSecretTextFile,
  readTextFile,
  readTextFileIfPresent,
  readToEnd,
  unlessMissing,
} from '../../src/files/text-file.ts'
import { runFile, scratchFolder } from '../cli/command.ts'
import { spawn } from '../peers/child-process.ts'
import { openFilesBelow } from './open-files.ts'

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
  expect(() => readTextFile(path)).toThrow('larger than 262144 bytes')
  expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1024 ** 2)
})

test('reads every byte of a file up to its limit, and no more', () => {
  const path = join(scratchFolder(), 'full')
  const bytes = Buffer.alloc(262_144, 'policy\n')
  writeFileSync(path, bytes)
  expect(readBytes(path).equals(bytes)).toBe(true)
  expect(() => readBytes(path, 262_143)).toThrow('larger than')
})

test('what is no file is called by its name', () => {
  const folder = scratchFolder()
  const pipe = join(folder, 'pipe')
  expect(runFile('mkfifo', [pipe]).status).toBe(0)
  expect(() => readBytes(folder)).toThrow('it is a directory')
  expect(() => readBytes(pipe)).toThrow('it is a pipe')
  expect(() => readBytes('/dev/null')).toThrow('it is a device')
})

const FOUR = [0xf0, 0x90, 0x8d, 0x88]

test.each([
  ['a byte that begins nothing', [0x61, 0x0a, 0xff, 0x62], 2],
  ['the first byte of a character that does not go on', [0x61, 0xc3, 0x28], 1],
  ['a character that is cut off', [0x61, 0x62, 0xe2, 0x82], 2],
  ['the beginning of the mark of what is no text', [0x61, 0xef, 0xbf], 1],
  ['the same before a letter', [0xef, 0xbf, 0x41], 0],
  ['after characters of every length', [0x24, 0xc2, 0xa2, 0xe2, 0x82, 0xac, ...FOUR, 0xff], 10],
  ['after the mark itself', [0xef, 0xbf, 0xbd, 0xff], 3],
  ['a longer form than is needed', [0xc0, 0x80], 0],
])('text that is not UTF-8 is refused at its first bad byte: %s', (_, bytes, at) => {
  const path = join(scratchFolder(), 'text')
  writeFileSync(path, Buffer.from(bytes))
  expect(() => readTextFile(path)).toThrow(new RegExp(`\\b${at}\\b`))
})

test('of a file that is read or refused nothing stays open', () => {
  const folder = scratchFolder()
  const path = join(folder, 'file')
  writeFileSync(path, 'text')
  expect(readTextFile(path)).toEqual({ name: path, text: 'text' })
  expect(readNamedTextFile(path)).toEqual({ name: path, text: 'text' })
  expect(() => readBytes(path, 3)).toThrow('larger than 3 bytes')
  expect(() => readNamedBytes(path, 3)).toThrow('larger than 3 bytes')
  expect(() => readBytes(folder)).toThrow('it is a directory')
  expect(() => readNamedBytes(folder)).toThrow('it is a directory')
  expect(openFilesBelow(folder)).toEqual([])
})

test('what begins at a mark is read wherever it lies, and no part of the file is passed over', () => {
  const folder = scratchFolder()
  const path = join(folder, 'library')
  const bounds = { length: 8, limit: 200_000 }
  for (const at of [0, 1, ...Array.from({ length: 20 }, (_, n) => 65_520 + n), 131_060]) {
    writeFileSync(path, `${'-'.repeat(at)}MARK 1.2 ${'-'.repeat(65_536)}`)
    expect(readFromMark(path, 'MARK', bounds)?.toString(), String(at)).toBe('MARK 1.2')
    writeFileSync(path, `${'-'.repeat(at)}MARK`)
    expect(readFromMark(path, 'MARK', bounds)?.toString(), String(at)).toBe('MARK')
    writeFileSync(path, `${'-'.repeat(at)}MAR`)
    expect(readFromMark(path, 'MARK', bounds), String(at)).toBeUndefined()
  }
  expect(() => readFromMark(path, 'MARK', { length: 8, limit: 1000 })).toThrow('larger than')
  // As far as the limit a part begins.
  writeFileSync(path, `${'-'.repeat(65_600)}MARK 1.2 ${'-'.repeat(65_536)}`)
  const readWithin = (limit: number) => readFromMark(path, 'MARK', { length: 8, limit })
  expect(readWithin(65_528)?.toString()).toBe('MARK 1.2')
  expect(() => readWithin(65_527)).toThrow('larger than 65527 bytes')
  expect(() => readFromMark(folder, 'MARK', bounds)).toThrow('it is a directory')
  expect(openFilesBelow(folder)).toEqual([])
})

test('a secret is marked, also where it is refused', () => {
  const path = join(scratchFolder(), 'secret')
  writeFileSync(path, 'key')
  const secret = { name: path, text: 'key', isSecret: true }
  expect([readSecretTextFile(path), readNamedSecretFile(path)]).toEqual([secret, secret])
  writeFileSync(path, Buffer.from([0x61, 0xff]))
  const refused = {
    span: { source: { name: path, text: 'a\xff', isSecret: true }, start: 1, end: 2 },
  }
  const diagnostics = [expect.objectContaining({ code: 'FILE_INVALID_UTF8', ...refused })]
  for (const read of [readSecretTextFile, readNamedSecretFile]) {
    expect(() => read(path)).toThrow(expect.objectContaining({ diagnostics }))
  }
})

test('what may hold secrets beside other things is not marked, but where it is refused', () => {
  const path = join(scratchFolder(), 'mixed')
  writeFileSync(path, 'key')
  for (const read of [readMixedTextFile, readNamedMixedFile]) {
    writeFileSync(path, 'key')
    expect(read(path)).toEqual({ name: path, text: 'key' })
    writeFileSync(path, Buffer.from([0x61, 0xff]))
    const span = { source: { name: path, text: 'a\xff', isSecret: true }, start: 1, end: 2 }
    const diagnostics = [expect.objectContaining({ code: 'FILE_INVALID_UTF8', span })]
    expect(() => read(path)).toThrow(expect.objectContaining({ diagnostics }))
  }
})

test('a file that may be missing is undefined, and any other failure is told', () => {
  const folder = scratchFolder()
  const path = join(folder, 'file')
  expect(readTextFileIfPresent(path)).toBeUndefined()
  writeFileSync(path, 'x')
  expect(readTextFileIfPresent(path)?.text).toBe('x')
  expect(() => readTextFileIfPresent(folder)).toThrow('it is a directory')
  expect(() => readTextFileIfPresent(join(path, 'below'))).toThrow(`cannot read ${path}/below`)
  const other = (): never => {
    throw new Error('other')
  }
  expect(() => unlessMissing(other)).toThrow('other')
  expect(() => readNamedBytes(path.replace('file', 'none'))).toThrow('does not exist')
})

test('a file that fails while it is read is told with the reason', () => {
  // The system has nothing at the address 0 of any process.
  expect(() => readBytes('/proc/self/mem')).toThrow(
    'cannot read /proc/self/mem: input/output error',
  )
})

test('a folder that is missing is an empty one, and nothing else is', () => {
  const folder = scratchFolder()
  writeFileSync(join(folder, 'file'), '')
  expect(listFolderIfPresent(folder)).toEqual(['file'])
  expect(listFolderIfPresent(join(folder, 'none'))).toEqual([])
  expect(() => listFolderIfPresent(join(folder, 'file'))).toThrow('cannot read')
})

test('a pipe of which another program made its end non-blocking is read to its end', async () => {
  const folder = scratchFolder()
  const pipe = join(folder, 'pipe')
  expect(runFile('mkfifo', [pipe]).status).toBe(0)
  const descriptor = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK)
  onTestFinished(() => closeSync(descriptor))
  const writer = spawn('sh', ['-c', 'exec 3>"$0"; echo open; sleep 0.2; printf later >&3', pipe])
  await new Promise((resolve) => writer.stdout.once('data', resolve))
  expect(readToEnd(descriptor, pipe, 5).toString()).toBe('later')
})
