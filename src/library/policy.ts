/** `cryptopolicy/policy`: read, evaluate, compare and explain policies, and what back-ends make of them. */

import type { AlgorithmClass } from '../algorithms/algorithm-class.ts'
import type { AllowedTls, TracedTls } from '../algorithms/allowed-tls.ts'
import {
  type AllowedDifference,
  compareAllowed as compareLists,
  isLooser as isLooserThan,
} from '../algorithms/compare-allowed.ts'
import { listOfChecked } from '../arguments/objects.ts'
import {
  requireOneOf,
  requireString,
  requireText,
  type TextInput,
} from '../arguments/single-values.ts'
import { findBackend as findByName } from '../backends/all-backends.ts'
import type { Backend } from '../backends/backend.ts'
import { allowedByPolicy as allowed, type PolicyOrigin } from '../policy/allowed-by-policy.ts'
import { comparePolicies as compare, type PolicyComparison } from '../policy/compare.ts'
import { dumpPolicy as dump } from '../policy/dump.ts'
import { type EffectivePolicy, evaluatePolicy as evaluate } from '../policy/effective-policy.ts'
import { type ParsedPolicy, type Policy, parsePolicy as parse } from '../policy/policy.ts'
import {
  checkExplainOptions,
  checkPolicy,
  checkProperty,
  checkPurposeName,
  checkScopes,
} from '../policy/policy-arguments.ts'
import type { PropertyName } from '../policy/properties.ts'
import {
  NO_SCOPES,
  type Purpose,
  type PurposeName,
  purpose as purposeOf,
  type ScopeSet,
  TLS_PURPOSES,
  type TlsPurpose,
} from '../policy/scope.ts'
import {
  type ExplainOptions,
  explainValue as explain,
  explainProperty as explainOne,
  type PropertyExplanation,
  type ValueExplanation,
} from '../policy/value-explanation.ts'
import { checkAllowed, checkDifference } from './allowed-arguments.ts'

export type { AlgorithmNames } from '../algorithms/algorithm-class.ts'
export type { AllowedElement, MinimumKeySizes } from '../algorithms/allowed-tls.ts'
export type { CipherName } from '../algorithms/cipher.ts'
export type {
  AllowedList,
  KeySizeDifference,
  NamesDifference,
  Reordering,
} from '../algorithms/compare-allowed.ts'
export type { GroupName } from '../algorithms/group.ts'
export type { HashName } from '../algorithms/hash.ts'
export type { KeyExchangeName } from '../algorithms/key-exchange.ts'
export type { MacName } from '../algorithms/mac.ts'
export type { ProtocolName } from '../algorithms/protocol.ts'
export type { SignatureName } from '../algorithms/signature.ts'
export type { TlsGroup, TlsGroupKind } from '../algorithms/tls-groups.ts'
export type {
  SignatureKey,
  TlsSignatureScheme,
} from '../algorithms/tls-signatures.ts'
export type { TlsSuite, TlsSuiteName } from '../algorithms/tls-suites.ts'
export type {
  SignatureSemantics,
  TlsTransport,
  TlsVersion,
  TlsVersionName,
} from '../algorithms/tls-versions.ts'
export { BACKENDS } from '../backends/all-backends.ts'
export type { Causes, ChangeGroup, PolicyChange } from '../policy/compare.ts'
export type { Directive, Operation } from '../policy/directive.ts'
export type { AlgorithmLists } from '../policy/effective-policy.ts'
export type { ChoiceName, ChoiceValue, IntegerName } from '../policy/properties.ts'
export type { PlaceName } from '../policy/purpose-readers.ts'
export type { Move } from '../policy/reordering.ts'
export { PURPOSES, type Scope, type ScopeSelector } from '../policy/scope.ts'
export type { PolicyWord, Statement } from '../policy/syntax.ts'
export type { ExplainedStep, PropertyStep, ValueEffect } from '../policy/value-explanation.ts'
export * from './diagnostics.ts'
export type {
  AlgorithmClass,
  AllowedDifference,
  AllowedTls,
  Backend,
  EffectivePolicy,
  ExplainOptions,
  ParsedPolicy,
  Policy,
  PolicyComparison,
  PolicyOrigin,
  PropertyExplanation,
  PropertyName,
  Purpose,
  PurposeName,
  ScopeSet,
  TlsPurpose,
  TracedTls,
  ValueExplanation,
}
export { TLS_PURPOSES }

/**
 * Reads a policy from the text of its base file and of its modules, in order. A text that is wrong is no
 * exception: `diagnostics` says everything that is, and with an error among them the policy is incomplete.
 *
 * @param name `POLICY:MODULE1:MODULE2`, for dumps and messages.
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function parsePolicy(name: string, texts: readonly TextInput[]): ParsedPolicy {
  requireString(name, 'name')
  listOfChecked((value) => value)(texts, 'texts')
  const sources = texts.map((text, index) =>
    requireText(text, `texts[${index}]`, `<text ${index + 1}>`),
  )
  return parse(name, sources)
}

/**
 * What is enabled, under these scopes; under none it is the baseline. `purpose('openssh').scopes` are
 * those of a back-end's purpose.
 *
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function evaluatePolicy(policy: Policy, scopes: ScopeSet = NO_SCOPES): EffectivePolicy {
  checkPolicy(policy, 'policy')
  checkScopes(scopes, 'scopes')
  return evaluate(policy, scopes)
}

/**
 * What a policy allows of TLS for a purpose, in its order: versions, suites, groups, signature schemes and
 * smallest keys. `origins` has, for each of them, the lines that allow it. `compareAllowed` compares it with
 * what a priority string allows, or an endpoint.
 *
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function allowedByPolicy(policy: Policy, purposeName: TlsPurpose): TracedTls<PolicyOrigin> {
  checkPolicy(policy, 'policy')
  requireOneOf<TlsPurpose>(purposeName, TLS_PURPOSES, 'purposeName')
  return allowed(policy, purposeName)
}

/**
 * How the second side differs from the first, whatever each is of: a policy, a string, an endpoint.
 *
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function compareAllowed(first: AllowedTls, second: AllowedTls): AllowedDifference {
  return compareLists(checkAllowed(first, 'first'), checkAllowed(second, 'second'))
}

/**
 * Whether the second side allows anything that the first does not, in algorithms or in sizes.
 *
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function isLooser(difference: AllowedDifference): boolean {
  return isLooserThan(checkDifference(difference, 'difference'))
}

/**
 * What the second policy allows more or less than the first, for each purpose.
 *
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function comparePolicies(before: Policy, after: Policy): PolicyComparison {
  return compare(checkPolicy(before, 'before'), checkPolicy(after, 'after'))
}

/**
 * The effective policy as text, which is a policy again.
 *
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function dumpPolicy(policy: Policy): string {
  return dump(checkPolicy(policy, 'policy'))
}

/**
 * Explains one value of a property. An integer or a choice is explained like a list of one value.
 *
 * @param value As a policy names it, in any case.
 * @throws DiagnosticError POLICY_UNKNOWN_ALGORITHM, POLICY_UNKNOWN_CHOICE or POLICY_INTEGER_EXPECTED;
 * LIBRARY_ARGUMENT, LIBRARY_OPTION
 */
export function explainValue(
  policy: Policy,
  scopes: ScopeSet,
  property: PropertyName,
  value: string,
  options: ExplainOptions = {},
): ValueExplanation {
  checkExplained(policy, scopes, property)
  requireString(value, 'value')
  return explain(policy, scopes, property, value, checkExplainOptions(options, 'options'))
}

/**
 * Explains how a property became what it is.
 *
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function explainProperty(
  policy: Policy,
  scopes: ScopeSet,
  property: PropertyName,
): PropertyExplanation {
  checkExplained(policy, scopes, property)
  return explainOne(policy, scopes, property)
}

function checkExplained(policy: Policy, scopes: ScopeSet, property: PropertyName): void {
  checkPolicy(policy, 'policy')
  checkScopes(scopes, 'scopes')
  checkProperty(property, 'property')
}

/**
 * What a back-end asks a policy for.
 *
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function purpose(name: PurposeName): Purpose {
  checkPurposeName(name, 'name')
  return purposeOf(name)
}

/**
 * The back-end of a name; undefined where there is none.
 *
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function findBackend(name: string): Backend | undefined {
  return findByName(requireString(name, 'name'))
}
