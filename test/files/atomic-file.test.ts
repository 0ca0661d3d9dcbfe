import { once } from 'node:events'
import fs, {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  linkInPlace,
  makeFolder,
  removeEmptyFolders,
  replaceFile,
  replaceLink,
  stageFile,
  stageNewFile,
  TEMPORARY_SUFFIX,
  writeAllDurable,
  writeDurable,
} from '../../src/files/atomic-file.ts'
import { runFile, scratchFolder } from '../cli/command.ts'
import { noteSyncs } from './note-syncs.ts'
import { openFilesBelow } from './open-files.ts'

const isRoot = process.geteuid?.() === 0

/** What a run of the same process id would have left, had it been killed at any of its files. */
function leaveTemporaryFiles(path: string): void {
  for (let n = 1; n <= 200; n++) {
    writeFileSync(`${path}.${process.pid}-${n}${TEMPORARY_SUFFIX}`, 'left')
  }
}

describe('what a killed run has left under the same name', () => {
  test('is no obstacle to a file', () => {
    const path = join(scratchFolder(), 'file')
    leaveTemporaryFiles(path)
    replaceFile(path, 'new')
    expect(readFileSync(path, 'utf8')).toBe('new')
  })

  test('is no obstacle to a link', () => {
    const path = join(scratchFolder(), 'link')
    leaveTemporaryFiles(path)
    replaceLink(path, 'target')
    expect(readlinkSync(path)).toBe('target')
  })
})

test('a file gets the mode whatever the umask, and its reader sees old bytes until the commit', () => {
  const folder = scratchFolder()
  const path = join(folder, 'file')
  replaceFile(path, 'old', 0o600)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  const staged = stageFile(path, 'new', 0o666)
  expect(readFileSync(path, 'utf8')).toBe('old')
  staged.commit()
  staged.makeDurable()
  expect(readFileSync(path, 'utf8')).toBe('new')
  expect(statSync(path).mode & 0o777).toBe(0o666)
  expect(readdirSync(folder)).toEqual(['file'])
})

test('what is discarded leaves nothing, and the old file as it was', () => {
  const folder = scratchFolder()
  const path = join(folder, 'file')
  replaceFile(path, 'old')
  stageFile(path, 'new').discard()
  expect(readFileSync(path, 'utf8')).toBe('old')
  expect(readdirSync(folder)).toEqual(['file'])
})

test('a new file never replaces one that came meanwhile', () => {
  const folder = scratchFolder()
  const path = join(folder, 'file')
  const staged = stageNewFile(path, 'ours')
  writeFileSync(path, 'theirs')
  expect(staged.commit).toThrow(/EEXIST/)
  staged.discard()
  expect(readFileSync(path, 'utf8')).toBe('theirs')
  expect(readdirSync(folder)).toEqual(['file'])
})

test('a replacement that fails leaves nothing', () => {
  const folder = scratchFolder()
  mkdirSync(join(folder, 'taken', 'by-a-folder'), { recursive: true })
  expect(() => replaceFile(join(folder, 'taken'), 'x')).toThrow(/EISDIR|ENOTEMPTY|EEXIST/)
  expect(() => linkInPlace(join(folder, 'taken'), 'x')).toThrow(/EISDIR|ENOTEMPTY|EEXIST/)
  expect(() => replaceFile(join(folder, 'none', 'file'), 'x')).toThrow(/ENOENT/)
  // The file is there already when its owner turns out to be impossible.
  const owner = { uid: 2 ** 40, gid: 0 }
  expect(() => stageFile(join(folder, 'file'), 'x', 0o600, owner)).toThrow('out of range')
  expect(readdirSync(folder)).toEqual(['taken'])
  expect(openFilesBelow(folder)).toEqual([])
})

test('nothing stays open of what was written', () => {
  const folder = scratchFolder()
  replaceFile(join(folder, 'file'), 'x')
  replaceLink(join(folder, 'link'), 'file')
  const staged = stageNewFile(join(folder, 'new'), 'x')
  staged.commit()
  staged.makeDurable()
  expect(readdirSync(folder).toSorted()).toEqual(['file', 'link', 'new'])
  expect(openFilesBelow(folder)).toEqual([])
})

test('a new file that is in place has no second name', () => {
  const path = join(scratchFolder(), 'file')
  stageNewFile(path, 'x', 0o640).commit()
  expect(statSync(path)).toMatchObject({ nlink: 1, mode: 0o100640 })
})

test('a link is made in the workshop, or beside its place where that is on another file system', () => {
  const folder = scratchFolder()
  linkInPlace(join(folder, 'link'), 'target', '/dev/shm')
  expect(readlinkSync(join(folder, 'link'))).toBe('target')
  const workshop = join(folder, 'workshop')
  mkdirSync(workshop)
  linkInPlace(join(folder, 'link'), 'other', workshop)
  expect(readlinkSync(join(folder, 'link'))).toBe('other')
  expect(readdirSync(workshop)).toEqual([])
})

test('no socket is replaced by a file', async () => {
  const path = join(scratchFolder(), 'socket')
  const server = createServer().listen(path)
  await once(server, 'listening')
  const { ino, mode } = statSync(path)
  expect(() => replaceFile(path, 'text')).toThrow('it is a socket')
  expect(statSync(path)).toMatchObject({ ino, mode })
  expect(readdirSync(dirname(path))).toEqual(['socket'])
  server.close()
})

test.skipIf(!isRoot)('no device is replaced by a file [root]', () => {
  const path = join(scratchFolder(), 'null')
  expect(runFile('mknod', [path, 'c', '1', '3']).status).toBe(0)
  expect(() => replaceFile(path, 'text')).toThrow('it is a device')
  expect(statSync(path).isCharacterDevice()).toBe(true)
})

describe('makeFolder', () => {
  test('makes those above too, and leaves one that is there', () => {
    const path = join(scratchFolder(), 'a', 'b', 'c')
    makeFolder(path, 0o700)
    expect(statSync(path).mode & 0o777).toBe(0o700)
    makeFolder(path, 0o755)
    expect(statSync(path).mode & 0o777).toBe(0o700)
  })

  test('says what is in the way, and what never becomes a folder', () => {
    const path = join(scratchFolder(), 'file')
    writeFileSync(path, '')
    expect(() => makeFolder(path)).toThrow(/EEXIST/)
    expect(() => makeFolder('/proc/none/x')).toThrow(/ENOENT/)
  })

  test('tells which it made, and takes away those alone that nothing was put into', () => {
    const folder = scratchFolder()
    const path = (...names: string[]): string => join(folder, ...names)
    mkdirSync(path('a'))
    const made = makeFolder(path('a', 'b', 'c', 'd'))
    expect(made).toEqual([path('a', 'b'), path('a', 'b', 'c'), path('a', 'b', 'c', 'd')])
    expect(makeFolder(path('a', 'b'))).toEqual([])
    writeFileSync(path('a', 'b', 'file'), '')
    removeEmptyFolders(made)
    expect(readdirSync(folder, { recursive: true }).toSorted()).toEqual(['a', 'a/b', 'a/b/file'])
  })
})

test('a file is on disk before it is put in place, and its folder afterwards', () => {
  const folder = scratchFolder()
  const path = join(folder, 'file')
  writeFileSync(path, 'old')
  const noted = noteSyncs((synced) => `${synced === folder}: ${readFileSync(path, 'utf8')}`)
  replaceFile(path, 'new')
  expect(noted).toEqual(['false: old', 'true: new'])
})

test('the folder of a link is on disk when the link is in place', () => {
  const folder = scratchFolder()
  const path = join(folder, 'link')
  replaceLink(path, 'old')
  const noted = noteSyncs((synced) => `${synced === folder}: ${readlinkSync(path)}`)
  replaceLink(path, 'new')
  expect(noted).toEqual(['true: new'])
  linkInPlace(path, 'newer')
  expect(noted).toHaveLength(1)
})

/** Files are opened in another way until the test ends, or until `openSync` is put back. */
function replaceOpenSync(one: typeof fs.openSync): void {
  fs.openSync = one
  syncBuiltinESMExports()
}

describe('many files that are written together', () => {
  /** In memory, where a disk need not be waited for. */
  function folderInMemory(): string {
    const folder = mkdtempSync('/dev/shm/cryptopolicy-test-')
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    return folder
  }
  const filesIn = (folder: string, count: number) =>
    Array.from({ length: count }, (_, at) => ({
      path: join(folder, `${at}`),
      content: `text ${at}`,
    }))

  test('have their mode and their text, each waited for once, two hundred of them open at the most', () => {
    const folder = folderInMemory()
    let most = 0
    const noted = noteSyncs((path) => {
      most = Math.max(most, openFilesBelow(folder).length)
      return path
    })
    const before = process.umask(0o077)
    onTestFinished(() => void process.umask(before))
    const files = filesIn(folder, 401)
    writeAllDurable(files, 0o664)
    expect(noted).toEqual(files.map(({ path }) => path))
    expect([most, openFilesBelow(folder)]).toEqual([200, []])
    for (const { path, content } of files) expect(readFileSync(path, 'utf8')).toBe(content)
    expect(new Set(files.map(({ path }) => statSync(path).mode & 0o777))).toEqual(new Set([0o664]))
    writeAllDurable([{ path: join(folder, 'new'), content: '' }])
    expect(statSync(join(folder, 'new')).mode & 0o777).toBe(0o644)
    writeAllDurable([])
  })

  test('replace none that is there, and leave nothing open', () => {
    const folder = folderInMemory()
    const files = filesIn(folder, 3)
    writeFileSync(join(folder, '1'), 'theirs')
    expect(() => writeAllDurable(files)).toThrow(/EEXIST/)
    expect(readFileSync(join(folder, '1'), 'utf8')).toBe('theirs')
    expect(openFilesBelow(folder)).toEqual([])
    expect(() => writeDurable(join(folder, '1'), 'ours')).toThrow(/EEXIST/)
    expect(readFileSync(join(folder, '1'), 'utf8')).toBe('theirs')
  })

  test('are closed where no descriptor is left, and go on', () => {
    const folder = folderInMemory()
    const { openSync } = fs
    onTestFinished(() => replaceOpenSync(openSync))
    // The kernel refuses the third file of this process.
    replaceOpenSync((path, ...rest) => {
      if (openFilesBelow(folder).length < 2) return openSync(path, ...rest)
      throw Object.assign(new Error('too many'), { code: 'EMFILE' })
    })
    const files = filesIn(folder, 7)
    writeAllDurable(files)
    replaceOpenSync(openSync)
    expect(readdirSync(folder)).toHaveLength(7)
    expect(openFilesBelow(folder)).toEqual([])
  })

  test('and where none is left at all, that is told', () => {
    const folder = folderInMemory()
    const { openSync } = fs
    onTestFinished(() => replaceOpenSync(openSync))
    replaceOpenSync(() => {
      throw Object.assign(new Error('too many'), { code: 'EMFILE' })
    })
    expect(() => writeAllDurable(filesIn(folder, 1))).toThrow('too many')
  })
})

test.skipIf(!isRoot)('a file has its owner and all bits of its mode [root]', () => {
  const path = join(scratchFolder(), 'file')
  replaceFile(path, 'x', 0o4755, { uid: 12, gid: 34 })
  expect(statSync(path)).toMatchObject({ uid: 12, gid: 34, mode: 0o104755 })
  stageNewFile(`${path}2`, 'x', 0o600, { uid: 12, gid: 34 }).commit()
  expect(statSync(`${path}2`)).toMatchObject({ uid: 12, gid: 34, mode: 0o100600 })
})
