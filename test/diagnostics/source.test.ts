import { expect, test } from 'vitest'
import { formatLocation, lineText, locate, spanText } from '../../src/diagnostics/source.ts'
import { fc } from '../seed.ts'

test('lines and columns count from one, and a line ends with its line feed', () => {
  const source = { name: 'x', text: 'ab\n\ncd' }
  const places = [0, 1, 2, 3, 4, 5, 6].map((offset) => Object.values(locate(source, offset)))
  expect(places).toEqual([
    ...[
      [1, 1],
      [1, 2],
      [1, 3],
    ],
    [2, 1],
    ...[
      [3, 1],
      [3, 2],
      [3, 3],
    ],
  ])
})

test('every offset is where counting line ends finds it', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '\n', '\r', 'ü') })
  fc.assert(
    fc.property(text, (text) => {
      const source = { name: 'x', text }
      const lines = text.split('\n')
      for (let offset = 0; offset <= text.length; offset++) {
        const before = text.slice(0, offset).split('\n')
        const column = (before.at(-1) ?? '').length + 1
        expect(locate(source, offset)).toEqual({ line: before.length, column })
      }
      for (const [at, line] of lines.entries()) {
        expect(lineText(source, at + 1)).toBe(line.replace(/\r$/, ''))
      }
      expect(lineText(source, lines.length + 1)).toBe('')
    }),
  )
})

test('a place is written as compilers write it', () => {
  const span = { source: { name: 'a.pol', text: 'x\ncipher = AES' }, start: 2, end: 8 }
  expect(formatLocation(span)).toBe('a.pol:2:1')
  expect(spanText(span)).toBe('cipher')
})
