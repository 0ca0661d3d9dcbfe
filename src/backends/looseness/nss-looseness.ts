/** What NSS keeps by the file that is written for it. */
import { memoizePairs } from '../../cache/memoize.ts'
import type { EffectivePolicy } from '../../policy/effective-policy.ts'
import type { NssRelease } from '../../priority/library-releases.ts'
import { type Kept, keptByFirst, keptOf } from './kept.ts'
import type { LoosenessRule } from './looseness-rule.ts'
import { readNssOffer } from './nss-offer.ts'

const NSS = { backend: 'nss', purpose: 'nss-tls' } as const

export const NSS_RULES: readonly LoosenessRule[] = [
  {
    ...{ ...NSS, id: 'nss-versions', who: 'NSS' },
    because:
      'its configuration is given the lowest version only, and none where the policy has no version at all',
    remedy:
      'limit the highest version in the programs, such as security.tls.version.max of Firefox',
    find: (effective, text) => keptByAll(effective, text).versions,
  },
  {
    ...{ ...NSS, id: 'nss-ffdhe', who: 'NSS' },
    because: 'its policy has no names for the groups of RFC 7919',
    remedy: 'take away the key exchange DHE-RSA for nss, and turn the groups off in the programs',
    find: (effective, text) => keptByAll(effective, text).groups,
  },
  {
    ...{ ...NSS, id: 'nss-suites', who: 'NSS' },
    because: 'its policy has no words for AEAD and for the hash of a suite',
    remedy: 'forbid the ciphers that need the part',
    find: (effective, text) => keptByAll(effective, text).parts,
  },
  {
    ...{ ...NSS, id: 'nss-signatures', who: 'NSS' },
    because: 'it is told kinds of keys and hashes, and takes every pair of them',
    remedy: 'forbid the hash, or the kind of key, altogether',
    find: (effective, text) => keptByAll(effective, text).signatures,
  },
  {
    ...{ ...NSS, id: 'nss-hybrid-groups', who: 'NSS from 3.110 and before 3.132' },
    because: 'it offers the hybrid group with ML-KEM that it has, whatever the list says',
    remedy: 'turn the group off in the programs, or install NSS 3.132',
    find: (effective, text) => {
      const kept = keptByEach(effective, text)
      return keptByFirst(kept['3.110'], kept['3.87'])
    },
  },
  {
    ...{ ...NSS, id: 'nss-lattices', who: 'NSS 3.132 and later' },
    because:
      'one word stands for an ML-DSA signature alone and for those that combine it with another, which NSS does not have',
    remedy: 'forbid the combined signatures, such as MLDSA65-ED25519, too',
    find: (effective, text) => {
      const kept = keptByEach(effective, text)
      return keptByFirst(kept['3.132'], kept['3.87'])
    },
  },
]

/** By the first release that reads the file so. */
const keptByEach = memoizePairs((effective: EffectivePolicy, text: string) => {
  const keptBy = (release: NssRelease): Kept => keptOf(readNssOffer(text, release), effective)
  return { '3.87': keptBy('3.87'), '3.110': keptBy('3.110'), '3.132': keptBy('3.132') }
})

/** The oldest has least. */
function keptByAll(effective: EffectivePolicy, text: string): Kept {
  return keptByEach(effective, text)['3.87']
}
