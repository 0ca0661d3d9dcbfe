/** Paths without links, also of what is not there; realpath(1) of the host is the judge. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { canonicalPath } from '../../src/files/canonical-path.ts'
import { runFile, scratchFolder } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'

testWith('realpath', 'a path is what realpath -m makes of it', () => {
  const folder = scratchFolder()
  mkdirSync(join(folder, 'a', 'b'), { recursive: true })
  writeFileSync(join(folder, 'a', 'file'), '')
  const links = {
    file: 'a/file',
    folder: 'a/b',
    nowhere: 'a/none',
    'nowhere-above': '../none/below',
    absolute: join(folder, 'a', 'none'),
    chain: 'nowhere',
    'through-link': 'folder/../none',
  }
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(folder, name))
  const paths = [
    ...Object.keys(links),
    ...['a/file', 'a/./b/../file', 'a/none/x', 'none/../a', 'folder/..', 'folder/../none'],
    ...['nowhere/below', 'chain/x/y', 'through-link/z', 'a//b/'],
  ].map((name) => `${folder}/${name}`)
  const judged = runFile('realpath', ['-m', '--', ...paths])
    .stdout.trim()
    .split('\n')
  expect(paths.map((path) => [path, canonicalPath(path)])).toEqual(
    paths.map((path, index) => [path, judged[index]]),
  )
})

test('as many links are followed as Linux follows, also where they lead nowhere', () => {
  const folder = scratchFolder()
  const path = (name: string | number): string => join(folder, `${name}`)
  symlinkSync('none', path(1))
  for (let at = 2; at <= 41; at++) symlinkSync(`${at - 1}`, path(at))
  expect(canonicalPath(path(1))).toBe(path('none'))
  expect(canonicalPath(path(40))).toBe(path('none'))
  expect(canonicalPath(path(41))).toBe(path(1))
  symlinkSync('b', path('a'))
  symlinkSync('a', path('b'))
  expect(canonicalPath(path('a'))).toMatch(/\/[ab]$/)
  expect(canonicalPath('/')).toBe('/')
})
