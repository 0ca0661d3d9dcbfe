/** Runs a command line: errors in words, an exit status, no stack trace without --debug. */
import { CommanderError } from 'commander'
import { DiagnosticError, diagnose } from '../diagnostics/diagnostic.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'
import { EXIT, exitStatusOf } from './exit-codes.ts'
import { ENVELOPE } from './json-envelope.ts'
import { Terminal } from './terminal.ts'

export type RunOptions = {
  /** The status of an error with diagnostics. */
  readonly statusOf: (error: DiagnosticError) => number
}

const DEFAULTS: RunOptions = { statusOf: (error) => exitStatusOf(error.diagnostics) }

/** Runs `work` and gives the exit status of the process. */
export async function runToExit(
  work: () => Promise<number>,
  options: RunOptions = DEFAULTS,
): Promise<number> {
  const terminal = new Terminal()
  const status = await runInWords(work, options, terminal)
  if (ENVELOPE.isWanted && status !== HELP_SHOWN) terminal.printText(ENVELOPE.print())
  return status === HELP_SHOWN ? EXIT.done : status
}

/** Stands for a run that printed its help or its version, and has no result. */
const HELP_SHOWN = -1

async function runInWords(
  work: () => Promise<number>,
  options: RunOptions,
  terminal: Terminal,
): Promise<number> {
  try {
    return await work()
  } catch (error) {
    // All other errors of commander have become diagnostics: see usage-error.ts.
    if (error instanceof CommanderError) return HELP_SHOWN
    return reportFailure(error, options, terminal)
  }
}

function reportFailure(error: unknown, options: RunOptions, terminal: Terminal): number {
  if (process.argv.includes('--debug')) terminal.warn((error as Error).stack ?? String(error))
  if (error instanceof DiagnosticError) {
    error.diagnostics.forEach(terminal.report)
    return options.statusOf(error)
  }
  const message = error instanceof Error ? error.message : String(error)
  terminal.report(diagnose(CLI_KINDS.internal, { message }))
  return EXIT.internal
}
