/** Lint rule: a wildcard that enables rather than omits. */
import { findAlgorithm } from '../../algorithms/algorithm-class.ts'
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import type { Directive } from '../directive.ts'
import { isGlob } from '../posix-glob.ts'
import { isAlgorithmClass } from '../properties.ts'
import { type PolicyWord, spanOf } from '../syntax.ts'
import { LINT_KINDS } from './lint-diagnostics.ts'
import type { LintRule } from './rule.ts'

export const wildcardEnables: LintRule = {
  name: 'wildcard-enables',
  summary: 'A policy should not enable what its author has never seen.',
  kinds: [LINT_KINDS.wildcardEnables],
  evaluates: false,
  check: ({ policy }) => policy.directives.flatMap(checkDirective),
}

function checkDirective(directive: Directive): readonly Diagnostic[] {
  const { property, statement } = directive
  if (!isAlgorithmClass(property)) return []
  return [...enabledByWildcards(directive)].map(([word, enabled]) => {
    const weak = enabled.filter((value) => findAlgorithm(property, value)?.weakness)
    const data = { word: word.text, property, enabled, weak }
    return diagnose(LINT_KINDS.wildcardEnables, data, spanOf(statement, word))
  })
}

/** In table order, whatever the order of preference. */
function enabledByWildcards(directive: Directive): ReadonlyMap<PolicyWord, readonly string[]> {
  const found = new Map<PolicyWord, string[]>()
  for (const operation of directive.operations) {
    if (operation.kind !== 'append' && operation.kind !== 'prepend') continue
    if (!isGlob(operation.word.text)) continue
    const values = found.get(operation.word) ?? []
    values.push(operation.value)
    found.set(operation.word, values)
  }
  for (const [word, values] of found) if (word.text.includes('+')) values.reverse()
  return found
}
