/** The lock of a file. SQLite itself, whose locks it takes, says who holds it. */
import fs, { existsSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { type LockWords, takeFileLock, withFileLock } from '../../src/files/file-lock.ts'
import { runFile, scratchFolder } from '../cli/command.ts'
import { openFilesBelow } from './open-files.ts'

const never = (): never => {
  throw new Error('another holds it')
}
const WORDS: LockWords = { giveUp: never }

function isHeld(path: string): boolean {
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
    return false
  } catch (error) {
    expect((error as Error).message).toBe('database is locked')
    return true
  } finally {
    database.close()
  }
}

test('is held until it is given back, by its owner alone, and stays there', () => {
  const path = join(scratchFolder(), 'lock')
  const release = takeFileLock(path, WORDS)
  expect(isHeld(path)).toBe(true)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  release()
  expect(existsSync(path)).toBe(true)
  expect(isHeld(path)).toBe(false)
  expect(statSync(path).size).toBe(0)
  expect(openFilesBelow(path)).toEqual([])
})

test('is held during the work, and given back where that fails', () => {
  const path = join(scratchFolder(), 'lock')
  expect(withFileLock(path, WORDS, () => isHeld(path))).toBe(true)
  const work = (): never => {
    throw new Error('no')
  }
  expect(() => withFileLock(path, WORDS, work)).toThrow('no')
  expect(isHeld(path)).toBe(false)
})

test('of folders that people look into is removed', () => {
  const path = join(scratchFolder(), 'lock')
  const release = takeFileLock(path, { ...WORDS, isTransient: true })
  expect(isHeld(path)).toBe(true)
  release()
  expect(existsSync(path)).toBe(false)
})

test('is given back although its file cannot be removed', () => {
  const path = join(scratchFolder(), 'lock')
  const release = takeFileLock(path, { ...WORDS, isTransient: true })
  rmSync(path)
  mkdirSync(path)
  release()
  expect(existsSync(path)).toBe(true)
  expect(openFilesBelow(path)).toEqual([])
})

test('is taken over once it is given back; a waiting caller is told that it waits, once', () => {
  const path = join(scratchFolder(), 'lock')
  const release = takeFileLock(path, WORDS)
  let waits = 0
  const wait = (): void => {
    waits++
    release()
  }
  takeFileLock(path, { ...WORDS, wait })()
  expect(waits).toBe(1)
  takeFileLock(path, { ...WORDS, wait })()
  expect(waits).toBe(1)
})

/** Does something just before the lock is looked at for the last time, as an attacker might. */
function beforeEachLook(path: string, interfere: () => void): void {
  const { lstatSync } = fs
  const replace = (own: typeof fs.lstatSync): void => {
    fs.lstatSync = own
    syncBuiltinESMExports()
  }
  onTestFinished(() => replace(lstatSync))
  replace(((...args: Parameters<typeof lstatSync>) => {
    if (args[0] === path) interfere()
    return lstatSync(...args)
  }) as typeof lstatSync)
}

test('is taken anew where its file was removed meanwhile', () => {
  const path = join(scratchFolder(), 'lock')
  let removals = 0
  beforeEachLook(path, () => {
    if (++removals < 3) fs.unlinkSync(path)
  })
  const release = takeFileLock(path, WORDS)
  expect(removals).toBe(3)
  expect(isHeld(path)).toBe(true)
  release()
  expect(openFilesBelow(path)).toEqual([])
})

test('is given up where its file is replaced for ever', () => {
  const folder = scratchFolder()
  const path = join(folder, 'lock')
  const old = join(folder, 'old')
  let number = 0
  beforeEachLook(path, () => fs.renameSync(path, `${old}${++number}`))
  expect(() => takeFileLock(path, { ...WORDS, hint: 'look there' })).toThrow(
    expect.objectContaining({
      diagnostics: [
        expect.objectContaining({
          code: 'FILE_UNWRITABLE',
          message: `cannot write ${path}: it is replaced again and again`,
          hint: 'look there',
        }),
      ],
    }),
  )
  expect(number).toBe(100)
  expect(openFilesBelow(folder)).toEqual([])
})

test('follows no link, waits for no pipe, and says what stands there', () => {
  const folder = scratchFolder()
  const path = (name: string): string => join(folder, name)
  writeFileSync(path('file'), '')
  symlinkSync('file', path('link'))
  mkdirSync(path('folder'))
  expect(runFile('mkfifo', [path('pipe')]).status).toBe(0)
  expect(() => takeFileLock(path('link'), WORDS)).toThrow('it is a symbolic link')
  expect(() => takeFileLock(path('folder'), WORDS)).toThrow('directory')
  expect(() => takeFileLock(path('pipe'), WORDS)).toThrow(`cannot write ${path('pipe')}`)
  expect(() => takeFileLock('/dev/null', WORDS)).toThrow('it is not a regular file')
})

test('is not taken where its file is no database', () => {
  const path = join(scratchFolder(), 'lock')
  writeFileSync(path, 'a text of some other program, which is no database')
  expect(() => takeFileLock(path, WORDS)).toThrow('file is not a database')
  expect(openFilesBelow(path)).toEqual([])
})
