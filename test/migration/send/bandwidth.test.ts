/** How many bytes may be sent, by a clock of the test. */
import { expect, test } from 'vitest'
import { Bandwidth } from '../../../src/migration/send/bandwidth.ts'

test('no more than the limit is sent, and nothing much is saved up', async () => {
  let now = 0
  const bandwidth = new Bandwidth(1000, () => now)
  now = 60_000
  expect(await bandwidth.take(500)).toBe(100)
  now += 50
  const next = bandwidth.take(500)
  now += 50
  expect(await next).toBe(100)
})

test('a limit that is changed counts at once', async () => {
  let now = 0
  const bandwidth = new Bandwidth(1, () => now)
  const waiting = bandwidth.take(1000)
  bandwidth.limit = 1_000_000
  now += 10
  expect(await waiting).toBe(1000)
  bandwidth.limit = Number.POSITIVE_INFINITY
  expect(await bandwidth.take(123_456_789)).toBe(123_456_789)
})

test('a wait ends when what is sent is cancelled', async () => {
  const cancelled = new AbortController()
  const waiting = new Bandwidth(1, () => 0).take(1000, cancelled.signal)
  cancelled.abort()
  await expect(waiting).rejects.toThrow('The operation was aborted')
})
