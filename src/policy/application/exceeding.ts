/** What an application policy allows beyond the system policy, and the lines that do it. */
import { type Diagnostic, diagnose, moderate } from '../../diagnostics/diagnostic.ts'
import type { Span } from '../../diagnostics/source.ts'
import { type EffectivePolicy, evaluatePolicy } from '../effective-policy.ts'
import {
  isAlgorithmClass,
  isIntegerName,
  PROPERTY_NAMES,
  type PropertyName,
} from '../properties.ts'
import { decidingStep, traceProperty, wordFor, writtenStatement } from '../provenance.ts'
import type { PlaceName } from '../purpose-readers.ts'
import { readersOf, scopesAt } from '../purpose-readers.ts'
import type { PurposeName } from '../scope.ts'
import { spanOf } from '../syntax.ts'
import { APPLICATION_KINDS } from './application-diagnostics.ts'
import type { LayeredPolicy } from './application-policy.ts'

/** @internal Exported for tests. */
export type Excess = {
  readonly property: PropertyName
  /** The values that the system policy does not enable, or the laxer setting. */
  readonly values: readonly string[]
  /** What the system policy has, for a setting. */
  readonly instead: string | undefined
  readonly places: readonly PlaceName[]
  /** The line of the application's file that allows it. */
  readonly span: Span
}

/** Choices from strict to lax; those of `etm` exclude one another, so that none is laxer. */
const STRICT_FIRST: { readonly [Name in PropertyName]?: readonly string[] } = {
  __ems: ['ENFORCE', 'DEFAULT', 'RELAX'],
}

/** Of these integers a larger one allows more; of all others, less. */
const PERMISSIONS: readonly PropertyName[] = ['sha1_in_certs', 'arbitrary_dh_groups', 'ssh_certs']

/**
 * Everything that an application allows beyond the system policy where one of its back-ends reads it.
 *
 * @internal Exported for tests.
 */
export function findExcess(
  layered: LayeredPolicy,
  purposes: readonly PurposeName[],
): readonly Excess[] {
  const found = new Map<string, Excess>()
  for (const property of PROPERTY_NAMES) {
    for (const purpose of readersOf(property).filter((name) => purposes.includes(name))) {
      for (const excess of excessAt(layered, property, purpose)) {
        const key = `${property} ${excess.span.start} ${excess.values.join()} ${excess.instead}`
        const known = found.get(key)
        found.set(key, known ? { ...known, places: [...known.places, purpose] } : excess)
      }
    }
  }
  return [...found.values()]
}

/** Errors, or warnings where the application may exceed the system policy. */
export function diagnoseExcess(
  layered: LayeredPolicy,
  purposes: readonly PurposeName[],
): readonly Diagnostic[] {
  const { system, application } = layered
  const excesses = findExcess(layered, purposes)
  const found = excesses.map(({ property, values, instead, places, span }) => {
    const what =
      instead === undefined
        ? `${property} ${values.join(', ')}`
        : `${property} = ${values.join()} in place of ${instead}`
    const names = { application: application.name, policy: system.name }
    const data = { ...names, what, places, isMeant: application.mayExceed }
    return diagnose(APPLICATION_KINDS.exceeds, data, span)
  })
  return application.mayExceed ? found.map(moderate) : found
}

function excessAt(
  layered: LayeredPolicy,
  property: PropertyName,
  place: PlaceName,
): readonly Excess[] {
  const scopes = scopesAt(place)
  const before = valuesOf(evaluatePolicy(layered.system, scopes), property)
  const after = valuesOf(evaluatePolicy(layered, scopes), property)
  const extra = isAlgorithmClass(property)
    ? after.filter((value) => !before.includes(value))
    : isLaxer(property, before[0], after[0])
      ? after
      : []
  // Nearly all applications end here: to find the line of each value takes much longer.
  if (extra.length === 0) return []
  const steps = traceProperty(layered, scopes, property)
  const byLine = new Map<number, Excess>()
  for (const value of extra) {
    const directive = (decidingStep(steps, value) ?? steps.at(-1))?.directive
    if (!directive) continue
    const span = spanOf(writtenStatement(directive), wordFor(directive, value))
    const known = byLine.get(span.start)
    const instead = isAlgorithmClass(property) ? undefined : before[0]
    const values = [...(known?.values ?? []), value]
    byLine.set(span.start, { property, values, instead, places: [place], span })
  }
  return [...byLine.values()]
}

function valuesOf(
  { enabled, integers, choices }: EffectivePolicy,
  property: PropertyName,
): readonly string[] {
  if (isAlgorithmClass(property)) return enabled[property]
  return [isIntegerName(property) ? String(integers[property]) : choices[property]]
}

function isLaxer(property: PropertyName, before = '', after = ''): boolean {
  const order = STRICT_FIRST[property]
  if (order) return order.indexOf(after) > order.indexOf(before)
  if (!isIntegerName(property)) return false
  return PERMISSIONS.includes(property)
    ? Number(after) > Number(before)
    : Number(after) < Number(before)
}
