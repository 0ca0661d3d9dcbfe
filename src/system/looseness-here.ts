/** What the libraries of this host keep although a policy forbids it. */
import { findLooseness } from '../backends/looseness/looseness.ts'
import type { Looseness } from '../backends/looseness/looseness-rule.ts'
import { opensslcnf } from '../backends/opensslcnf.ts'
import type { Policy } from '../policy/policy.ts'
import { findOpensslVersion } from './host-releases.ts'

/** Where a library is not found, what any of its releases keeps. */
export function findLoosenessHere(policy: Policy): readonly Looseness[] {
  const found = findLooseness(policy)
  const isAsked = found.some(({ backend }) => backend === opensslcnf.name)
  const openssl = isAsked ? findOpensslVersion() : undefined
  return openssl === undefined ? found : findLooseness(policy, { openssl })
}
