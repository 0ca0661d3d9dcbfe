/**
 * Cuts a policy file into logical lines: comments dropped, continued lines joined.
 *
 * A comment runs from `#` to the end of its physical line, also behind a backslash. A line whose
 * last character, comment and white space aside, is a backslash goes on in the next line; the two
 * are joined without a space between them.
 */
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import { POLICY_KINDS } from './policy-diagnostics.ts'
import type { PolicyWord } from './syntax.ts'

/** White space as the policy language has it: Unicode's, with the ASCII separators. */
const SPACE =
  '\\t-\\r\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
const SPACE_CHARACTER = new RegExp(`[${SPACE}]`, 'u')
const WORDS = new RegExp(`[^${SPACE}]+`, 'gu')

const PRAGMA = /^# %suppress_experimental_value_warnings=(true|false)$/

/** A range of the source. */
type Range = { readonly start: number; readonly end: number }

/** A range of the source and where it begins in the text of its logical line. */
type Piece = Range & { readonly textStart: number }

export type LogicalLine = {
  readonly source: Source
  /** The pieces joined. */
  readonly text: string
  readonly pieces: readonly Piece[]
  /** Inside `# %suppress_experimental_value_warnings=true`. */
  readonly quiet: boolean
}

export type LogicalLines = {
  /** Without the empty ones. */
  readonly lines: readonly LogicalLine[]
  /** Whether experimental values are to be passed over in silence at the end of the file. */
  readonly quietAtEnd: boolean
}

/** Cuts a source into its logical lines. */
export function cutLogicalLines(source: Source, diagnostics: Diagnostic[]): LogicalLines {
  const lines: LogicalLine[] = []
  let ranges: Range[] = []
  let quiet = false
  for (let start = source.text.startsWith('\ufeff') ? 1 : 0; start <= source.text.length; ) {
    const newline = source.text.indexOf('\n', start)
    const end = newline < 0 ? source.text.length : newline
    const physical = readPhysicalLine(source, start, end, newline < 0, diagnostics)
    if (physical.pragma === undefined) ranges.push(physical.range)
    else quiet = physical.pragma
    if (physical.pragma !== undefined && ranges.length > 0) {
      diagnostics.push(diagnose(POLICY_KINDS.misplacedPragma, {}, { source, start, end }))
    }
    if (!physical.continued) {
      const line = joinRanges(source, ranges, quiet)
      if (!isBlank(line.text)) lines.push(line)
      ranges = []
    }
    start = end + 1
  }
  return { lines, quietAtEnd: quiet }
}

type PhysicalLine = {
  readonly range: Range
  readonly continued: boolean
  readonly pragma?: boolean
}

function readPhysicalLine(
  source: Source,
  start: number,
  end: number,
  isLast: boolean,
  diagnostics: Diagnostic[],
): PhysicalLine {
  const hash = source.text.slice(start, end).indexOf('#')
  const contentEnd = hash < 0 ? end : start + hash
  const range = trimRange(source.text, start, contentEnd)
  const pragma = PRAGMA.exec(source.text.slice(contentEnd, end))
  if (pragma) {
    if (range.start === range.end) return { range, continued: false, pragma: pragma[1] === 'true' }
    const span = { source, start: contentEnd, end }
    diagnostics.push(diagnose(POLICY_KINDS.misplacedPragma, {}, span))
  }
  if (source.text[range.end - 1] !== '\\' || range.end === range.start) {
    return { range, continued: false }
  }
  if (isLast) {
    const span = { source, start: range.end - 1, end: range.end }
    diagnostics.push(diagnose(POLICY_KINDS.danglingContinuation, {}, span))
  }
  return { range: { start: range.start, end: range.end - 1 }, continued: !isLast }
}

function trimRange(text: string, start: number, end: number): Range {
  let first = start
  let last = end
  while (first < last && SPACE_CHARACTER.test(text.charAt(first))) first++
  while (last > first && SPACE_CHARACTER.test(text.charAt(last - 1))) last--
  return { start: first, end: last }
}

function isBlank(text: string): boolean {
  const { start, end } = trimRange(text, 0, text.length)
  return start === end
}

function joinRanges(source: Source, ranges: readonly Range[], quiet: boolean): LogicalLine {
  let text = ''
  const pieces: Piece[] = []
  for (const range of ranges) {
    pieces.push({ ...range, textStart: text.length })
    text += source.text.slice(range.start, range.end)
  }
  return { source, text, pieces, quiet }
}

/** The word at a range of a logical line's text, edges trimmed, inner white space made one space. */
export function wordAt(line: LogicalLine, start: number, end: number): PolicyWord {
  const found = [...line.text.slice(start, end).matchAll(WORDS)]
  const first = found[0]
  const last = found.at(-1)
  if (!first || !last) {
    const at = sourceOffset(line, start)
    return { text: '', start: at, end: at }
  }
  return {
    text: found.map((match) => match[0]).join(' '),
    start: sourceOffset(line, start + first.index),
    end: sourceOffset(line, start + last.index + last[0].length - 1) + 1,
  }
}

/** The words of a range of a logical line's text. */
export function wordsAt(line: LogicalLine, start: number, end: number): PolicyWord[] {
  return [...line.text.slice(start, end).matchAll(WORDS)].map((match) => ({
    text: match[0],
    start: sourceOffset(line, start + match.index),
    end: sourceOffset(line, start + match.index + match[0].length - 1) + 1,
  }))
}

/** Where a character of the joined text stands in the source. */
function sourceOffset(line: LogicalLine, index: number): number {
  let low = 0
  let high = line.pieces.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((line.pieces[middle]?.textStart ?? 0) <= index) low = middle
    else high = middle - 1
  }
  const piece = line.pieces[low]
  return piece ? piece.start + index - piece.textStart : 0
}
