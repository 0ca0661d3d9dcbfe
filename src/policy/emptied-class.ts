/**
 * What becomes of a program where a policy leaves nothing of a class: the library's behaviour as it
 * was tried, with the files that the back-ends write.
 */
import type { EffectivePolicy } from './effective-policy.ts'
import type { PropertyName } from './properties.ts'
import type { PurposeName } from './scope.ts'

export const EMPTIED = {
  /** The library uses nothing of the class, so whatever needs one fails. */
  closed: 'closed',
  /** The back-end has no way to say it, and the library takes all that it has built in. */
  open: 'open',
  /** The library keeps some, for which the back-end has no word. */
  partly: 'partly',
  /** The library no longer checks signatures of others. */
  unchecked: 'unchecked',
} as const

export type Emptied = (typeof EMPTIED)[keyof typeof EMPTIED]

const SSH: readonly PurposeName[] = ['libssh', 'openssh', 'openssh-client', 'openssh-server']

/** Of a class that is not listed here, the library uses nothing. */
const EXCEPTIONS: readonly {
  readonly purposes: readonly PurposeName[]
  readonly properties: readonly PropertyName[]
  readonly emptied: Emptied
  /** By default always. */
  readonly when?: (effective: EffectivePolicy) => boolean
}[] = [
  // An option without a value is an error to OpenSSH and libssh, so no line is written.
  {
    purposes: SSH,
    properties: ['cipher', 'mac', 'hash', 'key_exchange', 'sign'],
    emptied: 'open',
  },
  // The group exchange is left, which needs no name of a group.
  {
    purposes: SSH,
    properties: ['group'],
    emptied: 'open',
    when: (effective) => !hasGroupExchange(effective),
  },
  // The same for `ike`, `esp` and `authby`; a proposal without a group gets the usual ones.
  {
    purposes: ['libreswan'],
    properties: ['cipher', 'mac', 'group', 'sign', 'protocol'],
    emptied: 'open',
  },
  // OpenSSL refuses an empty list of signatures, and releases before 3.5 one of groups.
  { purposes: ['openssl'], properties: ['sign', 'group'], emptied: 'open' },
  // TLS 1.3 is in none of its lists.
  { purposes: ['java-tls'], properties: ['protocol'], emptied: 'partly' },
  // The lower bound is then 0, which is none; OpenSSL takes the ends of the empty range for errors.
  { purposes: ['nss-tls', 'openssl'], properties: ['protocol'], emptied: 'open' },
  // A curve is on where it is a group, and ECDSA with it.
  {
    purposes: ['sequoia', 'rpm'],
    properties: ['sign'],
    emptied: 'partly',
    when: ({ enabled }) => enabled.group.some((name) => /^SECP(256|384|521)R1$/.test(name)),
  },
  // BIND takes a zone whose algorithms are all disabled for one that is not signed, but no zone without a hash.
  {
    purposes: ['bind'],
    properties: ['sign'],
    emptied: 'unchecked',
    when: ({ enabled }) => enabled.hash.includes('SHA2-256'),
  },
  {
    purposes: ['krb5'],
    properties: ['cipher', 'mac'],
    emptied: 'open',
    // Kerberos takes an empty list for none. Any line below it is an error, and its programs fail.
    when: (effective) => !hasTypeWithoutMac(effective) && effective.integers.min_dh_size <= 2048,
  },
]

/** Whether an encryption type of Kerberos is left that needs no MAC of the policy: Camellia, or RC4 with MD5. */
function hasTypeWithoutMac({ enabled: { cipher, hash } }: EffectivePolicy): boolean {
  const hasCamellia = cipher.includes('CAMELLIA-256-CBC') || cipher.includes('CAMELLIA-128-CBC')
  return hasCamellia || (cipher.includes('RC4-128') && hash.includes('MD5'))
}

/** RFC 4419, with any prime that the peers choose. */
function hasGroupExchange({ enabled, integers }: EffectivePolicy): boolean {
  const hasHash = enabled.hash.includes('SHA2-256') || enabled.hash.includes('SHA1')
  return integers.arbitrary_dh_groups > 0 && enabled.key_exchange.includes('DHE') && hasHash
}

/** What happens for a purpose where nothing of a class is left. */
export function emptiedEffect(
  purpose: PurposeName,
  property: PropertyName,
  effective: EffectivePolicy,
): Emptied {
  const found = EXCEPTIONS.find(
    ({ purposes, properties, when }) =>
      purposes.includes(purpose) && properties.includes(property) && (when?.(effective) ?? true),
  )
  return found?.emptied ?? EMPTIED.closed
}
