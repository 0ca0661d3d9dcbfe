/** What is done before a signal ends a program: only where nothing else listens, and in this order. */
import { expect, onTestFinished, test } from 'vitest'
import { beforeFatalSignal } from '../../src/files/last-acts.ts'
import { catchOwnSignals } from './own-signals.ts'

const FATAL = [
  ...['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGABRT', 'SIGALRM', 'SIGUSR2', 'SIGVTALRM'],
  ...['SIGXCPU', 'SIGIO', 'SIGPROF', 'SIGPWR', 'SIGSTKFLT'],
] as readonly NodeJS.Signals[]

function counts(): readonly number[] {
  return FATAL.map((signal) => process.listenerCount(signal))
}

test('all acts are done, and then the signal does what it does', () => {
  const sent = catchOwnSignals()
  const done: unknown[] = []
  onTestFinished(beforeFatalSignal(() => done.push('one', ...sent)))
  onTestFinished(beforeFatalSignal(() => done.push('other', ...sent)))
  process.emit('SIGQUIT', 'SIGQUIT')
  expect(done).toEqual(['one', 'other'])
  expect(sent).toEqual(['SIGQUIT'])
  expect(process.listenerCount('SIGQUIT')).toBe(0)
})

test('a signal that something else listens to is its affair', () => {
  const sent = catchOwnSignals()
  const done: unknown[] = []
  onTestFinished(beforeFatalSignal(() => done.push('act')))
  const other = () => done.push('other')
  process.on('SIGQUIT', other)
  onTestFinished(() => void process.off('SIGQUIT', other))
  process.emit('SIGQUIT', 'SIGQUIT')
  expect(done).toEqual(['other'])
  expect(sent).toEqual([])
})

test('signals are listened to from the first act until the last is taken back', () => {
  const before = counts()
  const during = before.map((count) => count + 1)
  for (let round = 0; round < 2; round++) {
    const [takeOne, takeOther] = [beforeFatalSignal(() => {}), beforeFatalSignal(() => {})]
    expect(counts()).toEqual(during)
    takeOne()
    takeOne()
    expect(counts()).toEqual(during)
    takeOther()
    expect(counts()).toEqual(before)
  }
})
