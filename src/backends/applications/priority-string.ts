/**
 * A policy as one GnuTLS priority string that begins with NONE and names everything
 * (GnuTLS manual, "Priority strings"). It means the same under an allowlist and without one.
 */
import type { GroupName } from '../../algorithms/group.ts'
import type { MacName } from '../../algorithms/mac.ts'
import type { EffectivePolicy } from '../../policy/effective-policy.ts'
import { type ProfileName, smallestProfile } from '../../priority/profiles.ts'
import { type GnutlsRelease, isAvailable } from '../../priority/releases.ts'
import { PRIORITY_OPTIONS } from '../../priority/string-options.ts'
import { findWord, vocabularyOf } from '../../priority/vocabulary.ts'
import { priorityWords } from '../gnutls-priority-words.ts'
import type { Words } from '../translate.ts'

export type PriorityText = {
  readonly text: string
  /** Words for what the policy allows or asks for, that the release does not know. */
  readonly unknown: readonly string[]
}

export type PriorityTextOptions = {
  /** A word that the library does not know makes it refuse the whole string. */
  readonly release: GnutlsRelease
  readonly macs?: Words<MacName>
}

/** Writes what a policy enables, in its order. */
export function priorityText(
  effective: EffectivePolicy,
  { release, macs }: PriorityTextOptions,
): PriorityText {
  const { enabled } = effective
  const { first, last } = priorityWords(
    {
      ...enabled,
      // No build speaks SSL 3.0; under an allowlist GnuTLS would give up TLS 1.3 for the gap after it.
      protocol: enabled.protocol.filter((name) => name !== 'SSL3.0'),
      group: groupsOfSize(effective),
    },
    macs,
  )
  const words = [...first, ...last, ...options(effective), `%PROFILE_${profileFor(effective)}`]
  const vocabulary = vocabularyOf(release)
  const isKnown = (word: string): boolean =>
    word.startsWith('%')
      ? PRIORITY_OPTIONS.some((row) => row.name === word.slice(1) && isAvailable(row, release))
      : findWord(vocabulary, word.slice(1)) !== undefined
  return {
    text: ['NONE', ...words.filter(isKnown)].join(':'),
    unknown: words.filter((word) => !isKnown(word)),
  }
}

/** Servers of GnuTLS use a group of the list whatever its size, so that those below the smallest are left out. */
function groupsOfSize({ enabled, integers }: EffectivePolicy): readonly GroupName[] {
  const bitsOf = (name: GroupName) => Number(/^FFDHE-(\d+)$/.exec(name)?.[1] ?? Infinity)
  return enabled.group.filter((name) => bitsOf(name) >= integers.min_dh_size)
}

/** One profile covers all kinds of keys, so the one that asks for the largest decides. */
export function profileFor({ integers }: EffectivePolicy): ProfileName {
  const { min_rsa_size: rsa, min_dh_size: dh } = integers
  return smallestProfile({ rsa, dh })
}

function options({ integers, choices }: EffectivePolicy): readonly string[] {
  return [
    ...(integers.sha1_in_certs > 0 ? ['%VERIFY_ALLOW_SIGN_WITH_SHA1'] : []),
    ...(choices.__ems === 'ENFORCE' ? ['%FORCE_SESSION_HASH'] : []),
  ]
}
