/** What a ClientHello offers where a question does not say it: RFC 8446 section 4.1.2, RFC 5246 section 7.4.1. */
import { describe, expect, test } from 'vitest'
import { Exchange } from '../../../src/audit/connection/exchange.ts'
import { Transcript } from '../../../src/audit/connection/transcript.ts'
import { helloOf, type Offer } from '../../../src/audit/conversation/offer.ts'
import { emptyExtension, findExtension } from '../../../src/audit/messages/extensions.ts'
import { COMMON_GROUPS, EVERY_GROUP } from '../../../src/audit/messages/iana-groups.ts'
import { COMMON_SCHEMES, EVERY_SCHEME } from '../../../src/audit/messages/iana-signatures.ts'
import { listIn } from '../scripted/choice.ts'

const nothing = {
  ...{ send: () => {}, limitSilence: () => {}, close: () => {} },
  receive: async () => 'closed' as const,
}

const made = (offer: Partial<Offer> & { version: number }) =>
  helloOf(
    { suites: [0xc02f], serverName: 'host.example', ...offer },
    new Exchange(nothing, new Transcript('offer'), Buffer.alloc(32)),
  )

const numbers = ({ extensions }: ReturnType<typeof made>) => extensions?.map(({ type }) => type)

const [TLS13, TLS12, TLS11, TLS10, SSL3] = [0x0304, 0x0303, 0x0302, 0x0301, 0x0300]

test.each<[number, Partial<Offer>, readonly number[] | undefined]>([
  [TLS13, {}, [0, 10, 13, 50, 43, 45, 51]],
  [TLS13, { isSmall: true }, [0, 10, 13, 43, 45, 51]],
  [TLS12, {}, [0, 10, 11, 13, 15, 22, 23, 35, 50, 0xff01]],
  [TLS12, { isSmall: true }, [0, 10, 11, 13, 22, 23, 35, 0xff01]],
  [TLS12, { suites: [0xc02f, 0xc01d] }, [0, 10, 11, 12, 13, 15, 22, 23, 35, 50, 0xff01]],
  [TLS11, {}, [0, 10, 11, 15, 22, 23, 35, 0xff01]],
  [TLS10, { serverName: undefined }, [10, 11, 15, 22, 23, 35, 0xff01]],
  [TLS12, { without: [15, 35] }, [0, 10, 11, 13, 22, 23, 50, 0xff01]],
  [TLS13, { extra: [emptyExtension(50), emptyExtension(7)] }, [0, 10, 13, 43, 45, 51, 50, 7]],
  [SSL3, {}, undefined],
])('version %i with %j has the extensions %j', (version, offer, extensions) => {
  expect(numbers(made({ version, ...offer }))).toEqual(extensions)
})

test.each([
  [TLS13, {}, 0x0303, 32, [0]],
  [TLS13, { isSmall: true }, 0x0303, 0, [0]],
  [TLS12, {}, 0x0303, 0, [1, 0]],
  [TLS12, { compressions: [0], sessionId: Buffer.alloc(9) }, 0x0303, 9, [0]],
  [TLS11, {}, 0x0302, 0, [1, 0]],
  [SSL3, {}, 0x0300, 0, [1, 0]],
  [TLS12, { legacyVersion: 0x0305 }, 0x0305, 0, [1, 0]],
] as const)('version %i with %j says %i', (version, offer, says, idLength, compressions) => {
  const hello = made({ version, ...offer })
  expect(hello).toMatchObject({ version: says, compressions })
  expect([hello.random.length, hello.sessionId.length]).toEqual([32, idLength])
})

test('SSL 3.0 has a signal in place of the extension of RFC 5746', () => {
  expect(made({ version: SSL3 }).suites).toEqual([0xc02f, 0x00ff])
  expect(made({ version: TLS10 }).suites).toEqual([0xc02f])
})

describe.each([[TLS13], [TLS12]])('version %i', (version) => {
  test('offers every group and scheme', () => {
    const hello = made({ version })
    expect(listIn(hello, 10)).toEqual(EVERY_GROUP)
    expect(listIn(hello, 13)).toEqual(EVERY_SCHEME)
    expect(listIn(hello, 50)).toEqual(EVERY_SCHEME)
  })

  test('offers common ones in a small message', () => {
    const hello = made({ version, isSmall: true })
    expect(listIn(hello, 10)).toEqual(COMMON_GROUPS)
    expect(listIn(hello, 13)).toEqual(COMMON_SCHEMES)
  })

  test('offers those of the question', () => {
    const hello = made({ version, groups: [23], schemes: [0x0403] })
    expect(listIn(hello, 10)).toEqual([23])
    expect(listIn(hello, 13)).toEqual([0x0403])
  })
})

test('TLS 1.3 offers itself alone, both modes of shared keys, and the shares of the question', () => {
  const data = (offer: Partial<Offer>, type: number) =>
    findExtension(made({ version: TLS13, ...offer }).extensions ?? [], type)?.toString('hex')
  expect(data({}, 43)).toBe('020304')
  expect(data({}, 45)).toBe('020001')
  expect(data({}, 51)).toBe('0000')
  expect(data({ shares: [{ group: 29, key: Buffer.of(5) }] }, 51)).toBe('0005001d000105')
  expect(data({}, 0)).toBe('000f00000c686f73742e6578616d706c65')
})
