/** What the string of an application cannot have, or cannot keep out, under the system's configuration of GnuTLS. */
import { ALLOWED_LISTS, compareAllowed } from '../../algorithms/compare-allowed.ts'
import type { LayeredPolicy } from '../../policy/application/application-policy.ts'
import { type EffectivePolicy, evaluatePolicy } from '../../policy/effective-policy.ts'
import { allowedTls, evaluatePriority } from '../../priority/evaluate.ts'
import { minimumKeySizes } from '../../priority/profiles.ts'
import type { GnutlsRelease } from '../../priority/releases.ts'
import { parseSystemConfig } from '../../priority/system-config.ts'
import { gnutls } from '../gnutls.ts'
import { GNUTLS_SIGNATURE_WORDS } from '../gnutls-names.ts'
import { translate } from '../translate.ts'
import { profileFor } from './priority-string.ts'

/**
 * What the system's configuration keeps off for every string, though an application may exceed it: versions,
 * curves and hashes. Only the lists of a string are its own.
 */
export function remarkKeptOff(
  { system, application }: LayeredPolicy,
  text: string,
  release: GnutlsRelease,
): readonly string[] {
  // The file of a policy without directives was made by hand, and is not known here.
  if (!application.mayExceed || system.directives.length === 0) return []
  const source = { name: '<application>', text }
  const config = parseSystemConfig({ name: '<system>', text: gnutls.generate(system) })
  const alone = evaluatePriority(source, { release })
  const beneath = evaluatePriority(source, { release, config })
  if (!alone.ok || !beneath.ok) return []
  const lost = compareAllowed(allowedTls(alone.evaluation), allowedTls(beneath.evaluation))
  const names = ALLOWED_LISTS.flatMap((list) => lost[list].missing)
  return names.length === 0
    ? []
    : [`the system policy keeps off for every program: ${names.join(', ')}`]
}

/** Whatever a string says, servers of GnuTLS use this curve for clients that name no group. */
export function remarkDefaultCurve({ enabled }: EffectivePolicy): readonly string[] {
  const isOld = enabled.protocol.some((name) => /^(TLS1\.[012]|DTLS)/.test(name))
  const isUsed = isOld && enabled.key_exchange.includes('ECDHE')
  return isUsed && !enabled.group.includes('SECP256R1')
    ? ['its servers use SECP256R1 with clients that name no group before TLS 1.3']
    : []
}

/** A string says which signatures a handshake may have; those of certificates are the system's. */
export function remarkCertificates(
  { system }: LayeredPolicy,
  effective: EffectivePolicy,
): readonly string[] {
  const own = certificateSignatures(effective)
  const kept = certificateSignatures(evaluatePolicy(system, effective.scopes)).filter(
    (name) => !own.includes(name),
  )
  return kept.length === 0
    ? []
    : [`certificates may still bear what the system policy allows: ${kept.join(', ')}`]
}

/** As the system's back-end writes them. */
function certificateSignatures({ enabled, integers }: EffectivePolicy): readonly string[] {
  const sha1 = integers.sha1_in_certs > 0 ? ['RSA-SHA1', 'DSA-SHA1', 'ECDSA-SHA1'] : []
  return [...new Set([...translate(enabled.sign, GNUTLS_SIGNATURE_WORDS), ...sha1])]
}

/** There are few profiles, so that one may ask for more than the policy does. */
export function remarkProfile(effective: EffectivePolicy): readonly string[] {
  const profile = profileFor(effective)
  const { rsa } = minimumKeySizes(profile, undefined)
  const { min_rsa_size, min_dh_size } = effective.integers
  // All sizes of a profile are those of its RSA keys. Policies write 1023 for 1024.
  const stricter = [
    ...(rsa > min_rsa_size + 1 ? [`RSA keys of ${min_rsa_size}`] : []),
    ...(rsa > min_dh_size + 1 ? [`Diffie-Hellman groups of ${min_dh_size}`] : []),
  ]
  return stricter.length === 0
    ? []
    : [
        `no profile fits better than ${profile}, which asks for ${rsa} bits and refuses ${stricter.join(' and ')}`,
      ]
}
