/**
 * What back-ends cannot say: where a library goes on allowing what the policy forbids.
 *
 * The texts stay as every configuration published so far has them, so the one thing left is to tell.
 * Each rule was tried with the library; docs/back-ends-cannot-say.md shows them all.
 */
import { memoize } from '../../cache/memoize.ts'
import { evaluatePolicy } from '../../policy/effective-policy.ts'
import type { Policy } from '../../policy/policy.ts'
import { purpose } from '../../policy/scope.ts'
import { findBackend } from '../all-backends.ts'
import type { Backend } from '../backend.ts'
import { opensslcnf } from '../opensslcnf.ts'
import type { Looseness, LoosenessDescription } from './looseness-rule.ts'
import { TEXT_RULES } from './looseness-rules.ts'
import { findOpensslLooseness, OPENSSL_RULES, type OpensslOfHost } from './openssl-looseness.ts'

/** @internal Exported for tests. */
export const LOOSENESS_RULES: readonly LoosenessDescription[] = [...TEXT_RULES, ...OPENSSL_RULES]

export type LoosenessSearch = OpensslOfHost & {
  /** The one back-end that is asked about; else all. */
  readonly backend?: string
}

/** Everything that a policy forbids and a library keeps. */
export function findLooseness(policy: Policy, search: LoosenessSearch = {}): readonly Looseness[] {
  const isAsked = (name: string): boolean => (search.backend ?? name) === name
  const textOf = memoize((backend: Backend) => backend.generate(policy))
  const byText = TEXT_RULES.filter((rule) => isAsked(rule.backend)).flatMap(({ find, ...rule }) => {
    const effective = evaluatePolicy(policy, purpose(rule.purpose).scopes)
    const backend = findBackend(rule.backend)
    const kept = find(effective, backend ? textOf(backend) : '')
    return kept.length === 0 ? [] : [{ ...rule, kept }]
  })
  return isAsked(opensslcnf.name) ? [...byText, ...findOpensslLooseness(policy, search)] : byText
}
