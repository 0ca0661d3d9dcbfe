/** How many bytes may be sent, by a clock of the test. */
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { Bandwidth } from '../../../src/migration/send/bandwidth.ts'

vi.mock('node:timers/promises', { spy: true })

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

describe('a wait', () => {
  /** The waits, in milliseconds, until so many bytes may be sent; what may be sent at first was saved before. */
  const waitsFor = async (limit: number, wanted: number, saved = 0) => {
    let now = 0
    const bandwidth = new Bandwidth(limit, () => now)
    now = (saved / limit) * 1000
    const waits: unknown[] = []
    vi.mocked(delay).mockImplementation(async (wait) => {
      waits.push(wait)
      now += wait ?? 0
      return undefined as never
    })
    onTestFinished(() => void vi.mocked(delay).mockRestore())
    return [await bandwidth.take(wanted), waits]
  }

  test.each<[string, number, number, number, number, number[]]>([
    ['what a tenth of a second carries', 1000, 500, 0, 100, [100]],
    ['what lacks in it', 1000, 500, 60, 100, [40]],
    ['all that is wanted, where that is less', 1000, 50, 0, 50, [50]],
    ['what lacks in all that is wanted', 1000, 50, 20, 50, [30]],
    ['no less than a millisecond', 1_000_000, 100, 0, 100, [1]],
    ['one byte, and no longer than the rate may change', 2.5, 500, 0, 1, [200, 200]],
    ['nothing, where enough is saved', 1000, 500, 100, 100, []],
  ])('is for %s', async (_, limit, wanted, saved, taken, waits) => {
    expect(await waitsFor(limit, wanted, saved)).toEqual([taken, waits])
  })
})
