/** Prints a diagnostic as a compiler does: what and where, the line, a caret, a hint. */
import type { Diagnostic, Severity } from './diagnostic.ts'
import { withoutSecrets } from './secrets.ts'
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
  const where = span ? `${printable(withoutSecrets(formatLocation(span)))}: ` : ''
  const lines = [
    `${where}${style.severity(`${severity}[${code}]`, severity)}: ${printable(message)}`,
  ]
  // No line of the source says what is meant of all of it.
  const isOfLine = span !== undefined && span.end > 0
  if (isOfLine && !span.source.isSecret && !hasSecret(span)) lines.push(...excerpt(span, style))
  if (hint !== undefined) lines.push(`${style.hint('hint:')} ${printable(hint)}`)
  return lines.join('\n')
}

function hasSecret({ source, start }: Span): boolean {
  const text = lineText(source, locate(source, start).line)
  return withoutSecrets(text) !== text
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

/**
 * Shows each character that is not seen as dots, so that no text of a file, a peer or a file name can
 * drive the terminal, hide a part of itself, or turn the direction of a line: control characters, marks
 * of direction, characters of no width, line and paragraph separators, halves of surrogate pairs.
 */
export function printable(text: string): string {
  return text.replaceAll('\t', ' ').replace(INVISIBLE, (unseen) => '·'.repeat(unseen.length))
}

/** DI are the code points that programs show as nothing (Unicode, section 5.21). */
export const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}]/gu
