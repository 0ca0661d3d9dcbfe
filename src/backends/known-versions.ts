/** Which of the enabled protocol versions a library can speak. */
import { type ProtocolFamily, type ProtocolName, versionsOf } from '../algorithms/protocol.ts'
import type { EffectivePolicy } from '../policy/effective-policy.ts'

/**
 * The enabled versions of a family in a library's words, newest first.
 *
 * A library is told the ends of a range. Where the lowest enabled version is one that it has never
 * heard of (SSL 2.0, DTLS 0.9), the range begins at the lowest enabled one that it knows: anything
 * lower would let in what the policy forbids. Where it knows none, the list is empty and the
 * back-end closes the range; leaving the bound out would open it.
 */
export function knownVersions(
  effective: EffectivePolicy,
  family: ProtocolFamily,
  words: { readonly [Version in ProtocolName]?: string },
): readonly string[] {
  return versionsOf(family, effective.enabled.protocol).flatMap((version) => words[version] ?? [])
}
