import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  listNames,
  makeOpenFolder,
  readLink,
  removeNames,
} from '../../src/system/folder-entries.ts'
import { scratchFolder, writeFiles } from '../cli/command.ts'

test('what is stale goes, folders and links too; the rest, and what links lead to, stays', () => {
  const folder = scratchFolder()
  const elsewhere = scratchFolder()
  writeFiles(elsewhere, { 'kept/file': 'kept' })
  writeFiles(folder, { 'a-old': '', 'b-old/below/file': '', c: 'kept', 'old-d/file': 'kept' })
  symlinkSync(join(elsewhere, 'kept'), join(folder, 'e-old'))
  removeNames(folder, (name) => name.endsWith('-old'))
  expect(readdirSync(folder).toSorted()).toEqual(['c', 'old-d'])
  expect(existsSync(join(elsewhere, 'kept', 'file'))).toBe(true)
})

test('a folder that is not there has no names, and nothing to remove', () => {
  const path = join(scratchFolder(), 'none')
  expect(listNames(path)).toEqual([])
  removeNames(path, () => true)
  expect(existsSync(path)).toBe(false)
})

test('only a link has a target', () => {
  const folder = scratchFolder()
  symlinkSync('target', join(folder, 'link'))
  expect(readLink(join(folder, 'link'))).toBe('target')
  expect(readLink(folder)).toBeUndefined()
  expect(readLink(join(folder, 'none'))).toBeUndefined()
})

test('every user can read a folder of ours and those made above it, and only these', () => {
  const before = join(scratchFolder(), 'before')
  mkdirSync(before)
  chmodSync(before, 0o711)
  makeOpenFolder(join(before, 'made', 'ours'))
  for (const path of ['made', 'made/ours']) {
    expect(statSync(join(before, path)).mode & 0o777).toBe(0o755)
  }
  expect(statSync(before).mode & 0o777).toBe(0o711)
  chmodSync(join(before, 'made', 'ours'), 0o700)
  makeOpenFolder(join(before, 'made', 'ours'))
  expect(statSync(join(before, 'made', 'ours')).mode & 0o777).toBe(0o755)
})

test('a link or a file in the place of a folder is refused', () => {
  const folder = scratchFolder()
  const elsewhere = scratchFolder()
  chmodSync(elsewhere, 0o700)
  symlinkSync(elsewhere, join(folder, 'link'))
  writeFiles(folder, { file: '' })
  expect(() => makeOpenFolder(join(folder, 'link'))).toThrow(/ELOOP|ENOTDIR/)
  expect(() => makeOpenFolder(join(folder, 'file'))).toThrow(/ENOTDIR/)
  expect(statSync(elsewhere).mode & 0o777).toBe(0o700)
})

test('the mode of a file in the place of a folder above stays', () => {
  const path = join(scratchFolder(), 'file')
  writeFileSync(path, '', { mode: 0o600 })
  expect(() => makeOpenFolder(join(path, 'below', 'deep'))).toThrow(/ENOTDIR/)
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('why a folder cannot be made is told', () => {
  expect(() => makeOpenFolder('/sys/none')).toThrow(/EPERM|EACCES|EROFS/)
  expect(() => makeOpenFolder('/sys/none/below')).toThrow(/EPERM|EACCES|EROFS/)
})
