/** Prints explanations of policies, for people and as data. */
import { type JsonResult, locationToJson } from '../diagnostics/diagnostic-json.ts'
import { formatLocation } from '../diagnostics/source.ts'
import { isAlgorithmClass } from '../policy/properties.ts'
import { printDirective } from '../policy/provenance.ts'
import type { ScopeSet } from '../policy/scope.ts'
import type {
  ExplainedStep,
  PropertyExplanation,
  PropertyStep,
  ValueEffect,
  ValueExplanation,
} from '../policy/value-explanation.ts'
import { alignColumns } from './table.ts'

const EFFECTS: { readonly [E in ValueEffect]: string } = {
  enabled: 'turned it on',
  disabled: 'turned it off',
  reset: 'set anew without it: off',
  'left-out': 'set anew without it',
  'moved-to-front': 'moved it to the front',
  moved: 'moved it',
  unchanged: 'changed nothing',
  'not-selected': 'speaks to other scopes',
}

/** The same for integers and choices, which are set to one value or another. */
const SETTINGS: { readonly [E in ValueEffect]: string } = {
  ...EFFECTS,
  enabled: 'set it',
  disabled: 'set something else',
  reset: 'set something else',
  'left-out': 'set something else',
}

/** How much of a directive is shown, in characters. */
const SHOWN = 60

/** The verdict, then every line that touched the value; `>` marks the one that decided. */
export function printValueExplanation(
  policyName: string,
  explanation: ValueExplanation,
): readonly string[] {
  const { property, value, scopes, steps, winner } = explanation
  const where = `${property} of ${policyName}${describeScopes(scopes)}`
  const verdict = `${value} is ${describeState(explanation)} in ${where}`
  if (steps.length === 0) return [`${verdict}: no line of the policy touches it`]
  const isList = isAlgorithmClass(property)
  const rows = steps.map((step) => [
    step === winner ? '>' : ' ',
    formatLocation(step.span),
    shorten(printDirective(step.directive)),
    isList ? describeStep(step) : SETTINGS[step.effect],
  ])
  return [`${verdict}:`, ...alignColumns(rows)]
}

/** The values, then every line that set or changed the property. */
export function printPropertyExplanation(
  policyName: string,
  { property, scopes, steps, winner, values }: PropertyExplanation,
): readonly string[] {
  const head = `${property} of ${policyName}${describeScopes(scopes)} is ${values.join(' ') || 'empty'}`
  if (steps.length === 0) return [`${head}: the default, no line of the policy sets it`]
  const rows = steps.map((step) => [
    step === winner ? '>' : ' ',
    formatLocation(step.span),
    shorten(printDirective(step.directive)),
    describeChange(step, isAlgorithmClass(property)),
  ])
  return [`${head}:`, ...alignColumns(rows)]
}

/** For --json. */
export function valueToJson({ steps, winner, scopes, ...rest }: ValueExplanation): JsonResult {
  return {
    ...rest,
    position: rest.position ?? null,
    scopes: [...scopes],
    steps: steps.map(({ directive, span, effect, position }) => ({
      location: locationToJson(span),
      directive: printDirective(directive),
      effect,
      position: position ?? null,
    })),
    winner: locationToJson(winner?.span),
  }
}

/** For --json. */
export function propertyToJson({
  steps,
  winner,
  scopes,
  ...rest
}: PropertyExplanation): JsonResult {
  return {
    ...rest,
    scopes: [...scopes],
    steps: steps.map(({ directive, span, before, after }) => ({
      location: locationToJson(span),
      directive: printDirective(directive),
      before,
      after,
    })),
    winner: locationToJson(winner?.span),
  }
}

function describeState({ property, enabled, position, count }: ValueExplanation): string {
  if (!isAlgorithmClass(property)) return enabled ? 'the value' : 'not the value'
  return enabled ? `on (place ${position} of ${count})` : 'off'
}

function describeScopes(scopes: ScopeSet): string {
  return scopes.size === 0 ? '' : ` under ${[...scopes].join(', ')}`
}

function describeStep({ effect, position }: ExplainedStep): string {
  return position === undefined ? EFFECTS[effect] : `${EFFECTS[effect]}, place ${position}`
}

function describeChange({ before, after }: PropertyStep, isList: boolean): string {
  if (!isList) return `${before.join(' ')} -> ${after.join(' ')}`
  const added = after.filter((value) => !before.includes(value)).length
  const removed = before.filter((value) => !after.includes(value)).length
  return added + removed === 0 ? 'order or nothing' : `+${added} -${removed}`
}

function shorten(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN - 3)}...` : text
}
