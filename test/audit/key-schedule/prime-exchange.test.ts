/** Groups of RFC 7919: what is computed is little, since it is known that their primes are some. */
import { createDiffieHellman } from 'node:crypto'
import { expect, test } from 'vitest'
import { ffdhePrime } from '../../../src/algorithms/ffdhe-primes.ts'
import { makeKeyPair } from '../../../src/audit/key-schedule/key-pair.ts'
import { cpuSeconds } from '../../cpu-time.ts'

const random = (length: number) => Buffer.alloc(length, 0x42)

test('a pair of keys of ffdhe8192 takes no half a minute of the processor', () => {
  expect(
    cpuSeconds(() => expect(makeKeyPair(0x104, random)?.share).toHaveLength(1024)),
  ).toBeLessThan(5)
})

test('OpenSSL agrees on the same secret', () => {
  const pair = makeKeyPair(0x100, random)
  if (!pair) throw new Error('the group is known')
  const theirs = createDiffieHellman(ffdhePrime(2048).toString(16), 'hex', 2)
  const secret = pair.agree(theirs.generateKeys())
  expect(secret.toString('hex')).toBe(
    theirs.computeSecret(pair.share).toString('hex').padStart(512, '0'),
  )
})
