/** What OpenSSL keeps although the policy forbids it, by what each release offers under the file. */
import { policyNamesOf } from '../../algorithms/policy-names-in-tls.ts'
import type { TlsSuite } from '../../algorithms/tls-suites.ts'
import { type EffectivePolicy, evaluatePolicy } from '../../policy/effective-policy.ts'
import type { Policy } from '../../policy/policy.ts'
import { purpose } from '../../policy/scope.ts'
import { isSince } from '../../priority/library-releases.ts'
import { opensslcnf } from '../opensslcnf.ts'
import type { Looseness, LoosenessDescription } from './looseness-rule.ts'
import { OPENSSL_TURNS, type OpensslOffer, readOpensslOffers } from './openssl-offer.ts'

type OpensslRule = LoosenessDescription & {
  /** What a release keeps although the policy forbids it. */
  readonly find: (effective: EffectivePolicy, offer: OpensslOffer) => readonly string[]
}

/** The OpenSSL that is asked about. */
export type OpensslOfHost = {
  /** Its release, such as `3.0.17`; without it, what any release keeps. Read where some release keeps something. */
  readonly openssl?: string | undefined
}

const FOR_OPENSSL = { backend: opensslcnf.name, purpose: 'openssl', who: 'OpenSSL' } as const

export const OPENSSL_RULES: readonly OpensslRule[] = [
  {
    ...{ ...FOR_OPENSSL, id: 'openssl-versions' },
    because:
      'it is told the lowest and the highest version, and it leaves out a bound that it does not take, such as those of a range that is to hold no version',
    remedy: 'leave at least one version of TLS, and one of DTLS, and forbid the versions below too',
    find: ({ enabled }, { versions }) =>
      versions.filter((name) => !enabled.protocol.includes(name)),
  },
  {
    ...{ ...FOR_OPENSSL, id: 'openssl-groups' },
    because: 'it takes the marks *, ? and / in Groups for an error, and uses its own list',
    remedy: 'set Groups in the programs, or install OpenSSL 3.5',
    find: ({ enabled }, { groups }) => groups.filter((name) => !enabled.group.includes(name)),
  },
  {
    ...{ ...FOR_OPENSSL, id: 'openssl-signatures' },
    because:
      'it uses its own list where it knows no name of SignatureAlgorithms, and before 3.3 where a name has the mark ?',
    remedy:
      'leave a signature algorithm that it has, and for an older release none with ML-DSA in it',
    find: ({ enabled }, { signatures }) =>
      signatures.filter((name) => !enabled.sign.includes(name)),
  },
  {
    ...{ ...FOR_OPENSSL, id: 'openssl-ciphersuites' },
    because: 'it uses its own list where it knows no name of Ciphersuites',
    remedy: 'leave a cipher of TLS 1.3 that encrypts, or forbid TLS 1.3',
    find: (effective, { hasOwnSuites13, suites13 }) =>
      hasOwnSuites13 ? forbiddenParts(effective, suites13) : [],
  },
  {
    ...{ ...FOR_OPENSSL, id: 'openssl-ciphers' },
    because:
      'CipherString has words for CBC and for CCM as a whole, and none for AES-128-CBC alone, for AEAD, for HMAC-SHA2 and for the hash of a suite; Ciphersuites goes by ciphers and hashes',
    remedy: 'forbid all ciphers with the same mode, or those that need the part',
    find: (effective, { hasOwnSuites13, suites13, suites }) =>
      forbiddenParts(effective, hasOwnSuites13 ? suites : [...suites13, ...suites]),
  },
]

/** Everything that a policy forbids and OpenSSL keeps. */
export function findOpensslLooseness(
  policy: Policy,
  host: OpensslOfHost = {},
): readonly Looseness[] {
  const effective = evaluatePolicy(policy, purpose('openssl').scopes)
  const text = opensslcnf.generate(policy)
  const offers = readOpensslOffers(text)
  const found = OPENSSL_RULES.flatMap(({ find, ...rule }) => {
    const byTurn = offers.map((offer) => find(effective, offer))
    return byTurn.every((kept) => kept.length === 0) ? [] : [{ rule, byTurn }]
  })
  if (found.length === 0) return []
  const { openssl } = host
  return found.flatMap(({ rule, byTurn }) => {
    const kept = [...new Set(openssl === undefined ? byTurn.flat() : byTurn[turnOf(openssl)])]
    const until = OPENSSL_TURNS[byTurn.findLastIndex((each) => each.length > 0) + 1]
    const who = until === undefined ? rule.who : `${rule.who} before ${until}`
    return kept.length === 0 ? [] : [{ ...rule, who, kept }]
  })
}

/** The index of the turn from which on a release reads the file as it does. */
function turnOf(release: string): number {
  return Math.max(
    OPENSSL_TURNS.findLastIndex((turn) => isSince(release, turn)),
    0,
  )
}

/** What the policy forbids of the parts of suites that it does not allow. */
function forbiddenParts({ enabled }: EffectivePolicy, suites: readonly TlsSuite[]) {
  const names = new Set<string>([
    ...[...enabled.key_exchange, ...enabled.cipher, ...enabled.mac, ...enabled.hash],
  ])
  return [...new Set(suites.flatMap(policyNamesOf))].filter((name) => !names.has(name))
}
