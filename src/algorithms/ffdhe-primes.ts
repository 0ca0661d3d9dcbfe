/** The primes of the FFDHE groups: RFC 7919 appendix A. */

/** The smallest X for which the group's formula gives a safe prime. */
const OFFSETS: Readonly<Record<number, bigint>> = {
  2048: 560316n,
  3072: 2625351n,
  4096: 5736041n,
  6144: 15705020n,
  8192: 10965728n,
}

const computed = new Map<number, bigint>()

/**
 * The prime of a group: p = 2^b - 2^(b-64) + (floor(2^(b-130) e) + X) 2^64 - 1.
 *
 * @throws RangeError where no group has that many bits.
 */
export function ffdhePrime(bits: number): bigint {
  const offset = OFFSETS[bits]
  if (offset === undefined) throw new RangeError(`no FFDHE group has ${bits} bits`)
  const known = computed.get(bits)
  if (known !== undefined) return known
  const size = BigInt(bits)
  const middle = (scaledE(size - 130n) + offset) << 64n
  const prime = (1n << size) - (1n << (size - 64n)) + middle - 1n
  computed.set(bits, prime)
  return prime
}

/** e times 2 to a power, rounded down: the sum of 1/n! in fixed point. */
function scaledE(power: bigint): bigint {
  const guard = 64n
  let term = 1n << (power + guard)
  let sum = 0n
  for (let divisor = 1n; term > 0n; divisor++) {
    sum += term
    term /= divisor
  }
  return sum >> guard
}
