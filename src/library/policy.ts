/** `cryptopolicy/policy`: read, evaluate, compare and explain policies, and what back-ends make of them. */
import type { AlgorithmClass } from '../algorithms/algorithm-class.ts'
import type { TracedTls } from '../algorithms/allowed-tls.ts'
import {
  allowedByPolicy as allowed,
  type PolicyOrigin,
  TLS_PURPOSES,
  type TlsPurpose,
} from '../policy/allowed-tls.ts'
import { type EffectivePolicy, evaluatePolicy as evaluate } from '../policy/effective-policy.ts'
import { type ParsedPolicy, type Policy, parsePolicy as parse } from '../policy/policy.ts'
import { NO_SCOPES, SCOPES, type ScopeSet } from '../policy/scope.ts'
import {
  requireArray,
  requireObject,
  requireOneOf,
  requireString,
  requireText,
  type TextInput,
} from './arguments.ts'

export type { AlgorithmNames } from '../algorithms/algorithm-class.ts'
export type { AllowedElement, AllowedTls, MinimumKeySizes } from '../algorithms/allowed-tls.ts'
export type { CipherName } from '../algorithms/cipher.ts'
export {
  type AllowedDifference,
  type AllowedList,
  compareAllowed,
  isLooser,
  type KeySizeDifference,
  type NamesDifference,
  type Reordering,
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
export type { Backend } from '../backends/backend.ts'
export { BACKENDS, findBackend } from '../backends/registry.ts'
export {
  type Causes,
  type ChangeGroup,
  comparePolicies,
  type PolicyChange,
  type PolicyComparison,
} from '../policy/compare.ts'
export type { Directive, Operation } from '../policy/directive.ts'
export { dumpPolicy } from '../policy/dump.ts'
export type { AlgorithmLists } from '../policy/effective-policy.ts'
export {
  type Effect as ValueEffect,
  type ExplainedStep,
  type ExplainOptions,
  explainProperty,
  explainValue,
  type PropertyExplanation,
  type PropertyStep,
  type ValueExplanation,
} from '../policy/explain.ts'
export type { ChoiceName, ChoiceValue, IntegerName, PropertyName } from '../policy/properties.ts'
export type { PlaceName } from '../policy/purpose-readers.ts'
export type { Move } from '../policy/reordering.ts'
export {
  PURPOSES,
  type Purpose,
  type PurposeName,
  purpose,
  type Scope,
  type ScopeSelector,
} from '../policy/scope.ts'
export type { Statement, Word as PolicyWord } from '../policy/syntax.ts'
export * from './diagnostics.ts'
export type {
  AlgorithmClass,
  EffectivePolicy,
  ParsedPolicy,
  Policy,
  PolicyOrigin,
  ScopeSet,
  TlsPurpose,
  TracedTls,
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
  const sources = requireArray(texts, 'texts').map((text, index) =>
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
  requireObject(policy, 'policy', ['name', 'directives'])
  for (const scope of scopes) requireOneOf(scope, SCOPES, 'scopes')
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
  requireObject(policy, 'policy', ['name', 'directives'])
  requireOneOf(purposeName, TLS_PURPOSES, 'purposeName')
  return allowed(policy, purposeName)
}
