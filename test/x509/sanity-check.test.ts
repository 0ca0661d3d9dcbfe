import { expect, test } from 'vitest'
import { makeCases } from './credential-cases.ts'
import { judgeOwn } from './judge-own.ts'

test.each(makeCases())('$name ($role): $verdict', (row) => {
  expect(judgeOwn(row)).toBe(row.verdict)
})
