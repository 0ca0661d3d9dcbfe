/** The lines of a policy that allow or forbid something. */
import { namesOf } from '../../algorithms/algorithm-class.ts'
import { GROUPS_IN_TLS, policyNamesOf } from '../../algorithms/policy-names-in-tls.ts'
import { findTlsSuiteByName } from '../../algorithms/tls-suites.ts'
import { formatLocation } from '../../diagnostics/source.ts'
import type { Policy } from '../../policy/policy.ts'
import { isAlgorithmClass, type PropertyName } from '../../policy/properties.ts'
import { printDirective } from '../../policy/provenance.ts'
import type { ScopeSet } from '../../policy/scope.ts'
import {
  type ExplainedStep,
  explainProperty,
  explainValue,
} from '../../policy/value-explanation.ts'
import type { Reason } from './finding.ts'
import { signatureOfScheme } from './sha224-schemes.ts'
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
    const unset = `${property} = ${value} by default`
    return { ...(winner ? statementOf(winner, value) : withoutPlace(unset)), isEnabled: true }
  }
  if (!(namesOf(property) as readonly string[]).includes(value)) {
    return { ...withoutPlace(`no policy has a name for ${value}`), isEnabled: false }
  }
  const { winner, enabled } = explainValue(policy, scopes, property, value)
  const unset = `nothing enables ${value} of ${property}`
  return { ...(winner ? statementOf(winner, value) : withoutPlace(unset)), isEnabled: enabled }
}

function withoutPlace(text: string): Reason {
  return { text, place: null }
}

type Decided = Pick<ExplainedStep, 'directive' | 'span'>

/** The place of the value, and the whole statement, over however many lines it goes: `cipher = -AES-128-CBC`. */
function statementOf({ directive, span }: Decided, value: string): Reason {
  return { text: excerpt(printDirective(directive), value), place: formatLocation(span) }
}

/** Lists of a policy are long: what is cut is not the value. */
function excerpt(statement: string, value: string): string {
  if (statement.length <= LONGEST) return statement
  const begin = statement.slice(0, LONGEST - 3)
  const words = statement.split(' ')
  const at = words.findLastIndex((word) => word.replace(/^[-+]|\+$/g, '') === value)
  const end = words.slice(0, at + 1).join(' ').length
  if (at < 0 || end <= begin.length) return `${begin}...`
  const [head = ''] = statement.split(' = ')
  return `${head} = ... ${words[at]}${end < statement.length ? ' ...' : ''}`
}

const LONGEST = 120

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
      return [{ property: 'sign', value: signatureOfScheme(item.name) }]
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
