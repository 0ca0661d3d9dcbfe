/** Runs a command line: errors in words, an exit status, no stack trace without --debug. */
import { CommanderError } from 'commander'
import { type Diagnostic, DiagnosticError, diagnose } from '../diagnostics/diagnostic.ts'
import { printDiagnostic } from '../diagnostics/print-diagnostic.ts'
import { isOutOfDescriptors } from '../diagnostics/system-errors.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'
import { EXIT, exitStatusOf } from './exit-codes.ts'
import { ENVELOPE } from './json-envelope.ts'
import { OutputError, Terminal } from './terminal.ts'

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
  try {
    const status = await runInWords(work, options, terminal)
    if (ENVELOPE.isWanted && status !== HELP_SHOWN) terminal.printText(ENVELOPE.print())
    return status === HELP_SHOWN ? EXIT.done : status
  } catch (error) {
    if (!(error instanceof OutputError)) throw error
    return options.statusOf(new DiagnosticError([reportLostOutput(error)]))
  }
}

/** Says it on the other stream, where that can be written. */
function reportLostOutput({ descriptor, code }: OutputError): Diagnostic {
  const stream = descriptor === 1 ? 'standard output' : 'standard error'
  const diagnostic = diagnose(CLI_KINDS.outputUnwritable, { stream, code })
  // A service goes on without its log, so nothing is thrown here.
  if (descriptor === 1) new Terminal({ isService: true }).warnText(printDiagnostic(diagnostic))
  return diagnostic
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
    if (error instanceof OutputError) throw error
    // All other errors of commander have become diagnostics: see usage-error.ts.
    if (error instanceof CommanderError) return HELP_SHOWN
    return reportFailure(error, options, terminal)
  }
}

function reportFailure(error: unknown, options: RunOptions, terminal: Terminal): number {
  if (process.argv.includes('--debug')) terminal.warnText((error as Error).stack ?? String(error))
  if (error instanceof DiagnosticError) {
    error.diagnostics.forEach(terminal.report)
    return options.statusOf(error)
  }
  if (isOutOfDescriptors(error)) {
    const lack = new DiagnosticError([diagnose(CLI_KINDS.outOfDescriptors, {})])
    lack.diagnostics.forEach(terminal.report)
    return options.statusOf(lack)
  }
  const message = error instanceof Error ? error.message : String(error)
  terminal.report(diagnose(CLI_KINDS.internal, { message }))
  return EXIT.internal
}
