/** OpenSSL offers nothing that a shipped policy does not allow, but for what the table tells. */
import { expect } from 'vitest'
import { testWith } from '../../peers/peer.ts'
import { shippedPolicy } from '../../shipped-policies.ts'
import { findLooserOpenssl } from './openssl-judge.ts'

const SELECTIONS = [
  ...['DEFAULT', 'LEGACY', 'FUTURE', 'FIPS', 'BSI', 'NEXT', 'FEDORA42', 'FEDORA43'],
  ...['DEFAULT:NO-SHA1', 'DEFAULT:ECDHE-ONLY', 'DEFAULT:NO-PQ', 'DEFAULT:AD-SUPPORT', 'FIPS:OSPP'],
]

testWith(
  'openssl',
  'OpenSSL offers what shipped policies allow, and nothing else that the table does not tell',
  async () => {
    const found: string[] = []
    for (const name of SELECTIONS) {
      const problems = await findLooserOpenssl(shippedPolicy(name).policy)
      found.push(...problems.map((problem) => `${name}: ${problem}`))
    }
    expect(found).toEqual([])
  },
  600_000,
)
