import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chooseWords } from '../../../src/priority/convert/combinations.ts'

const wordsOf = (item: string): readonly string[] => item.split('-')
const ALL = ['a', 'b', 'c'].flatMap((first) =>
  ['x', 'y', 'z'].map((second) => `${first}-${second}`),
)

function combine(words: ReadonlySet<string>): readonly string[] {
  return ALL.filter((item) => wordsOf(item).every((word) => words.has(word)))
}

test('allows all that is wanted where every combination is', () => {
  const wanted = new Set(['a-x', 'a-y', 'b-x', 'b-y'])
  expect(combine(chooseWords(wanted, ALL, wordsOf))).toEqual([...wanted])
})

test('gives up the one that would cost the most', () => {
  const wanted = new Set(['a-x', 'a-y', 'a-z', 'b-x'])
  expect(combine(chooseWords(wanted, ALL, wordsOf))).toEqual(['a-x', 'a-y', 'a-z'])
})

test('never allows what is not wanted', () => {
  fc.assert(
    fc.property(fc.subarray(ALL), (items) => {
      const allowed = combine(chooseWords(new Set(items), ALL, wordsOf))
      expect(allowed.filter((item) => !items.includes(item))).toEqual([])
    }),
  )
})
