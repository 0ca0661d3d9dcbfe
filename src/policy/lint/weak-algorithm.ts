/** Lint rule: weak algorithms, each with the directive that enabled it and where it stays enabled. */

import type { Weakness } from '../../algorithms/algorithm.ts'
import {
  ALGORITHM_CLASSES,
  type AlgorithmClass,
  findAlgorithm,
} from '../../algorithms/algorithm-class.ts'
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import { formatLocation, type Span } from '../../diagnostics/source.ts'
import type { Directive } from '../directive.ts'
import { describePlaces, phrasePlaces } from '../places-in-words.ts'
import {
  decidingStep,
  tracedValues,
  traceProperty,
  wordFor,
  writtenStatement,
} from '../provenance.ts'
import { readersOf, scopesAt } from '../purpose-readers.ts'
import type { PurposeName } from '../scope.ts'
import { spanOf } from '../syntax.ts'
import { LINT_KINDS } from './lint-diagnostics.ts'
import type { LintContext, LintRule } from './rule.ts'
import { weakenWhereHarmless } from './weakness.ts'

/** A weak algorithm, and where each directive enabled it. */
type Finding = {
  readonly property: AlgorithmClass
  readonly algorithms: string[]
  readonly weakness: Weakness
  readonly enabled: ReadonlyMap<Directive, PurposeName[]>
}

export const weakAlgorithm: LintRule = {
  name: 'weak-algorithm',
  summary: 'A user should know when a directive enables a weak algorithm.',
  kinds: [LINT_KINDS.weakAlgorithm],
  evaluates: true,
  check: (context) =>
    ALGORITHM_CLASSES.flatMap((property) =>
      groupFindings(findWeak(context, property)).map(diagnoseWeakAlgorithms),
    ),
}

/** A module alone is taken for all that it enables by itself. */
function findWeak({ policy }: LintContext, property: AlgorithmClass): readonly Finding[] {
  const found = new Map<string, Map<Directive, PurposeName[]>>()
  for (const purpose of readersOf(property)) {
    const steps = traceProperty(policy, scopesAt(purpose), property)
    for (const value of tracedValues(steps, property)) {
      const directive = decidingStep(steps, value)?.directive
      if (!directive || !findAlgorithm(property, value)?.weakness) continue
      const enabled = found.get(value) ?? new Map<Directive, PurposeName[]>()
      enabled.set(directive, [...(enabled.get(directive) ?? []), purpose])
      found.set(value, enabled)
    }
  }
  return [...found].map(([value, enabled]) => {
    const weakness = findAlgorithm(property, value)?.weakness as Weakness
    return { property, algorithms: [value], weakness, enabled }
  })
}

/** Algorithms that are weak for one reason, by the same directives and in the same places. */
function groupFindings(findings: readonly Finding[]): readonly Finding[] {
  const groups = new Map<string, Finding>()
  for (const finding of findings) {
    const { severity, because } = finding.weakness
    const where = [...finding.enabled].map(
      ([directive, purposes]) => `${formatLocation(spanOf(directive.statement))} ${purposes}`,
    )
    const key = [severity, because, ...where].join('\n')
    const group = groups.get(key)
    if (group) group.algorithms.push(...finding.algorithms)
    else groups.set(key, finding)
  }
  return [...groups.values()]
}

function diagnoseWeakAlgorithms({ property, algorithms, weakness, enabled }: Finding): Diagnostic {
  const purposes = [...enabled.values()].flat()
  const [first, ...others] = [...enabled.keys()]
  const value = algorithms[0] ?? ''
  const elsewhere = others.map((directive) => {
    const places = enabled.get(directive) ?? []
    return `${formatLocation(enablingPlace(directive, value))} for ${describePlaces(places)}`
  })
  const where = phrasePlaces(inOrder(property, purposes), readersOf(property))
  const { severity, because } = weakness
  const data = { property, algorithms, weakness: severity, because, where, elsewhere }
  const span = first && enablingPlace(first, value)
  return weakenWhereHarmless(diagnose(LINT_KINDS.weakAlgorithm, data, span), {
    weakness: severity,
    property,
    values: algorithms,
    purposes: inOrder(property, purposes),
  })
}

function inOrder(property: AlgorithmClass, purposes: readonly PurposeName[]) {
  return readersOf(property).filter((name) => purposes.includes(name))
}

function enablingPlace(directive: Directive, value: string): Span {
  const word = wordFor(directive, value)
  return word ? spanOf(directive.statement, word) : spanOf(writtenStatement(directive))
}
