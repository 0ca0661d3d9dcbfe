import { expect, test } from 'vitest'
import { ReadCoverage } from '../../../src/nbd/client/read-coverage.ts'
import { ProtocolError } from '../../../src/wire/protocol-error.ts'
import { fc } from '../../seed.ts'

test('knows what has arrived as a map of single bytes knows it', () => {
  const size = 24
  const part = fc.tuple(fc.integer({ min: -2, max: size + 2 }), fc.integer({ min: 1, max: 9 }))
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const coverage = new ReadCoverage(size)
      const bytes = new Set<number>()
      for (const [start, length] of parts) {
        const wanted = Array.from({ length }, (_, index) => start + index)
        const isRefused = wanted.some((at) => at < 0 || at >= size || bytes.has(at))
        if (isRefused) {
          expect(() => coverage.add(start, length)).toThrow(ProtocolError)
          return
        }
        coverage.add(start, length)
        for (const at of wanted) bytes.add(at)
        expect(coverage.isComplete).toBe(bytes.size === size)
      }
    }),
    { seed: 11, numRuns: 3000 },
  )
})

test('refuses an answer in too many pieces', () => {
  const coverage = new ReadCoverage(100_000)
  expect(() => {
    for (let at = 0; at < 100_000; at += 2) coverage.add(at, 1)
  }).toThrow('an answer in too many pieces')
})

test('takes pieces in falling order', () => {
  const coverage = new ReadCoverage(10_000)
  for (let at = 9_999; at >= 0; at--) coverage.add(at, 1)
  expect(coverage.isComplete).toBe(true)
})
