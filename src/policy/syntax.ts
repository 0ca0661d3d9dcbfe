/** The syntax tree of a policy file: statements of words, each with its place in the source. */
import type { Source, Span } from '../diagnostics/source.ts'

/** A run of characters; `text` leaves out a line continuation that the range may span. */
export type PolicyWord = {
  readonly text: string
  readonly start: number
  readonly end: number
}

/** `property[@scope] = value ...` */
export type Statement = {
  readonly source: Source
  readonly property: PolicyWord
  /** What follows the first `@`, undefined where there is none. */
  readonly scope: PolicyWord | undefined
  readonly values: readonly PolicyWord[]
  readonly start: number
  readonly end: number
  /** Inside `# %suppress_experimental_value_warnings=true`. */
  readonly quiet: boolean
  /** The deprecated statement that this one replaces. */
  readonly replaces?: Statement
}

/** The place of a word or a statement. */
export function spanOf(
  statement: Statement,
  part: Pick<PolicyWord, 'start' | 'end'> = statement,
): Span {
  return { source: statement.source, start: part.start, end: part.end }
}

/** Prints a statement on one line. */
export function printStatement(statement: Statement): string {
  const scope = statement.scope ? `@${statement.scope.text}` : ''
  const values = statement.values.map((word) => word.text).join(' ')
  return `${statement.property.text}${scope} = ${values}`.trimEnd()
}
