/** The words that a user may name on a command line, in any case: values, properties, scopes. */
import { ALGORITHM_CLASSES, findAlgorithm, namesOf } from '../algorithms/algorithm-class.ts'
import { fail } from '../diagnostics/diagnostic.ts'
import { POLICY_KINDS } from './policy-diagnostics.ts'
import {
  CHOICE_NAMES,
  CHOICE_VALUES,
  isChoiceName,
  isIntegerName,
  PROPERTY_NAMES,
  type PropertyName,
} from './properties.ts'
import {
  PURPOSE_NAMES,
  type PurposeName,
  purpose,
  SCOPES,
  type Scope,
  type ScopeSet,
} from './scope.ts'

/**
 * The properties that have a value of this name, in any case.
 *
 * @throws DiagnosticError POLICY_UNKNOWN_ALGORITHM with what may have been meant
 */
export function findPropertiesOf(value: string): readonly PropertyName[] {
  const upper = value.toUpperCase()
  const found = [
    ...ALGORITHM_CLASSES.filter((name) => hasValue(namesOf(name), upper)),
    ...CHOICE_NAMES.filter((name) => hasValue(CHOICE_VALUES[name], upper)),
  ]
  if (found.length > 0) return found
  const known = ALGORITHM_CLASSES.flatMap((name) => namesOf(name) as readonly string[])
  const data = { name: value, property: 'algorithm', known, otherClass: undefined }
  return fail(POLICY_KINDS.unknownAlgorithm, data)
}

/** Whether policies have such a value, of a property or of any, in any case. */
export function isValue(value: string, property: PropertyName | undefined): boolean {
  if (property !== undefined && isIntegerName(property)) return true
  const upper = value.toUpperCase()
  const known = (name: PropertyName): readonly string[] => {
    if (isIntegerName(name)) return []
    return isChoiceName(name) ? CHOICE_VALUES[name] : namesOf(name)
  }
  const properties = property === undefined ? PROPERTY_NAMES : [property]
  return properties.some((name) => hasValue(known(name), upper))
}

/**
 * A value of a property as policies spell it.
 *
 * @throws DiagnosticError with what may have been meant
 */
export function findValue(property: PropertyName, value: string): string {
  if (isIntegerName(property)) {
    if (/^[0-9]+$/.test(value)) return String(Number(value))
    return fail(POLICY_KINDS.integerExpected, { property, text: value })
  }
  const known: readonly string[] = isChoiceName(property)
    ? CHOICE_VALUES[property]
    : namesOf(property)
  const upper = value.toUpperCase()
  const found = known.find((name) => name.toUpperCase() === upper)
  if (found !== undefined) return found
  if (isChoiceName(property)) fail(POLICY_KINDS.unknownChoice, { property, text: value, known })
  const otherClass = ALGORITHM_CLASSES.find((other) => findAlgorithm(other, upper))
  return fail(POLICY_KINDS.unknownAlgorithm, { name: value, property, known, otherClass })
}

/**
 * A property by its name.
 *
 * @throws DiagnosticError POLICY_UNKNOWN_PROPERTY with what may have been meant
 */
export function findProperty(name: string): PropertyName {
  const found = PROPERTY_NAMES.find((property) => property === name.toLowerCase())
  return found ?? fail(POLICY_KINDS.unknownProperty, { name, known: PROPERTY_NAMES })
}

/**
 * The scopes of a purpose (`openssh-server` is also `openssh` and `ssh`), else the one scope.
 *
 * @throws DiagnosticError POLICY_UNKNOWN_SCOPE with what may have been meant
 */
export function findScopes(name: string): ScopeSet {
  const lower = name.toLowerCase()
  if ((PURPOSE_NAMES as readonly string[]).includes(lower)) {
    return purpose(lower as PurposeName).scopes
  }
  const scope: Scope | undefined = SCOPES.find((known) => known === lower)
  if (scope) return new Set([scope])
  return fail(POLICY_KINDS.unknownScope, { glob: name, scopes: SCOPES })
}

function hasValue(names: readonly string[], upper: string): boolean {
  return names.some((name) => name.toUpperCase() === upper)
}
