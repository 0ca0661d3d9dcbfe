/**
 * GnuTLS before 3.7.3, which has no allowlist: the same policy as one priority string
 * (GnuTLS manual, "Priority strings").
 */
import type { GroupName } from '../algorithms/group.ts'
import type { SignatureName } from '../algorithms/signature.ts'
import { evaluatePolicy } from '../policy/effective-policy.ts'
import type { Policy } from '../policy/policy.ts'
import { purpose } from '../policy/scope.ts'
import { gnutlsProfile } from './gnutls-names.ts'
import { priorityWords } from './gnutls-priority-words.ts'

/** One name that a library does not know makes it refuse the whole string. */
const NEWER_GROUPS: readonly GroupName[] = ['MLKEM768-X25519', 'P256-MLKEM768', 'P384-MLKEM1024']
const NEWER_SIGNATURES: readonly SignatureName[] = ['MLDSA44', 'MLDSA65', 'MLDSA87']

/**
 * One line, `SYSTEM=NONE:+VERS-TLS1.3:...`.
 *
 * Algorithms are listed one by one rather than taken away from `+CIPHER-ALL` and its like, which
 * mean something else in each release and do not keep the policy's order. The order of the classes
 * has no meaning to GnuTLS; the order within a class is the preference.
 */
export function generateLegacyGnutls(policy: Policy): string {
  const effective = evaluatePolicy(policy, purpose('gnutls').scopes)
  const { enabled, integers } = effective
  const { first, last } = priorityWords({
    ...enabled,
    group: enabled.group.filter((name) => !NEWER_GROUPS.includes(name)),
    sign: enabled.sign.filter((name) => !NEWER_SIGNATURES.includes(name)),
  })
  const tokens = [
    'NONE',
    ...first,
    ...(integers.sha1_in_certs > 0 ? ['%VERIFY_ALLOW_SIGN_WITH_SHA1'] : []),
    ...last,
    // Releases before 3.6 can negotiate nothing without a compression method.
    '+COMP-NULL',
    `%PROFILE_${gnutlsProfile(effective).toUpperCase()}`,
  ]
  return `SYSTEM=${tokens.join(':')}\n`
}
