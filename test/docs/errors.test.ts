import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../cli/command.ts'
import { CATALOGUES, renderPage, renderTable } from './error-table.ts'
import { readPage } from './pages.ts'

const PAGE = readPage('docs/errors.md')

for (const [name, kinds] of Object.entries(CATALOGUES)) {
  test(`docs/errors.md has every line of the ${name} catalogue`, () => {
    const lines = PAGE.split('\n')
    const missing = renderTable(kinds)
      .split('\n')
      .filter((line) => !lines.includes(line))
    expect(missing, 'npm run docs:errors writes them').toEqual([])
  })
}

test('docs/errors.md is as npm run docs:errors writes it', () => {
  expect(PAGE).toBe(renderPage(PAGE))
})

test('every code is declared once', () => {
  const codes = Object.values(CATALOGUES).flatMap((kinds) => kinds.map((kind) => kind.code))
  expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([])
})

test('no catalogue of the sources is left out', () => {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  const texts = files
    .filter((path) => path.endsWith('-diagnostics.ts'))
    .map((path) => readFileSync(join(ROOT, 'src', path), 'utf8'))
  const codes = texts.flatMap((text) => [...text.matchAll(/^ {2}code: '(\w+)',$/gm)])
  const known = Object.values(CATALOGUES).flatMap((kinds) => kinds.map((kind) => kind.code))
  expect(codes.map(([, code = '']) => code).filter((code) => !known.includes(code))).toEqual([])
})

test('docs/errors.md names no code that is gone', () => {
  const known = Object.values(CATALOGUES).flatMap((kinds) => kinds.map((kind) => kind.code))
  const named = [...PAGE.matchAll(/`([A-Z]+_[A-Z0-9_]+)`/g)].map((match) => match[1] ?? '')
  expect(named.filter((code) => !known.includes(code))).toEqual([])
})
