import { expect, test } from 'vitest'
import { findMoves } from '../../src/policy/reordering.ts'
import { fc } from '../seed.ts'

const VALUES = ['A', 'B', 'C', 'D', 'E', 'F']
const order = fc.shuffledSubarray(VALUES, { minLength: VALUES.length })

test('finds no move in the same order', () => {
  expect(findMoves(VALUES, VALUES)).toEqual([])
  expect(findMoves([], [])).toEqual([])
})

test('finds one move where one value has moved', () => {
  expect(findMoves(['A', 'B', 'C', 'D'], ['B', 'C', 'A', 'D'])).toEqual([
    { value: 'A', after: 'C' },
  ])
  expect(findMoves(['A', 'B', 'C'], ['C', 'A', 'B'])).toEqual([{ value: 'C', after: undefined }])
})

test('its moves lead from one order to the other', () => {
  fc.assert(
    fc.property(order, order, (from, to) => {
      let list = [...from]
      for (const { value, after } of findMoves(from, to)) {
        list = list.filter((other) => other !== value)
        list.splice(after === undefined ? 0 : list.indexOf(after) + 1, 0, value)
      }
      expect(list).toEqual(to)
    }),
  )
})
