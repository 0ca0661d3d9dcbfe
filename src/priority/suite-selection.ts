/** Selects the cipher suites that are made of what the lists hold. */
import { TLS_SUITES, type TlsSuite } from '../algorithms/tls-suites.ts'
import type { AlgorithmRules } from './algorithm-rules.ts'
import type { PriorityLists } from './priority-lists.ts'

/** By key exchange, then cipher, then MAC; TLS 1.3 has no key exchange. */
type SuitesByParts = Map<string | undefined, Map<string, Map<string, TlsSuite>>>

const suitesByParts = indexSuites()

/**
 * Every suite of the parts, those of TLS 1.3 first; then the order of key exchanges decides, then
 * that of ciphers, then that of MACs.
 */
export function findSuites(lists: PriorityLists, rules: AlgorithmRules): readonly TlsSuite[] {
  const suites: TlsSuite[] = []
  for (const exchange of [undefined, ...lists.keyExchanges.map(({ name }) => name)]) {
    const byCipher = suitesByParts.get(exchange)
    for (const cipher of byCipher ? lists.ciphers : []) {
      const byMac = byCipher?.get(cipher.name)
      for (const mac of byMac ? lists.macs : []) {
        const suite = byMac?.get(mac.name)
        if (suite && !rules.hashes.has(suite.prf)) suites.push(suite)
      }
    }
  }
  return suites
}

function indexSuites(): SuitesByParts {
  const index: SuitesByParts = new Map()
  for (const suite of TLS_SUITES) {
    const byCipher = index.get(suite.keyExchange) ?? new Map<string, Map<string, TlsSuite>>()
    const byMac = byCipher.get(suite.cipher) ?? new Map<string, TlsSuite>()
    index.set(suite.keyExchange, byCipher.set(suite.cipher, byMac.set(suite.mac, suite)))
  }
  return index
}
