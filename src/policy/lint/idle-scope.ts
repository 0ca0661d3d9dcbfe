/** Lint rule: a scope that no back-end's purpose falls in. */
import { diagnose } from '../../diagnostics/diagnostic.ts'
import type { Directive } from '../directive.ts'
import { writtenStatement } from '../provenance.ts'
import { PURPOSE_NAMES, type PurposeName, purpose, selects } from '../scope.ts'
import { spanOf } from '../syntax.ts'
import { LINT_KINDS } from './lint-diagnostics.ts'
import type { LintRule } from './rule.ts'

export const idleScope: LintRule = {
  name: 'idle-scope',
  summary: 'A directive should reach a back-end: `@!*` selects no purpose of any back-end.',
  kinds: [LINT_KINDS.idleScope],
  evaluates: false,
  check: ({ policy }) =>
    policy.directives
      .filter((directive) => selectedPurposes(directive).length === 0)
      .map((directive) => {
        const { pattern } = directive.selector
        return diagnose(LINT_KINDS.idleScope, { pattern }, scopeSpan(directive))
      }),
}

/** The purposes that a directive's scope selects. */
export function selectedPurposes(directive: Directive): readonly PurposeName[] {
  return PURPOSE_NAMES.filter((name) => selects(directive.selector, purpose(name).scopes))
}

/** The place of a directive's scope. */
export function scopeSpan(directive: Directive) {
  const statement = writtenStatement(directive)
  return spanOf(statement, statement.scope ?? statement.property)
}
