/** Which files are believed: this user's own, that no other user can change. */
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readOwnText, reasonNotOwn } from '../../src/transfer/own-file.ts'
import { runFile, scratchFolder } from '../cli/command.ts'
import { openFilesBelow } from '../files/open-files.ts'

function makeOwn(mode = 0o600): string {
  const path = join(scratchFolder(), 'own')
  writeFileSync(path, 'text é')
  chmodSync(path, mode)
  return path
}

test.each([0o600, 0o400, 0o640, 0o604, 0o644, 0o755, 0o700])(
  'a file of mode %o is its owner’s alone',
  (mode) => {
    const path = makeOwn(mode)
    expect(reasonNotOwn(statSync(path))).toBeUndefined()
    expect(readOwnText(path, 100)).toEqual({ text: 'text é' })
    expect(openFilesBelow(path)).toEqual([])
  },
)

const OTHERS = 'other users may write to it'
const NAMES = 'it has more than one name'
const KIND = 'it is not a regular file'

test.each<[string, (path: string) => void, string]>([
  ['that its group may write', (path) => chmodSync(path, 0o620), OTHERS],
  ['that all may write', (path) => chmodSync(path, 0o602), OTHERS],
  ['that group and all may write', (path) => chmodSync(path, 0o666), OTHERS],
  ['with a second name', (path) => linkSync(path, `${path}.other`), NAMES],
  ['with two more names', (path) => [1, 2].map((n) => linkSync(path, `${path}.${n}`)), NAMES],
])('a file %s is not believed', (_, spoil, reason) => {
  const path = makeOwn()
  spoil(path)
  expect(reasonNotOwn(statSync(path))).toBe(reason)
  expect(readOwnText(path, 100)).toEqual({ reason })
  expect(openFilesBelow(path)).toEqual([])
})

test('what is no file is not read, and a pipe is not waited for', () => {
  const folder = scratchFolder()
  const [pipe, inner] = [join(folder, 'pipe'), join(folder, 'folder')]
  expect(runFile('mkfifo', ['-m', '600', pipe]).status).toBe(0)
  mkdirSync(inner)
  for (const path of [pipe, inner]) {
    expect(reasonNotOwn(statSync(path))).toBe(KIND)
    expect(readOwnText(path, 100)).toEqual({ reason: KIND })
  }
  expect(openFilesBelow(folder)).toEqual([])
})

test('a link is not followed, and a file that is not there is none', () => {
  const path = makeOwn()
  symlinkSync(path, `${path}.link`)
  expect(readOwnText(`${path}.link`, 100)).toEqual({ reason: 'it cannot be opened (ELOOP)' })
  expect(readOwnText(`${path}.missing`, 100)).toBeUndefined()
  expect(readOwnText(join(path, 'below'), 100)).toEqual({ reason: 'it cannot be opened (ENOTDIR)' })
})

test('no more is read than the limit', () => {
  const path = makeOwn()
  const { size } = statSync(path)
  expect(readOwnText(path, size)).toEqual({ text: 'text é' })
  expect(readOwnText(path, size - 1)).toEqual({ reason: 'it is too large' })
  writeFileSync(path, '')
  expect(readOwnText(path, 0)).toEqual({ text: '' })
  expect(openFilesBelow(path)).toEqual([])
})

const isRoot = process.geteuid?.() === 0

test.skipIf(!isRoot)('a file of another user is not believed [root]', () => {
  const path = makeOwn()
  chownSync(path, 65_534, 0)
  expect(reasonNotOwn(statSync(path))).toBe('it belongs to another user')
  expect(readOwnText(path, 100)).toEqual({ reason: 'it belongs to another user' })
  // Its group alone says nothing of who may write to it.
  chownSync(path, 0, 65_534)
  expect(reasonNotOwn(statSync(path))).toBeUndefined()
})
