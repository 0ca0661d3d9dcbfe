/** Evaluates a policy for a set of scopes: what is enabled there, in order of preference. */
import {
  ALGORITHM_CLASSES,
  type AlgorithmClass,
  type AlgorithmNames,
  namesOf,
} from '../algorithms/algorithm-class.ts'
import { type ProtocolFamily, type ProtocolName, versionsOf } from '../algorithms/protocol.ts'
import { memoizePairs } from '../cache/memoize.ts'
import type { Directive, ListOperation, Operation } from './directive.ts'
import type { Policy } from './policy.ts'
import {
  CHOICE_NAMES,
  CHOICE_VALUES,
  type ChoiceName,
  type ChoiceValue,
  INTEGER_DEFAULTS,
  type IntegerName,
  isAlgorithmClass,
} from './properties.ts'
import { type ScopeSet, selects } from './scope.ts'

/** The algorithms of each class, in order. */
export type AlgorithmLists = {
  readonly [Class in AlgorithmClass]: readonly AlgorithmNames[Class][]
}

export type EffectivePolicy = {
  readonly scopes: ScopeSet
  /** Most preferred first. */
  readonly enabled: AlgorithmLists
  /** All others, in table order. */
  readonly disabled: AlgorithmLists
  readonly integers: { readonly [Name in IntegerName]: number }
  readonly choices: { readonly [Name in ChoiceName]: ChoiceValue<Name> }
}

/** Applies every directive that these scopes select, in order; once for each policy and set of scopes. */
export const evaluatePolicy: (policy: Policy, scopes: ScopeSet) => EffectivePolicy =
  memoizePairs(applyDirectives)

function applyDirectives(policy: Policy, scopes: ScopeSet): EffectivePolicy {
  const below = isBelow(policy.system, policy) ? policy.system : undefined
  // Many policies of applications have one policy of the system below them, which is applied once.
  const before = below && evaluatePolicy(below, scopes)
  const lists: Lists = before ? { ...before.enabled } : emptyLists()
  const values: Record<string, number | string> = before
    ? { ...before.integers, ...before.choices }
    : { ...INTEGER_DEFAULTS, ...choiceDefaults() }
  for (const directive of policy.directives.slice(below?.directives.length)) {
    if (!selects(directive.selector, scopes)) continue
    if (isAlgorithmClass(directive.property)) applyToList(lists, directive)
    else values[directive.property] = lastValue(directive)
  }
  const enabled = lists as AlgorithmLists
  return {
    scopes,
    enabled,
    disabled: complement(enabled),
    integers: values as EffectivePolicy['integers'],
    choices: values as EffectivePolicy['choices'],
  }
}

/** Whether a policy begins with all directives of another: a copy may have others and still name it. */
function isBelow(system: Policy | undefined, { directives }: Policy): boolean {
  return system?.directives.every((directive, index) => directives[index] === directive) ?? false
}

/** Applies one step to a list of algorithms and returns the list that results. */
export function applyOperation(list: readonly string[], operation: Operation): readonly string[] {
  switch (operation.kind) {
    case 'reset':
      return []
    case 'append':
      return list.includes(operation.value) ? list : [...list, operation.value]
    case 'prepend':
      return [operation.value, ...list.filter((value) => value !== operation.value)]
    case 'omit':
      return list.filter((value) => value !== operation.value)
    case 'set':
      return list
  }
}

/** The lowest enabled version of a family, or undefined where none is. */
export function lowestVersion(
  policy: EffectivePolicy,
  family: ProtocolFamily,
): ProtocolName | undefined {
  return versionsOf(family, policy.enabled.protocol).at(-1)
}

type Lists = Record<AlgorithmClass, readonly string[]>

function emptyLists(): Lists {
  return Object.fromEntries(ALGORITHM_CLASSES.map((name) => [name, []])) as unknown as Lists
}

function choiceDefaults(): Record<string, string> {
  return Object.fromEntries(CHOICE_NAMES.map((name) => [name, CHOICE_VALUES[name][0]]))
}

function applyToList(lists: Lists, directive: Directive): void {
  const property = directive.property as AlgorithmClass
  let list = lists[property]
  for (const operation of directive.operations)
    list = applyOperation(list, operation as ListOperation)
  lists[property] = list
}

function lastValue(directive: Directive): number | string {
  const last = directive.operations.at(-1)
  return last?.kind === 'set' ? last.value : 0
}

function complement(enabled: AlgorithmLists): AlgorithmLists {
  return Object.fromEntries(
    ALGORITHM_CLASSES.map((name) => {
      const on = new Set<string>(enabled[name])
      return [name, namesOf(name).filter((value) => !on.has(value))]
    }),
  ) as unknown as AlgorithmLists
}
