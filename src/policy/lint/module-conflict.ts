/** Lint rule: a module that takes back what a module before it did. */
import { ALGORITHM_CLASSES, type AlgorithmClass } from '../../algorithms/algorithm-class.ts'
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import { formatLocation, type Source } from '../../diagnostics/source.ts'
import type { Directive } from '../directive.ts'
import { phrasePlaces } from '../places-in-words.ts'
import { type TraceStep, traceProperty, wordFor, writtenStatement } from '../provenance.ts'
import { PLACE_NAMES, type PlaceName, scopesAt } from '../purpose-readers.ts'
import { spanOf } from '../syntax.ts'
import { LINT_KINDS } from './lint-diagnostics.ts'
import type { LintContext, LintRule } from './rule.ts'

/** One module's directive against another module. */
type Conflict = {
  readonly earlier: Directive
  readonly later: Directive
  readonly verb: 'enabled' | 'disabled'
  readonly values: Set<string>
  readonly places: Set<PlaceName>
}

export const moduleConflict: LintRule = {
  name: 'module-conflict',
  summary: 'Modules that undo each other are seldom both meant: SHA1 and NO-SHA1.',
  kinds: [LINT_KINDS.moduleConflict],
  evaluates: true,
  check: (context) =>
    context.files.filter((file) => file.kind === 'module').length < 2
      ? []
      : ALGORITHM_CLASSES.flatMap((property) => checkClass(context, property)),
}

function checkClass(context: LintContext, property: AlgorithmClass): readonly Diagnostic[] {
  const modules = new Set(
    context.files.filter((file) => file.kind === 'module').map((file) => file.source),
  )
  const conflicts = new Map<string, Conflict>()
  for (const place of PLACE_NAMES) {
    const steps = traceProperty(context.policy, scopesAt(place), property)
    collectConflicts(steps, place, modules, conflicts)
  }
  return [...conflicts.values()].map(diagnoseConflict)
}

/** Remembers who last decided each value, and notes where another module decides otherwise. */
function collectConflicts(
  steps: readonly TraceStep[],
  place: PlaceName,
  modules: ReadonlySet<Source>,
  conflicts: Map<string, Conflict>,
): void {
  const deciders = new Map<string, Directive>()
  for (const { directive: later, before, after } of steps) {
    for (const value of new Set([...before, ...after])) {
      if (before.includes(value) === after.includes(value)) continue
      const earlier = deciders.get(value)
      deciders.set(value, later)
      if (!earlier || !areTwoModules(earlier, later, modules)) continue
      const verb = after.includes(value) ? 'enabled' : 'disabled'
      const conflict = conflictOf(conflicts, earlier, later, verb)
      conflict.values.add(value)
      conflict.places.add(place)
    }
  }
}

function conflictOf(
  conflicts: Map<string, Conflict>,
  earlier: Directive,
  later: Directive,
  verb: Conflict['verb'],
): Conflict {
  const place = formatLocation(spanOf(later.statement))
  const key = [earlier.statement.source.name, place, verb].join(' ')
  const known = conflicts.get(key)
  if (known) return known
  const conflict: Conflict = { earlier, later, verb, values: new Set(), places: new Set() }
  conflicts.set(key, conflict)
  return conflict
}

function areTwoModules(a: Directive, b: Directive, modules: ReadonlySet<Source>): boolean {
  const [first, second] = [a.statement.source, b.statement.source]
  return first !== second && modules.has(first) && modules.has(second)
}

function diagnoseConflict({ earlier, later, verb, values, places }: Conflict): Diagnostic {
  const module = earlier.statement.source.name
  const where = phrasePlaces([...places])
  const data = { property: later.property, values: [...values], module, verb, where }
  const word = wordFor(later, [...values][0] ?? '')
  const span = word ? spanOf(later.statement, word) : spanOf(writtenStatement(later))
  return diagnose(LINT_KINDS.moduleConflict, data, span)
}
