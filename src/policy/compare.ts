/** What differs between two policies by meaning: what each allows for each purpose. */
import type { AlgorithmClass } from '../algorithms/algorithm-class.ts'
import type { Span } from '../diagnostics/source.ts'
import type { Policy } from './policy.ts'
import {
  type ChoiceName,
  type IntegerName,
  isAlgorithmClass,
  PROPERTY_NAMES,
  type PropertyName,
} from './properties.ts'
import {
  decidingStep,
  type TraceStep,
  tracedValues,
  traceProperty,
  wordFor,
  writtenStatement,
} from './provenance.ts'
import { PLACE_NAMES, type PlaceName, readersOf, scopesAt } from './purpose-readers.ts'
import { findMoves, type Move } from './reordering.ts'
import { spanOf } from './syntax.ts'

/** The directives that made a value what it is on each side; none where the default holds. */
export type Causes = { readonly before?: Span; readonly after?: Span }

export type PolicyChange =
  | {
      readonly kind: 'enabled' | 'disabled'
      readonly property: AlgorithmClass
      readonly value: string
      readonly causes: Causes
    }
  | {
      readonly kind: 'set'
      readonly property: IntegerName | ChoiceName
      readonly before: string
      readonly after: string
      readonly causes: Causes
    }
  | {
      /** Of the values that both enable. */
      readonly kind: 'reordered'
      readonly property: AlgorithmClass
      readonly moves: readonly Move[]
      readonly before: readonly string[]
      readonly after: readonly string[]
    }

/** The changes that some places have in common. */
export type ChangeGroup = {
  readonly places: readonly PlaceName[]
  /** Whether that is every place where a back-end reads the property. */
  readonly everywhere: boolean
  /** In the order of a policy dump. */
  readonly changes: readonly PolicyChange[]
}

export type PolicyComparison = {
  readonly before: string
  readonly after: string
  /** Widest first; empty where both policies mean the same. */
  readonly groups: readonly ChangeGroup[]
}

/**
 * Compares what two policies mean, for every purpose of a back-end. A property is compared only
 * for the purposes whose back-end reads it: elsewhere it changes nothing.
 *
 * @param only The purposes to compare; all where it is left out.
 */
export function comparePolicies(
  before: Policy,
  after: Policy,
  only: readonly PlaceName[] = PLACE_NAMES,
): PolicyComparison {
  const found = new Map<string, { change: PolicyChange; places: PlaceName[] }>()
  for (const property of PROPERTY_NAMES) {
    for (const purpose of readersOf(property).filter((name) => only.includes(name))) {
      for (const change of compareAt(before, after, property, purpose)) {
        const key = keyOf(change)
        const known = found.get(key)
        if (known) known.places.push(purpose)
        else found.set(key, { change, places: [purpose] })
      }
    }
  }
  return { before: before.name, after: after.name, groups: groupByPlaces([...found.values()]) }
}

function compareAt(
  before: Policy,
  after: Policy,
  property: PropertyName,
  place: PlaceName,
): readonly PolicyChange[] {
  const scopes = scopesAt(place)
  const older = traceProperty(before, scopes, property)
  const newer = traceProperty(after, scopes, property)
  return isAlgorithmClass(property)
    ? compareLists(older, newer, property)
    : compareSettings(older, newer, property)
}

function compareSettings(
  older: readonly TraceStep[],
  newer: readonly TraceStep[],
  property: IntegerName | ChoiceName,
): readonly PolicyChange[] {
  const before = tracedValues(older, property)[0] ?? ''
  const after = tracedValues(newer, property)[0] ?? ''
  if (before === after) return []
  const causes = causesOf(older.at(-1), before, newer.at(-1), after)
  return [{ kind: 'set', property, before, after, causes }]
}

function compareLists(
  older: readonly TraceStep[],
  newer: readonly TraceStep[],
  property: AlgorithmClass,
): readonly PolicyChange[] {
  const before = tracedValues(older, property)
  const after = tracedValues(newer, property)
  const change = (kind: 'enabled' | 'disabled') => (value: string) => {
    const causes = causesOf(decidingStep(older, value), value, decidingStep(newer, value), value)
    return { kind, property, value, causes }
  }
  return [
    ...before.filter((value) => !after.includes(value)).map(change('disabled')),
    ...after.filter((value) => !before.includes(value)).map(change('enabled')),
    ...compareOrder(before, after, property),
  ]
}

function compareOrder(
  before: readonly string[],
  after: readonly string[],
  property: AlgorithmClass,
): readonly PolicyChange[] {
  const older = before.filter((value) => after.includes(value))
  const newer = after.filter((value) => before.includes(value))
  const moves = findMoves(older, newer)
  if (moves.length === 0) return []
  return [{ kind: 'reordered', property, moves, before: older, after: newer }]
}

function causesOf(
  older: TraceStep | undefined,
  before: string,
  newer: TraceStep | undefined,
  after: string,
): Causes {
  return {
    ...(older ? { before: placeOf(older, before) } : {}),
    ...(newer ? { after: placeOf(newer, after) } : {}),
  }
}

function placeOf({ directive }: TraceStep, value: string): Span {
  const word = wordFor(directive, value)
  return word ? spanOf(directive.statement, word) : spanOf(writtenStatement(directive))
}

/** Changes are the same whatever caused them. */
function keyOf(change: PolicyChange): string {
  const { kind, property } = change
  if (kind === 'set') return [kind, property, change.before, change.after].join(' ')
  if (kind === 'reordered') {
    return [kind, property, ...change.moves.map(({ value, after }) => `${value}<${after}`)].join(
      ' ',
    )
  }
  return [kind, property, change.value].join(' ')
}

function groupByPlaces(
  found: readonly { readonly change: PolicyChange; readonly places: readonly PlaceName[] }[],
): readonly ChangeGroup[] {
  const isEverywhere = ({ change, places }: (typeof found)[number]) =>
    places.length === readersOf(change.property).length
  const groups = Map.groupBy(found, (one) => (isEverywhere(one) ? '*' : one.places.join(' ')))
  return [...groups]
    .map(([key, members]) => ({
      places: [...new Set(members.flatMap(({ places }) => places))],
      everywhere: key === '*',
      changes: members.map(({ change }) => change),
    }))
    .toSorted(
      (a, b) => Number(b.everywhere) - Number(a.everywhere) || b.places.length - a.places.length,
    )
}
