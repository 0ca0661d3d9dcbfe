/** Lint rule: one value among several that changes nothing where its directive stands. */
import { ALGORITHM_CLASSES, type AlgorithmClass } from '../../algorithms/algorithm-class.ts'
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import type { Directive } from '../directive.ts'
import { PLACE_NAMES, scopesAt } from '../purpose-readers.ts'
import { selects } from '../scope.ts'
import { type PolicyWord, spanOf } from '../syntax.ts'
import { LINT_KINDS } from './lint-diagnostics.ts'
import { followOperation, initialState, isSameState, type ListState } from './list-state.ts'
import type { LintFile, LintRule } from './rule.ts'

/** Modules are left out: that they take away what this base never had is their caution. */
export const valueWithoutEffect: LintRule = {
  name: 'value-without-effect',
  summary: 'A value that changes nothing is often another one misremembered.',
  kinds: [LINT_KINDS.valueWithoutEffect],
  evaluates: true,
  check: ({ files }) =>
    files
      .filter((file) => file.kind === 'base')
      .flatMap((file) => ALGORITHM_CLASSES.flatMap((property) => checkClass(file, property))),
}

function checkClass(file: LintFile, property: AlgorithmClass): readonly Diagnostic[] {
  const directives = file.directives.filter((directive) => directive.property === property)
  const effective = new Set<PolicyWord>()
  for (const place of PLACE_NAMES) {
    const scopes = scopesAt(place)
    let state = initialState(property)
    for (const directive of directives) {
      if (selects(directive.selector, scopes)) state = follow(state, directive, effective)
    }
  }
  return directives.flatMap((directive) => diagnoseIdleWords(directive, property, effective))
}

/** Follows a directive and notes which of its words change the state. */
function follow(state: ListState, directive: Directive, effective: Set<PolicyWord>): ListState {
  let current = state
  for (const operation of directive.operations) {
    const next = followOperation(current, operation)
    if (operation.kind !== 'reset' && !isSameState(current, next)) effective.add(operation.word)
    current = next
  }
  return current
}

/** A directive none of whose words counts is the business of another rule. */
function diagnoseIdleWords(
  directive: Directive,
  property: AlgorithmClass,
  effective: ReadonlySet<PolicyWord>,
): readonly Diagnostic[] {
  if (directive.operations[0]?.kind === 'reset') return []
  const words = [
    ...new Set(directive.operations.flatMap((o) => (o.kind === 'reset' ? [] : [o.word]))),
  ]
  const idle = words.filter((word) => !effective.has(word))
  if (idle.length === words.length) return []
  return idle.map((word) => {
    const reason = word.text.startsWith('-') ? 'it is not there' : 'it is there already'
    const data = { word: word.text, property, reason }
    return diagnose(LINT_KINDS.valueWithoutEffect, data, spanOf(directive.statement, word))
  })
}
