/** Messages of TLS as the documents write them, byte by byte, and the bounds of what is read. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { encodeAlert } from '../../../src/audit/messages/alert.ts'
import {
  decodeCertificate12,
  decodeCertificate13,
  encodeCertificate12,
  encodeCertificate13,
} from '../../../src/audit/messages/certificate.ts'
import { encodeClientHello } from '../../../src/audit/messages/client-hello.ts'
import {
  applicationProtocols,
  ecPointFormats,
  emptyExtension,
  findExtension,
  heartbeat,
  keyShare,
  pskKeyExchangeModes,
  readTlsExtensions,
  renegotiationInfo,
  serverName,
  signatureAlgorithms,
  signatureAlgorithmsCert,
  srpUser,
  supportedGroups,
  supportedVersions,
} from '../../../src/audit/messages/extensions.ts'
import { HandshakeAssembler } from '../../../src/audit/messages/handshake.ts'
import {
  EVERY_GROUP,
  GROUPS_WITH_PRIME,
  GROUPS_WITHOUT_PRIME,
  groupName,
} from '../../../src/audit/messages/iana-groups.ts'
import { alertName, certificateTypeName } from '../../../src/audit/messages/iana-numbers.ts'
import { EVERY_SCHEME, schemeName } from '../../../src/audit/messages/iana-signatures.ts'
import { everySuite, keyExchangeOf, suiteName } from '../../../src/audit/messages/iana-suites.ts'
import { decodeRecord, encodeRecords } from '../../../src/audit/messages/record.ts'
import {
  hasDowngradeMark,
  isRetryRequest,
  negotiatedVersion,
  requestedGroup,
  serverKeyShare,
} from '../../../src/audit/messages/server-hello.ts'
import {
  decodeServerKeyExchange,
  exchangeForm,
} from '../../../src/audit/messages/server-key-exchange.ts'
import {
  decodeSslv2Header,
  decodeSslv2ServerHello,
  encodeSslv2ClientHello,
  sslv2CipherName,
} from '../../../src/audit/messages/sslv2-hello.ts'
import { ByteReader } from '../../../src/wire/byte-reader.ts'
import { ProtocolError } from '../../../src/wire/protocol-error.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** From here on, how many elements were there where an array was searched. */
function countSearched(): () => number {
  let searched = 0
  const restore = (['some', 'every', 'find', 'findIndex', 'includes', 'indexOf'] as const).map(
    (method) => {
      const search: (this: unknown[], ...args: never[]) => unknown = Array.prototype[method]
      const put = (value: unknown) =>
        Object.defineProperty(Array.prototype, method, {
          value,
          writable: true,
          configurable: true,
        })
      put(function (this: unknown[], ...args: never[]) {
        searched += this.length
        return search.apply(this, args)
      })
      return () => put(search)
    },
  )
  const end = () => {
    for (const one of restore.splice(0)) one()
    return searched
  }
  onTestFinished(() => void end())
  return end
}

describe('extensions', () => {
  test.each([
    ['server_name', serverName('a.b'), 0, '0006 00 0003 612e62'],
    ['supported_groups', supportedGroups([29, 0x0100]), 10, '0004 001d 0100'],
    ['ec_point_formats', ecPointFormats(), 11, '03 00 01 02'],
    ['srp', srpUser('é'), 12, '02 c3a9'],
    ['signature_algorithms', signatureAlgorithms([0x0403]), 13, '0002 0403'],
    ['heartbeat', heartbeat(), 15, '01'],
    ['ALPN', applicationProtocols(['h2', 'x']), 16, '0005 02 6832 01 78'],
    ['encrypt_then_mac', emptyExtension(22), 22, ''],
    ['supported_versions', supportedVersions([0x0304, 0x0303]), 43, '04 0304 0303'],
    ['psk_key_exchange_modes', pskKeyExchangeModes([0, 1]), 45, '02 00 01'],
    ['signature_algorithms_cert', signatureAlgorithmsCert([0x0804]), 50, '0002 0804'],
    ['key_share', keyShare([{ group: 29, key: hex('aabb') }]), 51, '0006 001d 0002 aabb'],
    ['renegotiation_info', renegotiationInfo(hex('aabb')), 0xff01, '02 aabb'],
  ])('%s', (_, extension, type, data) => {
    expect(extension).toEqual({ type, data: hex(data) })
  })

  test('are read one by one, none of them twice', () => {
    const read = (text: string) => readTlsExtensions(new ByteReader(hex(text), 'a test'))
    const list = read('0009 0016 0000 0017 0001 aa')
    expect(list).toEqual([
      { type: 22, data: hex('') },
      { type: 23, data: hex('aa') },
    ])
    expect([findExtension(list, 23), findExtension(list, 24)]).toEqual([hex('aa'), undefined])
    expect(() => read('0008 0016 0000 0016 0000')).toThrow(ProtocolError)
    expect(() => read('0005 0016 0002 aa')).toThrow(ProtocolError)
  })

  test('as many as a message holds are read without a search through those before each', () => {
    const types = Array.from({ length: 0xffff >> 2 }, (_, type) => type)
    const list = Buffer.concat(types.map((type) => Buffer.of(type >> 8, type & 0xff, 0, 0)))
    const message = Buffer.concat([Buffer.of(list.length >> 8, list.length & 0xff), list])
    const reader = new ByteReader(message, 'a test')
    const searched = countSearched()
    const read = readTlsExtensions(reader)
    expect(searched()).toBeLessThanOrEqual(types.length)
    expect(read.map(({ type }) => type)).toEqual(types)
  })
})

test('a ClientHello', () => {
  const hello = {
    ...{ version: 0x0303, random: Buffer.alloc(32, 1), sessionId: hex('aa') },
    ...{ suites: [0x1301, 0xc02f], compressions: [1, 0] },
  }
  const begin = `0303 ${'01'.repeat(32)} 01aa 0004 1301 c02f 02 0100`
  expect(encodeClientHello({ ...hello, extensions: undefined })).toEqual(hex(begin))
  const extensions = [emptyExtension(23)]
  expect(encodeClientHello({ ...hello, extensions })).toEqual(hex(`${begin} 0004 0017 0000`))
})

describe('a ServerHello', () => {
  const hello = (extensions: readonly (readonly [number, string])[], random = '00'.repeat(32)) => ({
    ...{ version: 0x0303, random: hex(random), sessionId: hex(''), suite: 0x1301, compression: 0 },
    extensions: extensions.map(([type, data]) => ({ type, data: hex(data) })),
  })

  test('says its version in an extension, where it has that', () => {
    expect(negotiatedVersion(hello([]))).toBe(0x0303)
    expect(negotiatedVersion(hello([[43, '0304']]))).toBe(0x0304)
    expect(() => negotiatedVersion(hello([[43, '030400']]))).toThrow(ProtocolError)
  })

  test('has a share, or asks for one', () => {
    expect(serverKeyShare(hello([[51, '001d 0002 aabb']]))).toEqual({ group: 29, key: hex('aabb') })
    expect(serverKeyShare(hello([]))).toBeUndefined()
    expect(() => serverKeyShare(hello([[51, '001d 0002 aabb 00']]))).toThrow(ProtocolError)
    expect(requestedGroup(hello([[51, '0017']]))).toBe(23)
    expect(requestedGroup(hello([]))).toBeUndefined()
    expect(() => requestedGroup(hello([[51, '0017 00']]))).toThrow(ProtocolError)
  })

  /** RFC 8446 section 4.1.3. */
  test('has a random that means something', () => {
    const retry = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c'
    expect(isRetryRequest(hello([], retry))).toBe(true)
    expect(isRetryRequest(hello([], retry.replace('cf', 'ce')))).toBe(false)
    const end = (mark: string) => hasDowngradeMark(hello([], '00'.repeat(24) + mark))
    expect(['444f574e47524401', '444f574e47524400', '444f574e47524402'].map(end)).toEqual([
      ...[true, true, false],
    ])
    expect(hasDowngradeMark(hello([], `444f574e47524401${'00'.repeat(24)}`))).toBe(false)
  })
})

describe('records', () => {
  const record = (type: number, version: number, length: number) =>
    Buffer.concat([
      Buffer.from([type]),
      Buffer.from([version >> 8, version & 0xff, length >> 8, length & 0xff]),
      Buffer.alloc(length),
    ])

  test.each<[string, Buffer, boolean]>([
    ['of type 19', record(19, 0x0303, 1), false],
    ['of type 20', record(20, 0x0303, 1), true],
    ['of type 24', record(24, 0x0303, 1), true],
    ['of type 25', record(25, 0x0303, 1), false],
    ['of SSLv3', record(22, 0x0300, 1), true],
    ['of a version before', record(22, 0x02ff, 1), false],
    ['of a version behind', record(22, 0x0400, 1), false],
    ['of the largest size', record(22, 0x0303, 18_432), true],
    ['of more', record(22, 0x0303, 18_433), false],
    ['of no bytes', record(22, 0x0303, 0), true],
    ['with a byte behind', Buffer.concat([record(22, 0x0303, 1), Buffer.alloc(1)]), false],
  ])('%s', (_, bytes, isTaken) => {
    if (isTaken) expect(decodeRecord(bytes).payload).toEqual(bytes.subarray(5))
    else expect(() => decodeRecord(bytes)).toThrow(ProtocolError)
  })

  test('are as many as the bytes need', () => {
    const sizes = (length: number) => {
      const bytes = encodeRecords(23, 0x0301, Buffer.alloc(length, 5))
      const found: number[] = []
      for (let at = 0; at < bytes.length; at += 5 + (found.at(-1) ?? 0)) {
        expect(bytes.subarray(at, at + 3)).toEqual(hex('170301'))
        found.push(bytes.readUInt16BE(at + 3))
      }
      return found
    }
    expect([0, 1, 16_384, 16_385, 32_769].map(sizes)).toEqual([
      [0],
      [1],
      [16_384],
      [16_384, 1],
      [16_384, 16_384, 1],
    ])
  })

  test('an alert', () => {
    expect(encodeAlert({ level: 2, description: 40 })).toEqual(hex('0228'))
  })
})

describe('messages of a handshake', () => {
  const assembled = (...parts: readonly Buffer[]) => {
    const assembler = new HandshakeAssembler()
    for (const part of parts) assembler.push(part)
    return assembler
  }

  test('have half a megabyte at most', () => {
    expect(assembled(hex('0b080000')).next()).toBeUndefined()
    expect(() => assembled(hex('0b080001')).next()).toThrow(ProtocolError)
    const whole = assembled(hex('0b080000'), Buffer.alloc(0x08_0000, 3)).next()
    expect([whole?.type, whole?.body.length]).toEqual([11, 0x08_0000])
  })

  test('are told apart, and what has begun is known', () => {
    const assembler = assembled(hex('01000001aa 0200'))
    expect(assembler.next()).toEqual({ type: 1, body: hex('aa') })
    expect(assembler.isWithinMessage).toBe(true)
    expect(assembler.next()).toBeUndefined()
    assembler.push(hex('0000'))
    expect(assembler.next()).toEqual({ type: 2, body: hex('') })
    expect(assembler.isWithinMessage).toBe(false)
    expect(assembler.next()).toBeUndefined()
  })

  test('may come in more records than are kept apart', () => {
    const length = 3000
    const bytes = Buffer.concat([
      hex('0b000bb8'),
      Buffer.from(Array.from({ length }, (_, at) => at & 0xff)),
    ])
    const whole = assembled(...Array.from(bytes, (byte) => Buffer.of(byte))).next()
    expect(whole?.body.equals(bytes.subarray(4))).toBe(true)
  })
})

describe('a chain', () => {
  test('as it is written', () => {
    const list = [hex('aa'), hex('bbcc')]
    expect(encodeCertificate12(list)).toEqual(hex('000009 000001aa 000002bbcc'))
    expect(encodeCertificate13(list, hex('07'))).toEqual(
      hex('0107 00000d 000001aa0000 000002bbcc0000'),
    )
    // With an extension of the certificate: RFC 8446 section 4.4.2.
    expect(decodeCertificate13(hex('00 00000c 000001aa 0006 0005 0002 eeff'))).toEqual([hex('aa')])
  })

  test('ends where it says', () => {
    expect(() => decodeCertificate12(hex('000000 00'))).toThrow(ProtocolError)
    expect(() => decodeCertificate13(hex('00 000000 00'))).toThrow(ProtocolError)
  })

  test('has 64 certificates at most', () => {
    const list = (count: number) => Array<Buffer>(count).fill(hex('aa'))
    expect(decodeCertificate12(encodeCertificate12(list(64)))).toHaveLength(64)
    expect(decodeCertificate13(encodeCertificate13(list(64)))).toHaveLength(64)
    expect(() => decodeCertificate12(encodeCertificate12(list(65)))).toThrow(ProtocolError)
    expect(() => decodeCertificate13(encodeCertificate13(list(65)))).toThrow(ProtocolError)
  })
})

describe('a ServerKeyExchange', () => {
  const EC = { kind: 'ecdhe', hasHint: false, isSigned: true } as const
  const PRIME = { kind: 'dhe', hasHint: false, isSigned: true } as const

  test.each([
    ['ECDHE_RSA', EC],
    ['ECDHE_ECDSA', EC],
    ['DHE_RSA', PRIME],
    ['DHE_DSS', PRIME],
    ['DHE_RSA_EXPORT', PRIME],
    ['DH_anon', { ...PRIME, isSigned: false }],
    ['ECDH_anon', { ...EC, isSigned: false }],
    ['ECDHE_PSK', { kind: 'ecdhe', hasHint: true, isSigned: false }],
    ['DHE_PSK', { kind: 'dhe', hasHint: true, isSigned: false }],
    ['PSK_DHE', { kind: 'dhe', hasHint: true, isSigned: false }],
    ['ECDH_RSA', undefined],
    ['DH_DSS', undefined],
    ['RSA', undefined],
    ['RSA_PSK', undefined],
    ['PSK', undefined],
    ['', undefined],
  ])('of %s', (exchange, form) => {
    expect(exchangeForm(exchange)).toEqual(form)
  })

  test('on a curve, signed', () => {
    const body = hex('03 001d 02 aabb 0804 0002 ccdd')
    expect(decodeServerKeyExchange(body, EC, 0x0303)).toEqual({
      exchange: { kind: 'ecdhe', group: 29, key: hex('aabb') },
      ...{
        hint: undefined,
        scheme: 0x0804,
        signature: hex('ccdd'),
        signed: hex('03 001d 02 aabb'),
      },
    })
    // Before TLS 1.2 the version fixes how it is signed.
    const older = decodeServerKeyExchange(hex('03 001d 02 aabb 0002 ccdd'), EC, 0x0302)
    expect(older).toMatchObject({ scheme: undefined, signature: hex('ccdd') })
    expect(() =>
      decodeServerKeyExchange(hex('03 001d 02 aabb 0804 0002 ccdd 00'), EC, 0x0303),
    ).toThrow(ProtocolError)
  })

  test('of a prime, with a hint and without a signature', () => {
    const form = { kind: 'dhe', hasHint: true, isSigned: false } as const
    const text = '0001 68 0001 17 0001 05 0001 08'
    expect(decodeServerKeyExchange(hex(text), form, 0x0303)).toEqual({
      exchange: { kind: 'dhe', prime: hex('17'), generator: hex('05'), key: hex('08') },
      ...{ hint: hex('68'), scheme: undefined, signature: hex('') },
      signed: hex('0001 17 0001 05 0001 08'),
    })
    expect(() => decodeServerKeyExchange(hex(`${text} 00`), form, 0x0303)).toThrow(ProtocolError)
  })

  test('with a curve that is written out is read no further', () => {
    const body = hex('01 aabbccddee')
    expect(decodeServerKeyExchange(body, EC, 0x0303).exchange).toEqual({ kind: 'explicit-curve' })
  })
})

/** draft-hickman-netscape-ssl-00, sections 2.5 and 2.6. */
describe('SSLv2', () => {
  test('its ClientHello', () => {
    expect(encodeSslv2ClientHello([0x010080, 0x0700c0], hex('aabb'))).toEqual(
      hex('8011 01 0002 0006 0000 0002 010080 0700c0 aabb'),
    )
  })

  test('its ServerHello', () => {
    const text = '04 00 01 0002 0001 0006 0002 aa 010080 0700c0 eeff'
    expect(decodeSslv2ServerHello(hex(text))).toEqual({
      ...{ version: 2, ciphers: [0x010080, 0x0700c0], certificate: hex('aa') },
    })
    expect(() => decodeSslv2ServerHello(hex(text.replace('04', '01')))).toThrow(ProtocolError)
    expect(() => decodeSslv2ServerHello(hex(`${text}00`))).toThrow(ProtocolError)
    expect(() => decodeSslv2ServerHello(hex('04 00 01 0002 0000 0002 0000 0100'))).toThrow(
      ProtocolError,
    )
  })

  test('has no padding where the highest bit of its header is set', () => {
    const plain = ['8000', '8011', 'ffff'].map((text) => decodeSslv2Header(hex(text)))
    expect(plain).toEqual([0, 0x11, 0x7fff].map((length) => ({ length, isPadded: false })))
    const padded = ['0011', '3fff', '4011'].map((text) => decodeSslv2Header(hex(text)))
    expect(padded).toEqual([0x11, 0x3fff, 0x11].map((length) => ({ length, isPadded: true })))
    expect([sslv2CipherName(0x0700c0), sslv2CipherName(0x000005)]).toEqual([
      ...['SSL_CK_DES_192_EDE3_CBC_WITH_MD5', '0x000005'],
    ])
  })
})

describe('numbers of the registry', () => {
  test('have names, or are told as numbers', () => {
    expect([groupName(29), groupName(0x0200), groupName(0xfe)]).toEqual([
      'x25519',
      'MLKEM512',
      '0x00fe',
    ])
    expect([schemeName(0x0804), schemeName(0x0101), schemeName(1)]).toEqual([
      ...['rsa_pss_rsae_sha256', 'rsa_pkcs1_md5', '0x0001'],
    ])
    expect([alertName(40), alertName(255)]).toEqual(['handshake_failure', 'alert 255'])
    expect([certificateTypeName(64), certificateTypeName(99)]).toEqual(['ecdsa_sign', 'type 99'])
    expect([suiteName(0x1301), suiteName(0xfe)]).toEqual(['TLS_AES_128_GCM_SHA256', '0x00fe'])
  })

  test('are offered each in its kind', () => {
    expect(GROUPS_WITH_PRIME).toEqual([0x100, 0x101, 0x102, 0x103, 0x104])
    expect(GROUPS_WITHOUT_PRIME).toEqual(
      EVERY_GROUP.filter((group) => !GROUPS_WITH_PRIME.includes(group)),
    )
    expect(EVERY_SCHEME).toEqual(EVERY_SCHEME.toSorted((a, b) => b - a))
    expect(everySuite(0x0304)).toContain(0x1301)
    expect(everySuite(0x0304)).not.toContain(0xc02f)
    expect(everySuite(0x0303)).toContain(0xc02f)
    expect(everySuite(0x0303)).not.toContain(0x1301)
  })

  test.each([
    [0xc02f, 'ECDHE_RSA'],
    [0x002f, 'RSA'],
    [0x0034, 'DH_anon'],
    [0x0090, 'DHE_PSK'],
    [0x1301, ''],
    [0xdefe, ''],
  ])('suite %i agrees on a secret by %j', (suite, exchange) => {
    expect(keyExchangeOf(suite)).toBe(exchange)
  })
})
