/** What the libraries of this host keep although a policy forbids it. */
import { findLooseness } from '../backends/looseness/looseness.ts'
import type { Looseness } from '../backends/looseness/looseness-rule.ts'
import type { Policy } from '../policy/policy.ts'
import { findOpensslVersion } from './host-releases.ts'

/** Where a library is not found, what any of its releases keeps. */
export function findLoosenessHere(policy: Policy): readonly Looseness[] {
  return findLooseness(policy, {
    // The library is large, and is read only where a release of it keeps something.
    get openssl() {
      return findOpensslVersion()
    },
  })
}
