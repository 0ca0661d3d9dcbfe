/** Work that SIGINT or SIGTERM ends: in order at first, at once when told again. */
import { expect, onTestFinished, test } from 'vitest'
import { endedBySignals } from '../../src/cli/ended-by-signals.ts'
import { bindGroup } from '../../src/files/bound-groups.ts'
import { catchOwnSignals } from '../files/own-signals.ts'

type SignalListener = (signal: NodeJS.Signals) => void

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends it in order though it has started programs, a second one at once',
  async (signal) => {
    const sent = catchOwnSignals()
    const before = process.listeners(signal) as SignalListener[]
    const other = signal === 'SIGINT' ? 'SIGTERM' : 'SIGINT'
    const own = () =>
      (process.listeners(signal) as SignalListener[]).filter((one) => !before.includes(one))
    const result = await endedBySignals(async (stop) => {
      onTestFinished(bindGroup(undefined))
      for (const listener of own()) listener(signal)
      expect(stop.aborted).toBe(true)
      expect(sent).toEqual([])
      expect(own()).toHaveLength(2)
      for (const listener of own()) listener(signal)
      expect(sent.slice(0, 1)).toEqual([signal])
      expect(process.listenerCount(other)).toBeGreaterThan(0)
      return 'in order'
    })
    expect(result).toBe('in order')
  },
)
