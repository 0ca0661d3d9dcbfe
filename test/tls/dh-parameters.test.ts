import { checkPrimeSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readOnly } from '../../src/asn1/der.ts'
import { dhParameters } from '../../src/tls/dh-parameters.ts'
import { execFileSync } from '../peers/child-process.ts'
import { hasPeer } from '../peers/peer.ts'

const PRINTED = readFileSync(join(import.meta.dirname, 'ffdhe-primes.txt'), 'utf8')

/** The primes in hexadecimal, by their size in bits. */
const PRIMES = new Map(
  [...PRINTED.matchAll(/^(\d+)\n((?: {2}[0-9a-f]+\n)+)/gm)].map(([, bits, lines = '']) => [
    Number(bits),
    lines.replace(/\s/g, ''),
  ]),
)

function readPem(pem: string): readonly [prime: bigint, generator: bigint] {
  const bytes = Buffer.from(pem.replace(/-----.*?-----|\n/g, ''), 'base64')
  const [prime = 0n, generator = 0n] = readOnly(bytes, 0x30).map(({ body }) =>
    BigInt(`0x${body.toString('hex')}`),
  )
  return [prime, generator]
}

describe.each([2048, 3072, 4096, 6144, 8192])('ffdhe%i', (bits) => {
  const [prime, generator] = readPem(dhParameters(bits))

  test('is the printed number', () => {
    expect(prime.toString(16)).toBe(PRIMES.get(bits))
    expect(prime.toString(2)).toHaveLength(bits)
    expect(generator).toBe(2n)
  })

  test('is a safe prime', () => {
    const half = (prime - 1n) / 2n
    // OpenSSL's own test takes half a minute for the largest.
    if (bits < 4096) expect(checkPrimeSync(half) && checkPrimeSync(prime)).toBe(true)
    expect(power(3n, half - 1n, half)).toBe(1n)
    // Pocklington: with a prime half, this proves the whole.
    expect(power(2n, half, prime)).toBe(1n)
  })

  test.skipIf(!hasPeer('openssl'))('is known to OpenSSL by its name [openssl]', () => {
    const words = execFileSync('openssl', ['dhparam', '-text', '-noout'], {
      input: dhParameters(bits),
      encoding: 'utf8',
      timeout: 30_000,
    })
    expect(words).toContain(`GROUP: ffdhe${bits}`)
  })
})

/** A number to a power, modulo another. */
function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n
  for (const bit of exponent.toString(2)) {
    result = (result * result * (bit === '1' ? base : 1n)) % modulus
  }
  return result
}

test('refuses sizes of no group', () => {
  expect(() => dhParameters(1024)).toThrow(RangeError)
})
