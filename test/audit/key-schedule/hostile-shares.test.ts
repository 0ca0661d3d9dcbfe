/** Shares of servers that lie: each that is no key of its group is refused as a breach of the protocol. */
import { expect, test } from 'vitest'
import { makeClientKey, type ServerSide } from '../../../src/audit/key-schedule/client-key.ts'
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

/** What a server sends for DHE, or for a curve. */
const serverSide = (exchange: NonNullable<ServerSide['keyExchange']>['exchange']): ServerSide => ({
  suite: exchange.kind === 'dhe' ? 0x009e : 0xc02f,
  certificates: [],
  keyExchange: {
    ...{ exchange, hint: undefined, scheme: undefined },
    ...{ signature: Buffer.alloc(0), signed: Buffer.alloc(0) },
  },
})

test.each<[string, Buffer, Buffer]>([
  ['of half a million bits', Buffer.alloc(0xffff, 0xff), Buffer.of(5)],
  ['that is none', Buffer.alloc(0), Buffer.of(5)],
  ['that is even', Buffer.of(8), Buffer.of(5)],
  ['with 0 as the share', Buffer.of(23), Buffer.alloc(1)],
  ['with a share that is larger', Buffer.of(23), Buffer.alloc(60_000, 1)],
])('a prime of TLS 1.2 %s', (_, prime, key) => {
  const side = serverSide({ kind: 'dhe', prime, generator: Buffer.of(2), key })
  expect(() => makeClientKey(side, 0x0303, random)).toThrow(ProtocolError)
})

test('no curve, no key of it, and no certificate to encrypt for', () => {
  const curve = serverSide({ kind: 'ecdhe', group: 29, key: Buffer.alloc(31) })
  expect(() => makeClientKey(curve, 0x0303, random)).toThrow(ProtocolError)
  const unknown = serverSide({ kind: 'ecdhe', group: 0xfe00, key: Buffer.alloc(32) })
  expect(makeClientKey(unknown, 0x0303, random)).toBeUndefined()
  for (const certificates of [[], [Buffer.alloc(0)], [Buffer.alloc(500, 0x30)]]) {
    const side = { suite: 0x009c, certificates, keyExchange: undefined }
    expect(() => makeClientKey(side, 0x0303, random)).toThrow(ProtocolError)
  }
})
