/** Parses a policy file into statements and reports every error in it, in one pass. */
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import { cutLogicalLines, type LogicalLine, wordAt, wordsAt } from './logical-lines.ts'
import { POLICY_KINDS } from './policy-diagnostics.ts'
import type { Statement } from './syntax.ts'

export type PolicySyntax = {
  readonly statements: readonly Statement[]
  /** Whether experimental values are to be passed over in silence at the end of the file. */
  readonly quietAtEnd: boolean
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * PolicyFile : LogicalLine*
 *
 * A line that cannot be parsed is reported and left out.
 */
export function parsePolicyFile(source: Source): PolicySyntax {
  const diagnostics: Diagnostic[] = []
  const statements: Statement[] = []
  reportForeignCharacters(source, diagnostics)
  if (source.text.includes('\0')) return { statements, quietAtEnd: false, diagnostics }
  const { lines, quietAtEnd } = cutLogicalLines(source, diagnostics)
  for (const line of lines) {
    const statement = parseStatement(line, diagnostics)
    if (statement) statements.push(statement)
  }
  return { statements, quietAtEnd, diagnostics }
}

/** Statement : Target `=` Word* */
function parseStatement(line: LogicalLine, diagnostics: Diagnostic[]): Statement | undefined {
  const equals = line.text.indexOf('=')
  const whole = wordAt(line, 0, line.text.length)
  const span = { source: line.source, start: whole.start, end: whole.end }
  if (equals < 0) {
    diagnostics.push(diagnose(POLICY_KINDS.missingEquals, { text: whole.text }, span))
    return undefined
  }
  const second = line.text.indexOf('=', equals + 1)
  if (second >= 0) {
    const at = wordAt(line, second, second + 1)
    const place = { source: line.source, start: at.start, end: at.end }
    diagnostics.push(diagnose(POLICY_KINDS.secondEquals, { text: whole.text }, place))
    return undefined
  }
  const target = wordAt(line, 0, equals)
  if (target.text === '') {
    diagnostics.push(diagnose(POLICY_KINDS.missingProperty, { text: whole.text }, span))
    return undefined
  }
  return {
    source: line.source,
    ...parseTarget(line, equals),
    values: wordsAt(line, equals + 1, line.text.length),
    start: whole.start,
    end: whole.end,
    quiet: line.quiet,
  }
}

/** Target : Property | Property `@` Scope */
function parseTarget(line: LogicalLine, equals: number): Pick<Statement, 'property' | 'scope'> {
  const at = line.text.indexOf('@')
  if (at < 0 || at > equals) return { property: wordAt(line, 0, equals), scope: undefined }
  return { property: wordAt(line, 0, at), scope: wordAt(line, at + 1, equals) }
}

/** Characters that no policy file has; the first of each kind is reported. */
const FOREIGN = [
  { pattern: /^\ufeff/, kind: POLICY_KINDS.byteOrderMark },
  { pattern: /\r/, kind: POLICY_KINDS.carriageReturn },
  { pattern: /\0/, kind: POLICY_KINDS.nulByte },
]

function reportForeignCharacters(source: Source, diagnostics: Diagnostic[]): void {
  for (const { pattern, kind } of FOREIGN) {
    const at = source.text.search(pattern)
    if (at >= 0) diagnostics.push(diagnose(kind, {}, { source, start: at, end: at + 1 }))
  }
}
