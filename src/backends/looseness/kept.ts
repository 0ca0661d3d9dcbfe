/** What a library keeps of what it offers: all that the policy forbids. */
import type { GroupName } from '../../algorithms/group.ts'
import { policyNamesOf } from '../../algorithms/policy-names-in-tls.ts'
import type { ProtocolName } from '../../algorithms/protocol.ts'
import type { SignatureName } from '../../algorithms/signature.ts'
import type { TlsSuite } from '../../algorithms/tls-suites.ts'
import type { EffectivePolicy } from '../../policy/effective-policy.ts'

/** What a library offers under the file that is written for it, as far as it may be more than the policy allows. */
export type LibraryOffer = {
  readonly versions: readonly ProtocolName[]
  readonly suites: readonly TlsSuite[]
  readonly groups: readonly GroupName[]
  readonly signatures: readonly SignatureName[]
}

const LISTS = ['versions', 'parts', 'groups', 'signatures'] as const

/** By the policy's names; `parts` are those of suites. */
export type Kept = Readonly<Record<(typeof LISTS)[number], readonly string[]>>

export function keptOf(offer: LibraryOffer, { disabled }: EffectivePolicy): Kept {
  const { protocol, cipher, mac, hash, key_exchange, group, sign } = disabled
  const parts: readonly string[] = [...cipher, ...mac, ...hash, ...key_exchange]
  const used = new Set(offer.suites.flatMap(policyNamesOf))
  return {
    versions: offer.versions.filter((name) => protocol.includes(name)),
    parts: parts.filter((name) => used.has(name)),
    groups: offer.groups.filter((name) => group.includes(name)),
    signatures: offer.signatures.filter((name) => sign.includes(name)),
  }
}

/** What is kept by both. */
export function keptByBoth(one: Kept, other: Kept): Kept {
  const rows = LISTS.map((list) => [list, one[list].filter((name) => other[list].includes(name))])
  return Object.fromEntries(rows) as Kept
}

/** What the first keeps and the second does not. */
export function keptByFirst(first: Kept, second: Kept): readonly string[] {
  return LISTS.flatMap((list) => first[list].filter((name) => !second[list].includes(name)))
}
