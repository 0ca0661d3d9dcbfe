/** What a policy has to enable for something in TLS, in the policy's words. */

import type { AlgorithmClass } from '../algorithms/algorithm-class.ts'
import { namesOf } from '../algorithms/algorithm-class.ts'
import {
  PSEUDORANDOM_HASHES,
  SUITE_CIPHERS,
  SUITE_KEY_EXCHANGES,
  SUITE_MACS,
} from '../algorithms/policy-names-in-tls.ts'
import { canNegotiate, type TlsSuite } from '../algorithms/tls-suites.ts'
import { TLS_VERSIONS } from '../algorithms/tls-versions.ts'

/** One of the values is enough. */
export type TlsPart = { readonly property: AlgorithmClass; readonly values: readonly string[] }

/** The parts of a suite: all of them have to be enabled, and a version that can negotiate it. */
export function partsOfSuite(suite: TlsSuite): readonly TlsPart[] {
  const { keyExchange } = suite
  const exchanges = Object.entries(SUITE_KEY_EXCHANGES)
    .filter(([, words]) => keyExchange !== undefined && words.includes(keyExchange))
    .map(([name]) => name)
  const parts: readonly TlsPart[] = [
    {
      property: 'cipher',
      values: namesOf('cipher').filter((name) => (SUITE_CIPHERS[name] ?? name) === suite.cipher),
    },
    {
      property: 'mac',
      values: namesOf('mac').filter((name) => (SUITE_MACS[name] ?? name) === suite.mac),
    },
    {
      property: 'hash',
      values: namesOf('hash').filter((name) => PSEUDORANDOM_HASHES[name] === suite.prf),
    },
    { property: 'key_exchange', values: exchanges },
    { property: 'protocol', values: versionsFor(suite) },
  ]
  return parts.filter(({ property }) => property !== 'key_exchange' || keyExchange !== undefined)
}

function versionsFor(suite: TlsSuite): readonly string[] {
  return TLS_VERSIONS.filter((version) => canNegotiate(suite, version)).map(({ name }) => name)
}
