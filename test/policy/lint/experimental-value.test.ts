import { expect, test } from 'vitest'
import { experimentalValue } from '../../../src/policy/lint/experimental-value.ts'
import { findInModule, summarize } from './rule-findings.ts'

test('finds an experimental algorithm', () => {
  expect(summarize(findInModule(experimentalValue, 'group = MLKEM512+\n'))).toEqual([
    'warning POLICY_EXPERIMENTAL_VALUE MODULE.pmod:1:9 group MLKEM512 is experimental',
  ])
})

test('keeps quiet where the file asks for it', () => {
  const text = '# %suppress_experimental_value_warnings=true\ngroup = MLKEM512+\n'
  expect(findInModule(experimentalValue, text)).toEqual([])
})
