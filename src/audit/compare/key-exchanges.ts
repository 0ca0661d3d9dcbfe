/** Primes of Diffie-Hellman against the smallest that is allowed. */
import type { TlsScan } from '../model.ts'
import type { Finding } from './finding.ts'
import { FINDING_KINDS, makeFinding } from './finding-kinds.ts'
import type { TlsYardstick } from './yardstick.ts'

export function compareKeyExchanges(
  { diffieHellman }: TlsScan,
  { allowed, silentOn, reasonsFor }: TlsYardstick,
): readonly Finding[] {
  if (silentOn.includes('key size')) return []
  const least = allowed.minimumKeySizes.dh
  const small = diffieHellman.filter(({ bits }) => bits < least)
  return small.map(({ bits, group, version }) =>
    makeFinding(FINDING_KINDS.dhTooSmall, {
      item: { kind: 'prime', name: group ?? `${bits} bits`, version },
      evidence: [`groups ${version}`],
      reasons: reasonsFor({ kind: 'key size', name: 'dh' }),
      detail: `a prime of ${bits} bits in ${version}; at least ${least} are asked for`,
      severity: bits < 2048 ? 'high' : 'medium',
    }),
  )
}
