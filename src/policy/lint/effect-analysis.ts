/** Finds the directives of a policy that could be taken out without changing what it means. */
import type { Directive } from '../directive.ts'
import { PLACE_NAMES, scopesAt } from '../purpose-readers.ts'
import { type ScopeSelector, selects } from '../scope.ts'
import { followDirective, isSameState, type ListState } from './list-state.ts'

/** Why a directive has no effect. */
export type Ineffective = {
  readonly directive: Directive
  readonly cause: /** Nothing stands before it anywhere, and it asks for what holds anyway. */
    | { readonly kind: 'default' }
    /** What it asks for holds already. */
    | { readonly kind: 'redundant' }
    /** This later directive undoes all that it does. */
    | { readonly kind: 'overridden'; readonly by: Directive }
}

/** The directives that one place selects, in order, and the states before and after each. */
type Run = {
  readonly directives: readonly Directive[]
  readonly indices: ReadonlyMap<Directive, number>
  readonly states: readonly ListState[]
}

/** How many states the search may compute for one property; a real policy needs some thousands. */
const STATE_BUDGET = 100_000

/**
 * The ineffective ones among the directives of one property, first to last. Of two that repeat
 * each other the later one is named; taking out all that are named changes nothing.
 *
 * @param start What every place begins with: the default, or the unknown list of a base policy.
 * @param among Those in question; all others are there to stay.
 */
export function findIneffective(
  directives: readonly Directive[],
  start: ListState,
  among: ReadonlySet<Directive> = new Set(directives),
): readonly Ineffective[] {
  const runs = findRuns(directives, start)
  const removed = new Set<Directive>()
  const budget = { left: STATE_BUDGET }
  const found: Ineffective[] = []
  for (const directive of directives.toReversed()) {
    if (!among.has(directive)) continue
    const cause = findCause(directive, runs, removed, budget)
    if (budget.left < 0) break
    if (!cause) continue
    removed.add(directive)
    found.push({ directive, cause })
  }
  return found.reverse()
}

/** Places that select the same directives share a run. */
function findRuns(directives: readonly Directive[], start: ListState): readonly Run[] {
  const patterns = new Map<string, ScopeSelector>(
    directives.map(({ selector }) => [selector.pattern, selector]),
  )
  const runs = new Map<string, Run>()
  for (const place of PLACE_NAMES) {
    const scopes = scopesAt(place)
    const selected = [...patterns.values()].filter((selector) => selects(selector, scopes))
    const key = selected.map((selector) => selector.pattern).join(' ')
    if (runs.has(key)) continue
    const chosen = new Set(selected.map((selector) => selector.pattern))
    const run = directives.filter(({ selector }) => chosen.has(selector.pattern))
    const indices = new Map(run.map((directive, index) => [directive, index]))
    runs.set(key, { directives: run, indices, states: followAll(run, start) })
  }
  return [...runs.values()]
}

function followAll(directives: readonly Directive[], start: ListState): readonly ListState[] {
  const states = [start]
  let state = start
  for (const directive of directives) {
    state = followDirective(state, directive)
    states.push(state)
  }
  return states
}

/** Why the directive has no effect in any run, or undefined where it has one or is in none. */
function findCause(
  directive: Directive,
  runs: readonly Run[],
  removed: ReadonlySet<Directive>,
  budget: { left: number },
): Ineffective['cause'] | undefined {
  let cause: Ineffective['cause'] | undefined
  for (const run of runs) {
    const at = run.indices.get(directive)
    if (at === undefined) continue
    const here = findCauseInRun(run, at, removed, budget)
    if (!here) return undefined
    cause = stronger(cause, here)
  }
  return cause
}

function stronger(
  a: Ineffective['cause'] | undefined,
  b: Ineffective['cause'],
): Ineffective['cause'] {
  const rank = { default: 0, redundant: 1, overridden: 2 }
  return a && rank[a.kind] >= rank[b.kind] ? a : b
}

/** Follows the run with and without the directive until both are in the same state. */
function findCauseInRun(
  run: Run,
  at: number,
  removed: ReadonlySet<Directive>,
  budget: { left: number },
): Ineffective['cause'] | undefined {
  let without = run.states[at]
  let having = run.states[at + 1]
  if (!without || !having) return undefined
  if (isSameState(without, having)) return { kind: at === 0 ? 'default' : 'redundant' }
  for (let index = at + 1; index < run.directives.length; index++) {
    const next = run.directives[index]
    if (!next || removed.has(next)) continue
    budget.left -= next.operations.length
    if (budget.left < 0) return undefined
    without = followDirective(without, next)
    having = followDirective(having, next)
    if (isSameState(without, having)) return { kind: 'overridden', by: next }
  }
  return undefined
}
