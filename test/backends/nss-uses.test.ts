import { expect, test } from 'vitest'
import { printUses } from '../../src/backends/nss-uses.ts'

const MERGES = [
  { uses: ['read', 'write'], as: 'write' },
  { uses: ['tls', 'write'], as: 'all' },
]

test('names the uses of an algorithm in the order in which they were granted', () => {
  const grants = [
    { names: ['a', 'b'], uses: ['tls'] },
    { names: ['b'], uses: ['read'] },
  ]
  expect(printUses(grants, MERGES)).toEqual(['a/tls', 'b/tls,read'])
})

test('merges step by step and leaves the slash out where all uses are granted', () => {
  const grants = [{ names: ['a'], uses: ['tls', 'read', 'write'] }]
  expect(printUses(grants, MERGES)).toEqual(['a'])
})

test('puts a merged word where the first of its uses stood', () => {
  const grants = [{ names: ['a'], uses: ['read', 'other', 'write'] }]
  expect(printUses(grants, MERGES)).toEqual(['a/write,other'])
})

test('names an algorithm and a use once though granted twice', () => {
  const grants = [
    { names: ['a', 'a'], uses: ['tls'] },
    { names: ['a'], uses: ['tls'] },
  ]
  expect(printUses(grants, MERGES)).toEqual(['a/tls'])
})
