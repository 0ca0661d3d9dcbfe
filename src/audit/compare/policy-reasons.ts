/** The lines of a policy that allow or forbid something. */
import { namesOf } from '../../algorithms/algorithm-class.ts'
import {
  GROUPS_IN_TLS,
  policyNamesOf,
  SCHEMES_OF_SIGNATURES,
} from '../../algorithms/policy-names-in-tls.ts'
import { findTlsSuiteByName } from '../../algorithms/tls-suites.ts'
import { formatLocation, type Span, spanText } from '../../diagnostics/source.ts'
import type { Policy } from '../../policy/policy.ts'
import { isAlgorithmClass, type PropertyName } from '../../policy/properties.ts'
import type { ScopeSet } from '../../policy/scope.ts'
import { explainProperty, explainValue } from '../../policy/value-explanation.ts'
import type { Reason } from './finding.ts'
import type { AskedItem } from './yardstick.ts'

/** A part of an item, by the policy's words. */
type PolicyPart = { readonly property: PropertyName; readonly value: string }

/** Who decided about a value of a policy, and how. */
export type PolicyReason = Reason & { readonly isEnabled: boolean }

export function reasonInPolicy(
  policy: Policy,
  scopes: ScopeSet,
  { property, value }: PolicyPart,
): PolicyReason {
  if (!isAlgorithmClass(property)) {
    const { winner } = explainProperty(policy, scopes, property)
    return { ...lineOf(winner?.span, `${property} = ${value} by default`), isEnabled: true }
  }
  if (!(namesOf(property) as readonly string[]).includes(value)) {
    return { text: `no policy has a name for ${value}`, place: null, isEnabled: false }
  }
  const { winner, enabled } = explainValue(policy, scopes, property, value)
  const missing = `nothing enables ${value} of ${property}`
  return { ...lineOf(winner?.span, missing), isEnabled: enabled }
}

/** The whole line in which a span begins: `cipher = -AES-128-CBC`. */
function lineOf(span: Span | undefined, otherwise: string): Reason {
  if (!span) return { text: otherwise, place: null }
  const { source, start } = span
  const begin = source.text.lastIndexOf('\n', start - 1) + 1
  const end = source.text.indexOf('\n', start)
  const line = spanText({ source, start: begin, end: end < 0 ? source.text.length : end })
  return { text: shorten(line.trim()), place: formatLocation(span) }
}

/** A line for people: lists of a policy are long. */
function shorten(line: string): string {
  return line.length > 120 ? `${line.slice(0, 117)}...` : line
}

/**
 * The lines that forbid an item; where none does, those that allow it. Of a suite, each part that is
 * missing has its line.
 */
export function reasonsInPolicy(
  policy: Policy,
  scopes: ScopeSet,
  item: AskedItem,
  minimum: number,
): readonly Reason[] {
  const all = partsOf(item, minimum).map((part) => reasonInPolicy(policy, scopes, part))
  const forbidding = all.filter(({ isEnabled }) => !isEnabled)
  const told = forbidding.length > 0 ? forbidding : all
  return told.map(({ text, place }) => ({ text, place }))
}

const SIZE_PROPERTIES = {
  rsa: 'min_rsa_size',
  dsa: 'min_dsa_size',
  ec: 'min_ec_size',
  dh: 'min_dh_size',
} as const

function partsOf(item: AskedItem, minimum: number): readonly PolicyPart[] {
  switch (item.kind) {
    case 'version':
      return [{ property: 'protocol', value: item.name }]
    case 'suite':
      return suiteParts(item.name)
    case 'group':
      return [{ property: 'group', value: keyOf(GROUPS_IN_TLS, item.name) }]
    case 'signature scheme':
      return [{ property: 'sign', value: keyOf(SCHEMES_OF_SIGNATURES, item.name) }]
    case 'key size':
      return [{ property: SIZE_PROPERTIES[item.name], value: String(minimum) }]
  }
}

function suiteParts(name: string): readonly PolicyPart[] {
  const suite = findTlsSuiteByName(name)
  if (!suite) return [{ property: 'cipher', value: name }]
  const names = policyNamesOf(suite)
  const properties = ['key_exchange', 'cipher', 'mac', 'hash'] as const
  const used = suite.keyExchange === undefined ? properties.slice(1) : properties
  return used.map((property, at) => ({ property, value: names[at] ?? '' }))
}

function keyOf(table: Readonly<Record<string, string>>, value: string): string {
  return Object.entries(table).find(([, name]) => name === value)?.[0] ?? value
}
