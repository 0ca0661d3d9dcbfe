import { expect, test } from 'vitest'
import { didYouMean, nearestOrKnown, suggest } from '../../src/diagnostics/suggestion.ts'
import { fc } from '../seed.ts'

const CIPHERS = ['AES-128-GCM', 'AES-256-GCM', 'AES-128-CCM', 'CHACHA20-POLY1305', 'NULL']

test('one edit of each kind is found: insert, delete, replace, swap; case is none', () => {
  for (const typed of ['NUL', 'NULLL', 'NUXL', 'NLUL', 'null']) {
    expect(suggest(typed, CIPHERS)).toEqual(['NULL'])
  }
  // A swap is one edit and not two: with a limit of one edit, `BA` is near `AB`.
  expect(suggest('BA', ['AB', 'XY'])).toEqual(['AB'])
})

test('the nearest come first, three at most, and nothing that is far', () => {
  expect(suggest('AES-128-GCN', CIPHERS)).toEqual(['AES-128-GCM', 'AES-128-CCM', 'AES-256-GCM'])
  const many = ['A1', 'A2', 'A3', 'A4']
  expect(suggest('A', many)).toEqual(['A1', 'A2', 'A3'])
  expect(suggest('BLOWFISH', CIPHERS)).toEqual([])
  // Comparing texts of any length would take the time of both lengths multiplied.
  expect(suggest('A'.repeat(101), ['A'.repeat(101)])).toEqual([])
  expect(suggest('A'.repeat(100), ['A'.repeat(100)])).toHaveLength(1)
})

test('names that begin with all that was typed come before nearer ones', () => {
  const backends = ['openssh', 'opensslcnf', 'openssl_fips']
  expect(suggest('openssl', backends)).toEqual(['opensslcnf', 'openssh'])
  expect(suggest('Open', ['oven', 'opensm', 'OPEN'])).toEqual(['OPEN', 'opensm', 'oven'])
})

test('a name of N letters may have a third of them wrong, and one more', () => {
  expect(suggest('ABCDEF', ['ABCXYZ'])).toEqual(['ABCXYZ'])
  expect(suggest('ABCDEF', ['ABWXYZ'])).toEqual([])
  expect(suggest('AB', ['XYZ'])).toEqual([])
})

test('the words name one, two or three', () => {
  expect(didYouMean('NUL', CIPHERS)).toBe('did you mean NULL?')
  expect(didYouMean('A', ['A1', 'A2'])).toBe('did you mean A1 or A2?')
  expect(didYouMean('A', ['A1', 'A2', 'A3'])).toBe('did you mean A1, A2 or A3?')
  expect(didYouMean('BLOWFISH', CIPHERS)).toBeUndefined()
})

test('what is suggested is what a plain table of distances finds', () => {
  const word = fc.string({ unit: fc.constantFrom('A', 'B', 'C'), maxLength: 7 })
  fc.assert(
    fc.property(word, word, (typed, name) => {
      const limit = Math.floor(typed.length * 0.34) + 1
      expect(suggest(typed, [name]).length === 1).toBe(distance(typed, name) <= limit)
    }),
    { numRuns: 2000 },
  )
})

/** By recursion over the ends of both words; a swap of two neighbours is one edit. */
function distance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length
  const [restA, restB] = [a.slice(0, -1), b.slice(0, -1)]
  const replaced = distance(restA, restB) + (a.at(-1) === b.at(-1) ? 0 : 1)
  if (replaced === 0) return 0
  const isSwap = a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1)
  const swapped = isSwap ? distance(a.slice(0, -2), b.slice(0, -2)) + 1 : replaced
  return Math.min(replaced, distance(restA, b) + 1, distance(a, restB) + 1, swapped)
}

test('where nothing is near, the names are told, of a long list a few', () => {
  expect(nearestOrKnown('NUL', CIPHERS)).toBe('did you mean NULL?')
  expect(nearestOrKnown('BLOWFISH', CIPHERS)).toBe(`known are ${CIPHERS.join(', ')}`)
  const names = Array.from({ length: 51 }, (_, index) => `NAME-${index}`)
  expect(nearestOrKnown('', names.slice(1))).toBe(`known are ${names.slice(1).join(', ')}`)
  expect(nearestOrKnown('', names)).toBe('for instance NAME-0, NAME-1, NAME-2')
  expect(nearestOrKnown('x', [])).toBeUndefined()
})
