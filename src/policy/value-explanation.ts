/** Why a value is on or off: every directive that touched it, in order, and the one that won. */
import type { Span } from '../diagnostics/source.ts'
import { findValue } from './command-line-words.ts'
import type { Directive } from './directive.ts'
import type { Policy } from './policy.ts'
import type { PropertyName } from './properties.ts'
import {
  type TraceStep,
  tracedValues,
  traceProperty,
  wordFor,
  writtenStatement,
} from './provenance.ts'
import { type ScopeSet, selects } from './scope.ts'
import { spanOf } from './syntax.ts'

/** What a directive did to a value. */
export type ValueEffect =
  /** It was off and is on. */
  | 'enabled'
  /** It was on and is off: taken away by name. */
  | 'disabled'
  /** It was on and is off: the list was set anew without it, or the setting to something else. */
  | 'reset'
  /** It was off and the list was set anew without it. */
  | 'left-out'
  /** It was on and is now the most preferred. */
  | 'moved-to-front'
  /** It was on and has another place. */
  | 'moved'
  /** The directive names it, but it already was so. */
  | 'unchanged'
  /** The directive names it, but speaks to other scopes. */
  | 'not-selected'

export type ExplainedStep = {
  readonly directive: Directive
  /** The value in the directive, else the whole directive. */
  readonly span: Span
  readonly effect: ValueEffect
  /** Its place in the list after the directive, from 1; undefined where it is off. */
  readonly position: number | undefined
}

export type ValueExplanation = {
  readonly property: PropertyName
  readonly value: string
  readonly scopes: ScopeSet
  readonly steps: readonly ExplainedStep[]
  /** Who decided that it is on or off; undefined where no directive did and the default holds. */
  readonly winner: ExplainedStep | undefined
  readonly enabled: boolean
  /** Its place in the final list, from 1. */
  readonly position: number | undefined
  /** How many values are enabled beside it and with it. */
  readonly count: number
}

export type PropertyStep = {
  readonly directive: Directive
  readonly span: Span
  readonly before: readonly string[]
  readonly after: readonly string[]
}

export type PropertyExplanation = {
  readonly property: PropertyName
  readonly scopes: ScopeSet
  readonly steps: readonly PropertyStep[]
  /** The last directive that changed anything; undefined where the default holds. */
  readonly winner: PropertyStep | undefined
  /** The final list; one value for an integer or a choice. */
  readonly values: readonly string[]
}

export type ExplainOptions = {
  /** Also list directives that name the value but speak to other scopes. */
  readonly includeUnselected?: boolean
}

/**
 * Explains one value of a property. An integer or a choice is explained like a list of one value.
 *
 * @param value As a policy names it, in any case.
 * @throws DiagnosticError POLICY_UNKNOWN_ALGORITHM, POLICY_UNKNOWN_CHOICE or POLICY_INTEGER_EXPECTED
 */
export function explainValue(
  policy: Policy,
  scopes: ScopeSet,
  property: PropertyName,
  value: string,
  { includeUnselected = false }: ExplainOptions = {},
): ValueExplanation {
  const name = findValue(property, value)
  const trace = traceProperty(policy, scopes, property)
  const touched = trace.flatMap((step) => explainStep(step, name))
  const others = includeUnselected ? findUnselected(policy, scopes, property, name) : []
  const steps = inPolicyOrder(policy, [...touched, ...others])
  const values = tracedValues(trace, property)
  return {
    property,
    value: name,
    scopes,
    steps,
    winner: findWinner(steps),
    enabled: values.includes(name),
    position: positionIn(values, name),
    count: values.length,
  }
}

/** Explains how a property became what it is. */
export function explainProperty(
  policy: Policy,
  scopes: ScopeSet,
  property: PropertyName,
): PropertyExplanation {
  const steps = traceProperty(policy, scopes, property).map((step) => ({
    ...step,
    span: spanOf(writtenStatement(step.directive)),
  }))
  const winner = steps.findLast(({ before, after }) => before.join(' ') !== after.join(' '))
  return { property, scopes, steps, winner, values: tracedValues(steps, property) }
}

/** Nothing where the directive neither names the value nor sets the list anew. */
function explainStep(
  { directive, before, after }: TraceStep,
  value: string,
): readonly ExplainedStep[] {
  const effect = effectOn(directive, before, after, value)
  if (!effect) return []
  return [
    { directive, span: placeOf(directive, value), effect, position: positionIn(after, value) },
  ]
}

function effectOn(
  directive: Directive,
  before: readonly string[],
  after: readonly string[],
  value: string,
): ValueEffect | undefined {
  const [was, is] = [positionIn(before, value), positionIn(after, value)]
  const isNamed = wordFor(directive, value) !== undefined
  if (!was && is) return 'enabled'
  if (was && !is) return isNamed ? 'disabled' : 'reset'
  if (is && was !== is && isNamed) return is === 1 ? 'moved-to-front' : 'moved'
  if (isNamed) return 'unchanged'
  return is || !setsAnew(directive) ? undefined : 'left-out'
}

function setsAnew(directive: Directive): boolean {
  return directive.operations.some(({ kind }) => kind === 'reset' || kind === 'set')
}

/** Directives that name the value and speak to other scopes. */
function findUnselected(
  policy: Policy,
  scopes: ScopeSet,
  property: PropertyName,
  value: string,
): readonly ExplainedStep[] {
  return policy.directives
    .filter((directive) => directive.property === property && wordFor(directive, value))
    .filter(({ selector }) => !selects(selector, scopes))
    .map((directive) => ({
      directive,
      span: placeOf(directive, value),
      effect: 'not-selected',
      position: undefined,
    }))
}

function inPolicyOrder(policy: Policy, steps: readonly ExplainedStep[]): readonly ExplainedStep[] {
  const order = new Map(policy.directives.map((directive, index) => [directive, index]))
  const rank = ({ directive }: ExplainedStep) => order.get(directive) ?? 0
  return steps.toSorted((a, b) => rank(a) - rank(b))
}

/**
 * The word that changed it last; where no word did, the line that last left it out. A word that found it so
 * decided only where there is neither.
 */
function findWinner(steps: readonly ExplainedStep[]): ExplainedStep | undefined {
  const deciding: readonly ValueEffect[] = ['enabled', 'disabled', 'reset']
  return (
    steps.findLast(({ effect }) => deciding.includes(effect)) ??
    steps.findLast(({ effect }) => effect === 'left-out') ??
    steps.findLast(({ effect }) => effect === 'unchanged')
  )
}

function positionIn(values: readonly string[], value: string): number | undefined {
  const at = values.indexOf(value)
  return at < 0 ? undefined : at + 1
}

function placeOf(directive: Directive, value: string): Span {
  const word = wordFor(directive, value)
  return word ? spanOf(directive.statement, word) : spanOf(writtenStatement(directive))
}
