/** A text with a name, and where its lines begin. */
import { memoize } from '../cache/memoize.ts'

export type Source = {
  /** What the user calls it: a path, or `<command line>`. */
  readonly name: string
  readonly text: string
  /** The text holds a secret, or could: no message shows any part of it. */
  readonly isSecret?: boolean
}

/** A half-open range of UTF-16 offsets in a source. That from 0 to 0 stands for the source as a whole. */
export type Span = {
  readonly source: Source
  readonly start: number
  readonly end: number
}

/** Where an offset is. Both count from 1; a column counts UTF-16 units. */
export type Location = {
  readonly line: number
  readonly column: number
}

const lineStarts = memoize(findLineStarts)

/** Finds the line and column of an offset. */
export function locate(source: Source, offset: number): Location {
  const starts = lineStarts(source)
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
}

/** The text of a line, without its line end. */
export function lineText(source: Source, line: number): string {
  const starts = lineStarts(source)
  const start = starts[line - 1] ?? source.text.length
  const next = starts[line]
  return source.text.slice(start, next === undefined ? undefined : next - 1).replace(/\r$/, '')
}

/** `file:line:column` of a span's start. */
export function formatLocation(span: Span): string {
  const { line, column } = locate(span.source, span.start)
  return `${span.source.name}:${line}:${column}`
}

/** The text that a span covers. */
export function spanText(span: Span): string {
  return span.source.text.slice(span.start, span.end)
}

function findLineStarts({ text }: Source): readonly number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}
