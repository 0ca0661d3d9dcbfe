/** The file that tells how far a copy came: only ranges within the disk are believed. */
import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  loadState,
  reasonNotState,
  removeState,
  STATE_LIMIT,
  saveState,
} from '../../src/transfer/transfer-state.ts'
import { scratchFolder } from '../cli/command.ts'
import { openFilesBelow } from '../files/open-files.ts'

const BINDING = { source: 'file 1', destination: 'file 2', size: 1000 }

function load(done: unknown) {
  const path = join(scratchFolder(), 'state')
  const state = { format: 'cryptopolicy-copy-1', ...BINDING, done }
  writeFileSync(path, JSON.stringify(state), { mode: 0o600 })
  const loaded = loadState(path, BINDING)
  return loaded && 'done' in loaded ? loaded.done.toArray() : loaded?.reason
}

test('ranges of the disk are believed', () => {
  expect(load([])).toEqual([])
  expect(load([[0, 1000]])).toEqual([[0, 1000]])
  expect(
    load([
      [0, 1],
      [999, 1000],
    ]),
  ).toEqual([
    [0, 1],
    [999, 1000],
  ])
})

test.each([
  [[[-1, 5]]],
  [[[5, 5]]],
  [[[6, 5]]],
  [[[0, 1001]]],
  [[[0.5, 2]]],
  [[[0, 2 ** 53]]],
  [[[0, 1, 2]]],
  [[[0, 10], 5]],
  [[['0', 5]]],
  [{ length: 0 }],
])('%j is damaged', (done) => {
  expect(load(done)).toBe('it is damaged')
})

test.each([
  ['source', 'it belongs to another source'],
  ['destination', 'it belongs to another destination'],
  ['size', 'the size of the source has changed'],
] as const)('a state of another %s is told', (key, reason) => {
  const path = join(scratchFolder(), 'state')
  saveState(path, { ...BINDING, [key]: key === 'size' ? 1001 : 'file 3' }, [[0, 5]])
  expect(loadState(path, BINDING)).toEqual({ reason })
})

test('a state is written over nothing but a state', () => {
  const path = join(scratchFolder(), 'state')
  expect(reasonNotState(path)).toBeUndefined()
  saveState(path, BINDING, [])
  expect(reasonNotState(path)).toBeUndefined()
  writeFileSync(path, '', { mode: 0o600 })
  expect(reasonNotState(path)).toBeUndefined()
  for (const text of ['what a user wrote', '{', '{"format":"another"}']) {
    writeFileSync(path, text)
    expect(reasonNotState(path)).toBe('it is no state of a copy')
  }
  expect(reasonNotState(scratchFolder())).toBe('it is not a regular file')
})

test('a state is a line that its owner alone can read, and gone where it is removed', () => {
  const path = join(scratchFolder(), 'state')
  expect(loadState(path, BINDING)).toBeUndefined()
  removeState(path)
  saveState(path, BINDING, [
    [0, 5],
    [7, 9],
  ])
  expect(readFileSync(path, 'utf8')).toBe(
    '{"format":"cryptopolicy-copy-1","source":"file 1","destination":"file 2","size":1000,"done":[[0,5],[7,9]]}\n',
  )
  expect(statSync(path).mode & 0o777).toBe(0o600)
  removeState(path)
  expect(loadState(path, BINDING)).toBeUndefined()
})

const NO_STATE = 'it is no state of a copy'

test.each(['', '{', 'null', '5', '"text"', '[]', '{}', '{"format":"cryptopolicy-copy-2"}'])(
  'of %s it is said that it is no state',
  (text) => {
    const path = join(scratchFolder(), 'state')
    writeFileSync(path, text, { mode: 0o600 })
    expect(loadState(path, BINDING)).toEqual({ reason: NO_STATE })
    expect(openFilesBelow(path)).toEqual([])
  },
)

test('a state without ranges is damaged, one that others may write or that has no end is not read', () => {
  expect(load(undefined)).toBe('it is damaged')
  const path = join(scratchFolder(), 'state')
  writeFileSync(path, Buffer.alloc(STATE_LIMIT + 1, ' '), { mode: 0o600 })
  expect(loadState(path, BINDING)).toEqual({ reason: 'it is too large' })
  expect(STATE_LIMIT).toBe(16 * 1024 * 1024)
  symlinkSync(path, `${path}.link`)
  expect(loadState(`${path}.link`, BINDING)).toEqual({ reason: 'it cannot be opened (ELOOP)' })
  expect(reasonNotState(`${path}.link`)).toBe('it is not a regular file')
  expect(reasonNotState(path)).toBe(NO_STATE)
  expect(openFilesBelow(path)).toEqual([])
})
