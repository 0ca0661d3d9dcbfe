/** Lint rule: text that means nothing, unknown and misspelt names above all. */
import type { DiagnosticKind } from '../../diagnostics/diagnostic.ts'
import { POLICY_KINDS } from '../policy-diagnostics.ts'
import type { LintRule } from './rule.ts'

const KINDS: readonly DiagnosticKind<never>[] = Object.values(POLICY_KINDS).filter(
  (kind) => kind.severity === 'error',
)

export const unreadableText: LintRule = {
  name: 'unreadable-text',
  summary: 'Every name must be known and every line a directive: nothing is ignored in silence.',
  kinds: KINDS,
  evaluates: false,
  check: ({ files }) =>
    files.flatMap((file) => file.diagnostics.filter(({ severity }) => severity === 'error')),
}
