/** The terminal of this process in raw mode: it is given back when the process ends, breaks, is stopped or killed. */
import type { ReadStream } from 'node:tty'
import { makeTransparent } from '../../files/terminal-settings.ts'
import { terminalSettings, watchTerminal } from './terminal-watcher.ts'

type Signal = NodeJS.Signals

/** They end or stop a process, and Node.js does not give the terminal back before. */
const SIGNALS = [
  ...['SIGTSTP', 'SIGQUIT', 'SIGABRT', 'SIGALRM', 'SIGUSR2', 'SIGVTALRM', 'SIGXCPU', 'SIGIO'],
] as readonly Signal[]

/** @returns what gives it back. */
export function takeTerminal(terminal: ReadStream): () => void {
  const take = (): void => {
    terminal.setRawMode(true)
    makeTransparent(0)
  }
  const giveBack = (): void => void terminal.setRawMode(false)
  /** The signal does what it does by default. */
  const onSignal = (signal: Signal): void => {
    giveBack()
    process.off(signal, onSignal)
    process.kill(process.pid, signal)
    // Here it goes on, or was not stopped since no shell would let it go on.
    process.on(signal, onSignal)
    take()
  }
  /** The shell has used the terminal meanwhile. */
  const onGoOn = (): void => {
    giveBack()
    take()
  }
  const before = terminalSettings()
  take()
  const taken = terminalSettings()
  const endWatch =
    before === undefined || taken === undefined ? () => {} : watchTerminal(before, taken)
  for (const signal of SIGNALS) process.on(signal, onSignal)
  process.on('SIGCONT', onGoOn)
  return () => {
    for (const signal of SIGNALS) process.off(signal, onSignal)
    process.off('SIGCONT', onGoOn)
    giveBack()
    endWatch()
  }
}
