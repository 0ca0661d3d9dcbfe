/** Runs a command line: errors in words, an exit status, no stack trace without --debug. */
import { CommanderError } from 'commander'
import { DiagnosticError, diagnose } from '../diagnostics/diagnostic.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'
import { EXIT, exitStatusOf } from './exit-codes.ts'
import { Terminal } from './terminal.ts'

export type RunOptions = {
  /** The status of wrong usage. */
  readonly usage: number
  /** The status of an error with diagnostics. */
  readonly statusOf: (error: DiagnosticError) => number
}

const DEFAULTS: RunOptions = {
  usage: EXIT.usage,
  statusOf: (error) => exitStatusOf(error.diagnostics),
}

/** Runs `work` and gives the exit status of the process. */
export async function runToExit(
  work: () => Promise<number>,
  options: RunOptions = DEFAULTS,
): Promise<number> {
  try {
    return await work()
  } catch (error) {
    return reportFailure(error, options)
  }
}

function reportFailure(error: unknown, options: RunOptions): number {
  const terminal = new Terminal()
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : options.usage
  if (process.argv.includes('--debug')) terminal.warn((error as Error).stack ?? String(error))
  if (error instanceof DiagnosticError) {
    error.diagnostics.forEach(terminal.report)
    return options.statusOf(error)
  }
  const message = error instanceof Error ? error.message : String(error)
  terminal.report(diagnose(CLI_KINDS.internal, { message }))
  return EXIT.internal
}
