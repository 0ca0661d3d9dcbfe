/** Shares of servers that lie: each that is no key of its group is refused as a breach of the protocol. */
import { expect, test } from 'vitest'
import { makeKeyPair } from '../../../src/audit/key-schedule/key-pair.ts'
import { KEY_EXCHANGE_METHODS } from '../../../src/audit/ssh/key-agreement.ts'
import { ProtocolError } from '../../../src/wire/protocol-error.ts'

const random = (length: number) => Buffer.alloc(length, 0x42)

/** Cut, with bytes behind it, and zero. */
const noShares = (own: Buffer): readonly Buffer[] => [
  Buffer.alloc(0),
  own.subarray(1),
  Buffer.concat([own, Buffer.alloc(1)]),
  Buffer.concat([own, Buffer.alloc(60_000, 9)]),
  Buffer.alloc(own.length),
]

test.each([29, 23, 24, 25, 30])('of the group %i of TLS', (group) => {
  const pair = makeKeyPair(group, random)
  if (!pair) throw new Error('node:crypto has this group')
  for (const share of noShares(pair.share)) {
    expect(() => pair.agree(share)).toThrow(ProtocolError)
  }
})

test.each(['curve25519-sha256', 'ecdh-sha2-nistp256', 'ecdh-sha2-nistp384', 'ecdh-sha2-nistp521'])(
  'of %s of SSH',
  (name) => {
    const agreement = KEY_EXCHANGE_METHODS.get(name)?.begin(random)
    if (!agreement) throw new Error('it is known')
    for (const share of noShares(agreement.share)) {
      expect(() => agreement.agree(share)).toThrow(ProtocolError)
    }
  },
)
