/** Prints a diagnostic as a compiler does: what and where, the line, a caret, a hint. */
import type { Diagnostic, Severity } from './diagnostic.ts'
import { formatLocation, lineText, locate, type Span } from './source.ts'

/** How the parts are coloured; plain text by default. */
export type DiagnosticStyle = {
  readonly severity: (text: string, severity: Severity) => string
  readonly caret: (text: string) => string
  readonly hint: (text: string) => string
}

const PLAIN: DiagnosticStyle = {
  severity: (text) => text,
  caret: (text) => text,
  hint: (text) => text,
}

/** The longest part of a source line that is shown, in characters. */
const SHOWN_WIDTH = 120

/** Prints one diagnostic, without a final line end. */
export function printDiagnostic(diagnostic: Diagnostic, style: DiagnosticStyle = PLAIN): string {
  const { severity, code, message, span, hint } = diagnostic
  const where = span ? `${formatLocation(span)}: ` : ''
  const lines = [
    `${where}${style.severity(`${severity}[${code}]`, severity)}: ${printable(message)}`,
  ]
  if (span) lines.push(...excerpt(span, style))
  if (hint !== undefined) lines.push(`${style.hint('hint:')} ${printable(hint)}`)
  return lines.join('\n')
}

function excerpt(span: Span, style: DiagnosticStyle): readonly string[] {
  const { line, column } = locate(span.source, span.start)
  const text = lineText(span.source, line)
  const first = Math.max(0, Math.min(column - 1 - SHOWN_WIDTH / 2, text.length - SHOWN_WIDTH))
  const shown = printable(text.slice(first, first + SHOWN_WIDTH))
  const indent = column - 1 - first
  const room = Math.max(1, shown.length - indent)
  const width = Math.max(1, Math.min(span.end - span.start, room))
  const gutter = String(line)
  return [
    ` ${gutter} | ${shown}`,
    ` ${' '.repeat(gutter.length)} | ${' '.repeat(indent)}${style.caret('^'.repeat(width))}`,
  ]
}

/** Shows control characters as a dot each, so that no text can drive the terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this removes.
  return text.replace(/\t/g, ' ').replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '·')
}
