/** The terminal of this process in raw mode: it is given back when the process ends, breaks, is stopped or killed. */
import type { ReadStream } from 'node:tty'
import { beforeFatalSignal } from '../../files/last-acts.ts'
import { makeTransparent } from '../../files/terminal-settings.ts'
import { terminalSettings, watchTerminal } from './terminal-watcher.ts'

/** @returns what gives it back. */
export function takeTerminal(terminal: ReadStream): () => void {
  const take = (): void => {
    terminal.setRawMode(true)
    makeTransparent(0)
  }
  const giveBack = (): void => void terminal.setRawMode(false)
  /** It stops, as by default. */
  const onStop = (): void => {
    giveBack()
    process.off('SIGTSTP', onStop)
    process.kill(process.pid, 'SIGTSTP')
    // Here it goes on, or was not stopped since no shell would let it go on.
    process.on('SIGTSTP', onStop)
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
  const forgetSignals = beforeFatalSignal(giveBack)
  process.on('SIGTSTP', onStop).on('SIGCONT', onGoOn)
  return () => {
    forgetSignals()
    process.off('SIGTSTP', onStop).off('SIGCONT', onGoOn)
    giveBack()
    endWatch()
  }
}
