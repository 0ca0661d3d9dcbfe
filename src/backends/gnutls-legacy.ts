/**
 * GnuTLS before 3.7.3, which has no allowlist: the same policy as one priority string
 * (GnuTLS manual, "Priority strings").
 */
import type { CipherName } from '../algorithms/cipher.ts'
import type { GroupName } from '../algorithms/group.ts'
import type { HashName } from '../algorithms/hash.ts'
import type { SignatureName } from '../algorithms/signature.ts'
import { evaluatePolicy } from '../policy/effective-policy.ts'
import type { Policy } from '../policy/policy.ts'
import { purpose } from '../policy/scope.ts'
import {
  GNUTLS_CIPHERS,
  GNUTLS_GROUPS,
  GNUTLS_KEY_EXCHANGES,
  GNUTLS_MACS,
  GNUTLS_SIGNATURES,
  GNUTLS_VERSIONS,
  gnutlsProfile,
} from './gnutls-names.ts'
import { translate } from './translate.ts'

/** One name that a library does not know makes it refuse the whole string. */
const NEWER_GROUPS: readonly GroupName[] = ['MLKEM768-X25519', 'P256-MLKEM768', 'P384-MLKEM1024']
const NEWER_SIGNATURES: readonly SignatureName[] = ['MLDSA44', 'MLDSA65', 'MLDSA87']

/** The ciphers whose suites derive keys with SHA-384; all others use SHA-256 (RFC 5288). */
const SHA384_CIPHERS: readonly CipherName[] = ['AES-256-GCM', 'CAMELLIA-256-GCM']

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
  const ciphers = enabled.cipher.filter((name) => enabled.hash.includes(suiteHash(name)))
  const groups = enabled.group.filter((name) => !NEWER_GROUPS.includes(name))
  const signatures = enabled.sign.filter((name) => !NEWER_SIGNATURES.includes(name))
  const tokens = [
    'NONE',
    ...add('VERS-', translate(enabled.protocol, GNUTLS_VERSIONS)),
    ...add('', translate(enabled.mac, GNUTLS_MACS)),
    ...add('', translate(groups, GNUTLS_GROUPS)),
    ...add('SIGN-', translate(signatures, GNUTLS_SIGNATURES)),
    ...(integers.sha1_in_certs > 0 ? ['%VERIFY_ALLOW_SIGN_WITH_SHA1'] : []),
    ...add('', translate(ciphers, GNUTLS_CIPHERS)),
    ...add('', translate(enabled.key_exchange, GNUTLS_KEY_EXCHANGES)),
    // Releases before 3.6 can negotiate nothing without a compression method.
    '+COMP-NULL',
    `%PROFILE_${gnutlsProfile(effective).toUpperCase()}`,
  ]
  return `SYSTEM=${tokens.join(':')}\n`
}

/** A priority string cannot turn off a hash, so a cipher goes with the hash of its suites. */
function suiteHash(cipher: CipherName): HashName {
  return SHA384_CIPHERS.includes(cipher) ? 'SHA2-384' : 'SHA2-256'
}

function add(prefix: string, names: readonly string[]): readonly string[] {
  return names.map((name) => `+${prefix}${name}`)
}
