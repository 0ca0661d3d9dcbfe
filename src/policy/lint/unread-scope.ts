/** Lint rule: a scope in which no back-end reads the property. */
import { diagnose } from '../../diagnostics/diagnostic.ts'
import type { Directive } from '../directive.ts'
import { readersOf } from '../purpose-readers.ts'
import { scopeSpan, selectedPurposes } from './idle-scope.ts'
import { LINT_KINDS } from './lint-diagnostics.ts'
import type { LintRule } from './rule.ts'

export const unreadScope: LintRule = {
  name: 'unread-scope',
  summary: 'A directive should reach a back-end that reads it: `protocol@ssh` reaches none.',
  kinds: [LINT_KINDS.unreadScope],
  evaluates: false,
  check: ({ policy }) =>
    policy.directives.filter(isUnread).map((directive) => {
      const { property, selector } = directive
      const data = { pattern: selector.pattern, property, readers: readersOf(property) }
      return diagnose(LINT_KINDS.unreadScope, data, scopeSpan(directive))
    }),
}

function isUnread(directive: Directive): boolean {
  const selected = selectedPurposes(directive)
  const readers = readersOf(directive.property)
  return selected.length > 0 && !selected.some((name) => readers.includes(name))
}
