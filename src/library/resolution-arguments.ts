/** Checks of what look-ups and evaluations gave, and programs hand back. */
import { listOfChecked, madeBy, requireObject } from '../arguments/objects.ts'
import { type ArgumentCheck, requireOneOf, requireString } from '../arguments/single-values.ts'
import type { PriorityFailure } from '../priority/evaluate.ts'
import type { Resolution, Unresolved } from '../priority/resolve.ts'

const texts = listOfChecked(requireString)

export const checkUnresolved = madeBy<Unresolved>('resolvePriority', {
  given: requireObject,
  tried: texts,
})

const checkFound = madeBy<Resolution>('resolvePriority', {
  given: requireObject,
  text: requireString,
  origin: requireString,
  tried: texts,
})

/** Either of the two that a look-up gives. */
export const checkResolution: ArgumentCheck<Resolution | Unresolved> = (value, name) => {
  const isFound = typeof value === 'object' && value !== null && 'text' in value
  return isFound ? checkFound(value, name) : checkUnresolved(value, name)
}

type Failures = { readonly [Kind in PriorityFailure['kind']]: ArgumentCheck }

const FAILURES: Failures = {
  unresolved: madeBy('evaluatePriority', { unresolved: checkUnresolved }),
  syntax: madeBy('evaluatePriority', { resolution: checkFound, token: requireObject }),
  insufficient: madeBy('evaluatePriority', {
    resolution: checkFound,
    missing: requireString,
    adjustments: listOfChecked(requireObject),
  }),
}

const KINDS = Object.keys(FAILURES) as readonly PriorityFailure['kind'][]

export const checkFailure: ArgumentCheck<PriorityFailure> = (value, name) => {
  const { kind } = requireObject(value, name)
  FAILURES[requireOneOf(kind, KINDS, `${name}.kind`)](value, name)
  return value as PriorityFailure
}
