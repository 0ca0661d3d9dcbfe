/**
 * Rewrites deprecated forms in the text of a policy, and what keeps the text from being read.
 *
 * The new text means exactly what the old one did. Comments stay, and so does the layout of every
 * line that is not rewritten.
 */
import { type Diagnostic, diagnose, hasErrors } from '../../diagnostics/diagnostic.ts'
import type { Source } from '../../diagnostics/source.ts'
import { countsAtEnd, modernize } from '../deprecated.ts'
import { cutLogicalLines, type LogicalLine } from '../logical-lines.ts'
import { parsePolicyFile } from '../parser.ts'
import { POLICY_KINDS } from '../policy-diagnostics.ts'
import type { Statement } from '../syntax.ts'
import { findLowerBound } from './deprecated-form.ts'
import { type Block, rewriteBlock } from './rewrite-block.ts'

export type FixedSource = {
  readonly text: string
  /**
   * What is no longer found in the text. The places are those of the text given, those of
   * deprecated forms after its line ends were converted.
   */
  readonly applied: readonly Diagnostic[]
}

/**
 * Fixes a policy file. One whose lines cannot be told apart is only freed of its byte order mark
 * and its carriage returns; a single wrong name is no hindrance.
 */
export function fixSource(source: Source): FixedSource {
  const { source: readable, applied } = fixEncoding(source)
  const syntax = parsePolicyFile(readable)
  const { statements, diagnostics } = syntax
  if (hasErrors(diagnostics)) return { text: readable.text, applied }
  const deprecated: Diagnostic[] = []
  const modern = modernize(syntax, deprecated)
  const bounds = statements.flatMap((statement) => findLowerBound(statement) ?? [])
  const found = [...deprecated, ...bounds]
  if (found.length === 0) return { text: readable.text, applied }
  found.sort((a, b) => (a.span?.start ?? 0) - (b.span?.start ?? 0))
  return { text: rewrite(readable, statements, modern), applied: [...applied, ...found] }
}

/** A carriage return ends a line with or without a line feed, as the reference reads it. */
function fixEncoding(source: Source): { source: Source; applied: readonly Diagnostic[] } {
  const applied: Diagnostic[] = []
  let { text } = source
  const at = text.indexOf('\r')
  if (text.startsWith('\ufeff')) {
    applied.push(diagnose(POLICY_KINDS.byteOrderMark, {}, { source, start: 0, end: 1 }))
    text = text.replace(/^\ufeff+/, '')
  }
  if (at >= 0) {
    applied.push(diagnose(POLICY_KINDS.carriageReturn, {}, { source, start: at, end: at + 1 }))
    text = text.replace(/\r\n?/g, '\n')
  }
  return { source: applied.length === 0 ? source : { name: source.name, text }, applied }
}

function rewrite(
  source: Source,
  statements: readonly Statement[],
  modern: readonly Statement[],
): string {
  const replacements = groupByOrigin(modern)
  const disordered = findDisordered(modern)
  const blocks = cutLogicalLines(source, []).lines.map(blockOf)
  const moved = new Map<Statement, string>()
  let text = ''
  let cursor = 0
  for (const [index, statement] of statements.entries()) {
    const block = blocks[index]
    if (!block) continue
    const forms = replacements.get(statement) ?? []
    const rewritten = rewriteBlock(source.text, block, statement, forms)
    text += source.text.slice(cursor, block.start)
    if (countsAtEnd(statement) && forms.some((form) => disordered.has(form.property.text))) {
      moved.set(statement, rewritten)
    } else text += rewritten
    cursor = block.end
  }
  const order = modern.map(originOf).flatMap((origin) => moved.get(origin) ?? [])
  return joinLines([text, ...order]) + source.text.slice(cursor)
}

/** The physical lines of a logical line, with their line ends. */
function blockOf(line: LogicalLine): Block {
  const { text } = line.source
  const first = line.pieces[0]?.start ?? 0
  const last = line.pieces.at(-1)?.end ?? 0
  const newline = text.indexOf('\n', last)
  return {
    start: first === 0 ? 0 : text.lastIndexOf('\n', first - 1) + 1,
    end: newline < 0 ? text.length : newline + 1,
  }
}

function groupByOrigin(modern: readonly Statement[]): ReadonlyMap<Statement, readonly Statement[]> {
  return Map.groupBy(modern, originOf)
}

function originOf(statement: Statement): Statement {
  let origin = statement
  while (origin.replaces) origin = origin.replaces
  return origin
}

/**
 * The properties whose directives do not take effect in the order in which they stand. Only theirs
 * are moved: the order of directives of different properties makes no difference.
 */
function findDisordered(modern: readonly Statement[]): ReadonlySet<string> {
  const latest = new Map<string, number>()
  const disordered = new Set<string>()
  for (const statement of modern) {
    const property = statement.property.text
    const { start } = originOf(statement)
    if (start < (latest.get(property) ?? 0)) disordered.add(property)
    latest.set(property, Math.max(start, latest.get(property) ?? 0))
  }
  return disordered
}

/** Joins texts so that each begins a line. */
function joinLines(texts: readonly string[]): string {
  return texts.reduce((joined, text) =>
    joined === '' || joined.endsWith('\n') ? joined + text : `${joined}\n${text}`,
  )
}
