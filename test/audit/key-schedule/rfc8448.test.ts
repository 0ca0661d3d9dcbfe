/** The simple handshake of RFC 8448 section 3: what its messages say, and the secrets that come of them. */
import { expect, test } from 'vitest'
import { makeKeyPair } from '../../../src/audit/key-schedule/key-pair.ts'
import {
  earlySecret,
  handshakeSecret,
  handshakeTraffic,
  masterSecret,
} from '../../../src/audit/key-schedule/tls13-keys.ts'
import { decodeClientHello } from '../../../src/audit/messages/client-hello.ts'
import {
  decodeServerHello,
  isRetryRequest,
  negotiatedVersion,
  serverKeyShare,
} from '../../../src/audit/messages/server-hello.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')

const CLIENT_HELLO = hex(`
  010000c00303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7000006130113031302
  010000910000000b0009000006736572766572ff01000100000a00140012001d001700180019010001010102010301
  0400230000003300260024001d002099381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c
  002b0003020304000d0020001e04030503060302030804080508060401050106010201040205020602020200
  2d00020101001c00024001`)

const SERVER_HELLO = hex(`
  020000560303a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155772ed3e2692800130100002e003300
  24001d0020c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f002b00020304`)

const CLIENT_KEY = hex('49af42ba7f7994852d713ef2784bcbcaa7911de26adc5642cb634540e7ea5005')

test('the messages say what the document says', () => {
  const client = decodeClientHello(CLIENT_HELLO.subarray(4))
  expect(client.suites).toEqual([0x1301, 0x1303, 0x1302])
  expect(client.extensions?.map(({ type }) => type)).toEqual([
    ...[0, 0xff01, 10, 35, 51, 43, 13, 45, 28],
  ])
  const server = decodeServerHello(SERVER_HELLO.subarray(4))
  expect(negotiatedVersion(server)).toBe(0x0304)
  expect(isRetryRequest(server)).toBe(false)
  expect(server.suite).toBe(0x1301)
})

test('the secrets are those of the document', () => {
  const share = serverKeyShare(decodeServerHello(SERVER_HELLO.subarray(4)))
  const pair = makeKeyPair(29, () => CLIENT_KEY)
  expect(pair?.share.toString('hex')).toBe(
    '99381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c',
  )
  const shared = pair?.agree(share?.key ?? Buffer.alloc(0)) ?? Buffer.alloc(0)
  expect(shared.toString('hex')).toBe(
    '8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d',
  )
  const early = earlySecret('sha256')
  expect(early.toString('hex')).toBe(
    '33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a',
  )
  const secret = handshakeSecret('sha256', early, shared)
  expect(secret.toString('hex')).toBe(
    '1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac',
  )
  const traffic = handshakeTraffic('sha256', secret, Buffer.concat([CLIENT_HELLO, SERVER_HELLO]))
  expect(traffic.client.toString('hex')).toBe(
    'b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21',
  )
  expect(traffic.server.toString('hex')).toBe(
    'b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38',
  )
  expect(masterSecret('sha256', secret).toString('hex')).toBe(
    '18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919',
  )
})
