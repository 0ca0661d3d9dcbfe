import { expect, test } from 'vitest'
import type { ListOperation } from '../../../src/policy/directive.ts'
import { applyOperation } from '../../../src/policy/effective-policy.ts'
import {
  followOperation,
  GIVEN,
  isSameState,
  type ListState,
} from '../../../src/policy/lint/list-state.ts'
import { fc } from '../../seed.ts'

const VALUES = ['A', 'B', 'C', 'D']
const word = { text: '', start: 0, end: 0 }

const operation: fc.Arbitrary<ListOperation> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ kind: 'reset' as const }) },
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constantFrom('append' as const, 'prepend' as const, 'omit' as const),
      value: fc.constantFrom(...VALUES),
      word: fc.constant(word),
    }),
  },
)
const operations = fc.array(operation, { maxLength: 8 })
const list = fc.shuffledSubarray(VALUES)

function apply(state: ListState, given: readonly string[]): readonly string[] {
  const { front, dropped, back } = state
  const kept = dropped === 'all' ? [] : given.filter((value) => !dropped.has(value))
  return [...front, ...kept, ...back.filter((value) => !kept.includes(value))]
}

test('does to every list what its operations do one by one', () => {
  fc.assert(
    fc.property(operations, list, (steps, given) => {
      const expected = steps.reduce<readonly string[]>(applyOperation, given)
      expect(apply(steps.reduce(followOperation, GIVEN), given)).toEqual(expected)
    }),
    { numRuns: 2000 },
  )
})

test('the same states do the same', () => {
  fc.assert(
    fc.property(operations, operations, list, (first, second, given) => {
      const [a, b] = [first.reduce(followOperation, GIVEN), second.reduce(followOperation, GIVEN)]
      fc.pre(isSameState(a, b))
      expect(apply(a, given)).toEqual(apply(b, given))
    }),
  )
})
