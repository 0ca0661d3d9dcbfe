/** What Java keeps by the file that is written for it. */
import { memoizePairs } from '../../cache/memoize.ts'
import type { EffectivePolicy } from '../../policy/effective-policy.ts'
import type { JdkRelease } from '../../priority/library-releases.ts'
import { readJavaOffer } from './java-offer.ts'
import { type Kept, keptByBoth, keptByFirst, keptOf } from './kept.ts'
import type { LoosenessRule } from './looseness-rule.ts'

const JAVA = { backend: 'java', purpose: 'java-tls' } as const

export const JAVA_RULES: readonly LoosenessRule[] = [
  {
    ...{ ...JAVA, id: 'java-versions', who: 'Java' },
    because: 'its list of forbidden versions never holds TLS 1.3 and DTLS 1.2',
    remedy: 'start programs with -Djdk.tls.client.protocols and -Djdk.tls.server.protocols',
    find: (effective, text) => keptByAll(effective, text).versions,
  },
  {
    ...{ ...JAVA, id: 'java-hybrid-groups', who: 'Java 25 and later' },
    because: 'its list of forbidden groups never holds the hybrid group with ML-KEM that it has',
    remedy: 'start programs with -Djdk.tls.namedGroups',
    find: (effective, text) => keptByEach(effective, text)['25'].groups,
  },
  {
    ...{ ...JAVA, id: 'java-tls13-suites', who: 'Java before 25' },
    because:
      'the words AES_256_GCM and AES_128_GCM do not reach the suites of TLS 1.3; those for HMAC do',
    remedy:
      'start programs with -Djdk.tls.client.cipherSuites and -Djdk.tls.server.cipherSuites, or forbid HMAC-SHA2-384 or HMAC-SHA2-256 too',
    find: (effective, text) => {
      const kept = keptByEach(effective, text)
      return keptByFirst(kept['21'], kept['25'])
    },
  },
  {
    ...{ ...JAVA, id: 'java-3des', who: 'Java before 21' },
    because:
      'it offers suites with 3DES of itself, and has no words for the key exchange RSA with them, and for their hash',
    remedy: 'forbid 3DES-CBC too',
    find: (effective, text) => {
      const kept = keptByEach(effective, text)
      return keptByFirst(kept['17'], kept['21'])
    },
  },
  {
    ...{ ...JAVA, id: 'java-suites', who: 'Java' },
    because:
      'it has no words for AEAD and for the hash of a suite; a suite goes with the HMAC of its hash',
    remedy: 'forbid the ciphers or the HMAC that need the part',
    find: (effective, text) => keptByAll(effective, text).parts,
  },
  {
    ...{ ...JAVA, id: 'java-pss', who: 'Java' },
    because:
      'the words for signatures with RSA-PSS, such as SHA256withRSAandMGF1, do not reach TLS',
    remedy:
      'start programs with -Djdk.tls.client.SignatureSchemes and -Djdk.tls.server.SignatureSchemes',
    find: (effective, text) => keptByAll(effective, text).signatures,
  },
]

/** By the first release that reads the file so. */
const keptByEach = memoizePairs((effective: EffectivePolicy, text: string) => {
  const keptBy = (release: JdkRelease): Kept => keptOf(readJavaOffer(text, release), effective)
  return { '17': keptBy('17'), '21': keptBy('21'), '25': keptBy('25') }
})

/** No release keeps less than both the one before it and the one after it. */
function keptByAll(effective: EffectivePolicy, text: string): Kept {
  const kept = keptByEach(effective, text)
  return keptByBoth(kept['17'], kept['25'])
}
