/** Lint rule: deprecated properties and values, each with its replacement written out. */
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import { isLowerBound, modernize } from '../deprecated.ts'
import { POLICY_KINDS } from '../policy-diagnostics.ts'
import { printStatement, type Statement, spanOf } from '../syntax.ts'
import { LINT_KINDS } from './lint-diagnostics.ts'
import type { LintFile, LintRule } from './rule.ts'

const WARNINGS = [POLICY_KINDS.deprecatedProperty, POLICY_KINDS.deprecatedValue]
const CODES: readonly string[] = WARNINGS.map((kind) => kind.code)

export const deprecatedForm: LintRule = {
  name: 'deprecated-form',
  summary: 'A policy should say what it means in today’s words. `lint --fix` rewrites it.',
  kinds: [...WARNINGS, LINT_KINDS.lowerBound],
  evaluates: false,
  check: ({ files }) => files.flatMap(checkFile),
}

function checkFile(file: LintFile): readonly Diagnostic[] {
  return [
    ...file.diagnostics.filter(({ code }) => CODES.includes(code)),
    ...file.statements.flatMap((statement) => findLowerBound(statement) ?? []),
  ]
}

/** `min_tls_version = ...` with what it stands for, or undefined where it is none or means nothing. */
export function findLowerBound(statement: Statement): Diagnostic | undefined {
  if (!isLowerBound(statement)) return undefined
  const replacements = modernize({ statements: [statement], quietAtEnd: false }, [])
  if (replacements.some(isLowerBound)) return undefined
  const data = {
    old: printStatement(statement),
    replacement: replacements.map(printStatement).join(' and '),
  }
  return diagnose(LINT_KINDS.lowerBound, data, spanOf(statement))
}
