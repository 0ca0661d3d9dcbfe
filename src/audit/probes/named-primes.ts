/** Which prime of RFC 7919 a server has sent, if it is one. */
import { ffdhePrime } from '../../algorithms/ffdhe-primes.ts'
import { TLS_GROUPS, type TlsGroup } from '../../algorithms/tls-groups.ts'

const NAMED: readonly TlsGroup[] = TLS_GROUPS.filter(({ kind }) => kind === 'finite-field')

/** The number of the group. */
export function namedPrime(prime: Buffer): number | undefined {
  const bits = prime.length * 8
  const group = NAMED.find((named) => named.bits === bits)
  if (!group) return undefined
  return BigInt(`0x${prime.toString('hex')}`) === ffdhePrime(bits) ? group.number : undefined
}
