/** Checks of what programs hand to the functions for policies. */
import {
  listOfChecked,
  madeBy,
  optionalChecked,
  optionsOf,
  requireObject,
} from '../arguments/objects.ts'
import {
  type ArgumentCheck,
  refuseArgument,
  requireBoolean,
  requireOneOf,
  requireString,
} from '../arguments/single-values.ts'
import type { Directive } from './directive.ts'
import type { Policy } from './policy.ts'
import { PROPERTY_NAMES } from './properties.ts'
import { PURPOSE_NAMES, SCOPES } from './scope.ts'
import type { ExplainOptions } from './value-explanation.ts'

const checkDirective = madeBy<Directive>('parsePolicy', {
  property: requireString,
  selector: requireObject,
  operations: listOfChecked(requireObject),
  statement: requireObject,
})

export const checkPolicy = madeBy<Policy>('parsePolicy', {
  name: requireString,
  directives: listOfChecked(checkDirective),
})

export const checkScopes: ArgumentCheck = (value, name) => {
  if (!(value instanceof Set)) return refuseArgument(name, 'a Set of scopes', value)
  for (const scope of value) requireOneOf(scope, SCOPES, `${name}'s member`)
  return value
}

export const checkProperty: ArgumentCheck = (value, name) =>
  requireOneOf(value, PROPERTY_NAMES, name)

export const checkPurposeName: ArgumentCheck = (value, name) =>
  requireOneOf(value, PURPOSE_NAMES, name)

export const checkExplainOptions = optionsOf<ExplainOptions>({
  includeUnselected: optionalChecked(requireBoolean),
})
