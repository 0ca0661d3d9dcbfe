import { expect, test } from 'vitest'
import { daysUntil } from '../../src/x509/days-until.ts'

const now = new Date('2030-01-10T12:00:00Z')

test.each([
  ['2030-01-10T12:00:00Z', 0],
  ['2030-01-11T11:59:59Z', 0],
  ['2030-01-11T12:00:00Z', 1],
  ['2031-01-10T12:00:00Z', 365],
  ['2030-01-10T11:59:59Z', -1],
  ['2030-01-01T12:00:00Z', -9],
])('until %s there are %d whole days', (date, days) => {
  expect(daysUntil(new Date(date), now)).toBe(days)
})
