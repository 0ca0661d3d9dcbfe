/** Signals of the process of the test: what is done at one, without its end. */
import { onTestFinished, vi } from 'vitest'

/** @returns the signals by which the process has ended itself since. */
export function catchOwnSignals(): readonly unknown[] {
  const sent: unknown[] = []
  const kill = process.kill.bind(process)
  const spy = vi.spyOn(process, 'kill').mockImplementation((pid, signal) => {
    if (pid !== process.pid) return kill(pid, signal)
    sent.push(signal)
    return true
  })
  onTestFinished(() => spy.mockRestore())
  return sent
}
