/** A policy as a yardstick for TLS servers. */
import { allowedByPolicy } from '../../policy/allowed-by-policy.ts'
import type { Policy } from '../../policy/policy.ts'
import { purpose, type TlsPurpose } from '../../policy/scope.ts'
import { reasonsInPolicy } from './policy-reasons.ts'
import { sha224Schemes } from './sha224-schemes.ts'
import type { TlsYardstick } from './yardstick.ts'

const LIBRARIES: Readonly<Record<TlsPurpose, string>> = {
  gnutls: 'GnuTLS',
  openssl: 'OpenSSL',
  'nss-tls': 'NSS',
  'java-tls': 'Java',
}

/** @param name The purpose for which the server's library reads the policy. */
export function policyYardstick(policy: Policy, name: TlsPurpose): TlsYardstick {
  const named = allowedByPolicy(policy, name)
  const signatureSchemes = [...named.signatureSchemes, ...sha224Schemes(policy, name)]
  const allowed = { ...named, signatureSchemes }
  const { scopes } = purpose(name)
  return {
    title: `the policy ${policy.name}, as ${LIBRARIES[name]} reads it`,
    allowed,
    silentOn: [],
    reasonsFor: (item) => {
      const minimum = item.kind === 'key size' ? allowed.minimumKeySizes[item.name] : 0
      return reasonsInPolicy(policy, scopes, item, minimum)
    },
  }
}
