/**
 * All output of the command lines.
 *
 * Results go to standard output, everything else to standard error. Colour appears only on a
 * terminal, and not where NO_COLOR is set (no-color.org) or TERM is `dumb`. What a user's file or
 * a peer says, and how a file is called, is printed without characters that are not seen.
 *
 * Under --json the result and all diagnostics go into one document, which is printed at the end.
 */
import { writeSync } from 'node:fs'
import { Chalk, type ChalkInstance } from 'chalk'
import type { Diagnostic, Severity } from '../diagnostics/diagnostic.ts'
import type { JsonResult } from '../diagnostics/diagnostic-json.ts'
import {
  type DiagnosticStyle,
  printable,
  printDiagnostic,
} from '../diagnostics/print-diagnostic.ts'
import { EXIT } from './exit-codes.ts'
import { ENVELOPE } from './json-envelope.ts'

export type TerminalOptions = {
  readonly quiet: boolean
  readonly json: boolean
  /** Clients depend on this process, so it does not end when the reader of its output does. */
  readonly isService: boolean
}

export type LineColor = 'red' | 'yellow' | 'cyan' | 'magenta' | 'dim'

export class Terminal {
  readonly options: TerminalOptions

  constructor(options: Partial<TerminalOptions> = {}) {
    this.options = { quiet: false, json: false, isService: false, ...options }
  }

  /** Colours for standard output. Made when used: opening the streams takes its time. */
  get colors(): ChalkInstance {
    return chalkFor(process.stdout)
  }

  /** A line of the result. */
  print(line: string): void {
    writeAll(1, `${printable(line)}\n`)
  }

  /** A line of the result in a colour. */
  printColored(line: string, color: LineColor): void {
    writeAll(1, `${this.colors[color](printable(line))}\n`)
  }

  /** Text of the result with its line ends and tabs, such as a file. */
  printText(text: string): void {
    writeAll(1, printableText(text))
  }

  /** A line of a comparison: what is added green, what is taken away red. */
  printChange(line: string): void {
    const { colors } = this
    const paint = (text: string) =>
      text
        .replace(/\+ [^,]+/g, (part) => colors.green(part))
        .replace(/(?<= )- [^,]+/g, (part) => colors.red(part))
    const shown = printable(line)
    writeAll(1, `${shown.startsWith(' ') ? paint(shown) : colors.bold(shown)}\n`)
  }

  /** A diagnostic that is itself the result. */
  printDiagnostic(diagnostic: Diagnostic): void {
    writeAll(1, `${printDiagnostic(diagnostic, styleFor(this.colors))}\n`)
  }

  /** The result as data; it is printed when the run ends. */
  setResult(result: JsonResult): void {
    ENVELOPE.setResult(result)
  }

  /** Progress and remarks for people; silent under --quiet and --json. */
  note(line: string): void {
    if (!this.options.quiet && !this.options.json) this.warn(line)
  }

  /**
   * A line on standard error that the next one is written over; nothing where that is no terminal.
   * An empty line takes the last one away.
   */
  showStatus(line: string): void {
    const { quiet, json } = this.options
    if (quiet || json || !process.stderr.isTTY) return
    const width = process.stderr.columns || 80
    writeAll(2, `\r${printable(line).slice(0, width - 1)}\x1b[K`)
  }

  /** A line on standard error, always. */
  warn(line: string): void {
    this.#tell(`${printable(line)}\n`)
  }

  /** Several lines on standard error, always. */
  warnText(text: string): void {
    this.#tell(`${printableText(text)}\n`)
  }

  /** An error is always shown; warnings and notes are silent under --quiet. JSON has all of them. */
  report = (diagnostic: Diagnostic): void => {
    if (ENVELOPE.isWanted) ENVELOPE.report(diagnostic)
    else if (!this.options.quiet || isAlwaysTold(diagnostic)) this.#print(diagnostic)
  }

  #print(diagnostic: Diagnostic): void {
    this.#tell(`${printDiagnostic(diagnostic, styleFor(chalkFor(process.stderr)))}\n`)
  }

  #tell(text: string): void {
    if (this.options.isService) writeLog(withReturns(text))
    else writeAll(2, text)
  }
}

/** A text whose line ends and tabs are its own. */
function printableText(text: string): string {
  return text.replace(/[^\n\t]+/g, printable)
}

function isAlwaysTold({ severity, isAlwaysTold = false }: Diagnostic): boolean {
  return severity === 'error' || isAlwaysTold
}

function chalkFor(stream: NodeJS.WriteStream): ChalkInstance {
  const isColored = stream.isTTY && !process.env.NO_COLOR && process.env.TERM !== 'dumb'
  return new Chalk({ level: isColored ? 1 : 0 })
}

function styleFor(colors: ChalkInstance): DiagnosticStyle {
  const bySeverity: { readonly [S in Severity]: (text: string) => string } = {
    error: colors.red.bold,
    warning: colors.yellow.bold,
    note: colors.blue.bold,
  }
  return {
    severity: (text, severity) => bySeverity[severity](text),
    caret: colors.green,
    hint: colors.cyan,
  }
}

/** A terminal in raw mode goes on below, and not at the beginning of a line. */
function withReturns(text: string): string {
  return process.stderr.isTTY ? text.replaceAll('\n', '\r\n') : text
}

/** A service goes on where its log is not read, or cannot be kept. */
function writeLog(text: string): void {
  try {
    writeSync(2, text)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (!LOG_IS_LOST.has(code)) throw error
  }
}

/** Nothing reads it or too slowly, its disk is full or broken, or it may not become larger. */
const LOG_IS_LOST: ReadonlySet<string> = new Set([
  ...['EPIPE', 'EAGAIN', 'ENOSPC', 'EIO', 'EDQUOT', 'EFBIG'],
])

/** Output could not be written, for instance because of a full disk behind a redirection. */
export class OutputError extends Error {
  /** 1 or 2. */
  readonly descriptor: number
  /** The system's name of the error. */
  readonly code: string

  constructor(descriptor: number, code: string) {
    super(`cannot write to descriptor ${descriptor}: ${code}`)
    this.name = 'OutputError'
    this.descriptor = descriptor
    this.code = code
  }
}

/**
 * Writes all of it before the process ends. Where the reader of the result went away, the run ends without a
 * word, as one of other programs: that it is done would not be true, and an audit has not passed. It goes on
 * where nothing reads its remarks.
 *
 * @throws OutputError
 */
function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text, 'utf8')
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(descriptor, bytes, at)
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (code === 'EPIPE' && descriptor === 2) return
      if (code === 'EPIPE') process.exit(EXIT.readerLeft)
      if (code !== 'EAGAIN') throw new OutputError(descriptor, code)
      pause()
    }
  }
}

/** Waits for the reader of a pipe that another program made non-blocking, without using the processor. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
}
