/** How long a source may say nothing. */
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { SilenceWatch } from '../../../src/migration/receive/silence-watch.ts'

describe('silence', () => {
  const watched = () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const onSilence = vi.fn()
    const watch = new SilenceWatch(onSilence)
    const toldAfter = (time: number) => {
      vi.advanceTimersByTime(time)
      return onSilence.mock.calls.length
    }
    return { watch, toldAfter }
  }

  test('counts from what came last', () => {
    const { watch, toldAfter } = watched()
    watch.touch(100)
    expect(toldAfter(99)).toBe(0)
    watch.touch(100)
    expect(toldAfter(99)).toBe(0)
    expect(toldAfter(1)).toBe(1)
  })

  test('has the limit that was said last, be it shorter, longer or none', () => {
    const { watch, toldAfter } = watched()
    watch.touch(1000)
    watch.touch(100)
    expect(toldAfter(100)).toBe(1)
    watch.touch(100)
    watch.touch(1000)
    expect(toldAfter(999)).toBe(1)
    watch.touch(0)
    expect(toldAfter(5000)).toBe(1)
  })

  test('is not told once the watch has stopped', () => {
    const { watch, toldAfter } = watched()
    watch.touch(100)
    watch.stop()
    expect(toldAfter(1000)).toBe(0)
    watch.touch(100)
    expect(toldAfter(100)).toBe(1)
  })
})
