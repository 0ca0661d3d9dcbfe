/**
 * Diffie-Hellman modulo a prime: DHE of TLS, and RFC 4253 and 4419. OpenSSL would first prove that the prime is one, which takes
 * half a minute for 8192 bits, also where it is one of RFC 7919: a server could keep an audit busy. The audit has no secret to lose.
 */
import { refuse } from '../../wire/protocol-error.ts'

/** Twice the strength of the strongest cipher: RFC 4419, section 6.2. */
const EXPONENT_SIZE = 64

/** Gives random bytes; a replay of the audit has the same ones. */
export type RandomSource = (size: number) => Buffer

export type PrimeExchange = {
  readonly share: Buffer
  readonly compute: (serverShare: Buffer) => Buffer
}

/** In a group that the server picks. */
export function beginPickedGroupExchange(
  { prime, generator }: { readonly prime: Buffer; readonly generator: Buffer },
  random: RandomSource,
): PrimeExchange {
  const modulus = toNumber(prime)
  // Any other number cannot be a prime, and 1 divides by itself for ever.
  if (modulus < 5n || modulus % 2n === 0n) refuse('a group that has no prime')
  return beginPrimeExchange(modulus, toNumber(generator), random)
}

/** @param modulus A prime. */
export function beginPrimeExchange(
  modulus: bigint,
  generator: bigint,
  random: RandomSource,
): PrimeExchange {
  const exponent = toNumber(random(EXPONENT_SIZE))
  return {
    share: toBytes(power(generator, exponent, modulus)),
    compute: (serverShare) => {
      const share = toNumber(serverShare)
      if (share < 2n || share > modulus - 2n) refuse('a share of a key exchange that is none')
      return toBytes(power(share, exponent, modulus))
    },
  }
}

/** @returns base ** exponent % modulus */
function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  let square = base % modulus
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}

function toNumber(bytes: Buffer): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytes.toString('hex')}`)
}

function toBytes(number: bigint): Buffer {
  const digits = number.toString(16)
  return Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex')
}
