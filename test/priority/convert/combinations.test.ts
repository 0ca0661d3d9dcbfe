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

test.each([
  [
    ['a-x', 'a-y', 'a-z', 'b-x'],
    ['a-x', 'a-y', 'a-z'],
  ],
  [
    ['a-z', 'b-x', 'b-y'],
    ['b-x', 'b-y'],
  ],
  [
    ['a-x', 'a-y', 'a-z', 'b-x', 'b-y'],
    ['a-x', 'a-y', 'b-x', 'b-y'],
  ],
])('gives up of %j what costs the least', (wanted, kept) => {
  expect(combine(chooseWords(new Set(wanted), ALL, wordsOf))).toEqual(kept)
})

test('allows something wherever anything is wanted, and never what is not', () => {
  for (let chosen = 1; chosen < 2 ** ALL.length; chosen++) {
    const items = ALL.filter((_, index) => chosen & (1 << index))
    const allowed = combine(chooseWords(new Set(items), ALL, wordsOf))
    expect(allowed.length, items.join()).toBeGreaterThan(0)
    expect(allowed.filter((item) => !items.includes(item))).toEqual([])
  }
})
