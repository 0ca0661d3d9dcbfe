import { describe, expect, test } from 'vitest'
import {
  parseNameList,
  readPositiveNumber,
  writePositiveNumber,
} from '../../../../src/audit/ssh/messages/data-types.ts'
import {
  decodeDisconnect,
  encodeDisconnect,
} from '../../../../src/audit/ssh/messages/disconnect.ts'
import {
  decodeExtensionInfo,
  encodeExtensionInfo,
} from '../../../../src/audit/ssh/messages/extension-info.ts'
import { decodeHostKey } from '../../../../src/audit/ssh/messages/host-key.ts'
import { parseIdentification } from '../../../../src/audit/ssh/messages/identification.ts'
import {
  decodeExchangeGroup,
  decodeKeyExchangeReply,
  encodeExchangeGroup,
  encodeKeyExchangeReply,
} from '../../../../src/audit/ssh/messages/key-exchange.ts'
import {
  decodeKeyExchangeInit,
  encodeKeyExchangeInit,
} from '../../../../src/audit/ssh/messages/key-exchange-init.ts'
import {
  decodePacketBody,
  decodePacketLength,
  encodePacket,
} from '../../../../src/audit/ssh/messages/packet.ts'
import { bitLength } from '../../../../src/wire/bit-length.ts'
import { ByteReader } from '../../../../src/wire/byte-reader.ts'
import { ByteWriter } from '../../../../src/wire/byte-writer.ts'
import { ProtocolError } from '../../../../src/wire/protocol-error.ts'
import { fc } from '../../../seed.ts'

type Codec<Value> = {
  readonly values: fc.Arbitrary<Value>
  readonly encode: (value: Value) => Buffer
  readonly decode: (bytes: Buffer) => Value
}

function codec<Value>(value: Codec<Value>): Codec<unknown> {
  return value as Codec<unknown>
}

const bytes = (limit: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength: limit }).map((part) => Buffer.from(part))
const positive: fc.Arbitrary<Buffer> = fc
  .tuple(fc.integer({ min: 1, max: 255 }), bytes(40))
  .map(([first, rest]) => Buffer.concat([Buffer.from([first]), rest]))
const name = fc.stringMatching(/^[a-z0-9@.-]{1,20}$/)
const names = fc.array(name, { maxLength: 5 })
const text = fc.string({ unit: 'grapheme', maxLength: 20 })

const CODECS: Readonly<Record<string, Codec<unknown>>> = {
  SSH_MSG_KEXINIT: codec({
    values: fc.record({
      cookie: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((part) => Buffer.from(part)),
      keyExchanges: names,
      hostKeyAlgorithms: names,
      ciphersToServer: names,
      ciphersToClient: names,
      macsToServer: names,
      macsToClient: names,
      compressionToServer: names,
      compressionToClient: names,
      languagesToServer: names,
      languagesToClient: names,
      guessFollows: fc.boolean(),
    }),
    encode: encodeKeyExchangeInit,
    decode: decodeKeyExchangeInit,
  }),
  'a reply with a number': codec({
    values: fc.record({ hostKey: bytes(50), share: positive, signature: bytes(50) }),
    encode: (reply) => encodeKeyExchangeReply(reply, 'number'),
    decode: (payload) => decodeKeyExchangeReply(payload, 'number'),
  }),
  'a reply with bytes': codec({
    values: fc.record({ hostKey: bytes(50), share: bytes(50), signature: bytes(50) }),
    encode: (reply) => encodeKeyExchangeReply(reply, 'bytes'),
    decode: (payload) => decodeKeyExchangeReply(payload, 'bytes'),
  }),
  SSH_MSG_KEX_DH_GEX_GROUP: codec({
    values: fc.record({ prime: positive, generator: positive }),
    encode: encodeExchangeGroup,
    decode: decodeExchangeGroup,
  }),
  SSH_MSG_EXT_INFO: codec({
    values: fc.array(fc.record({ name: text, value: bytes(40) }), { maxLength: 5 }),
    encode: encodeExtensionInfo,
    decode: decodeExtensionInfo,
  }),
}

describe.each(Object.entries(CODECS))('%s', (_name, { values, encode, decode }) => {
  test('comes back as it was', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(encode(value))).toEqual(value)
      }),
    )
  })

  test('is refused where it is cut short, goes on, or has another number', () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (value, part) => {
        const whole = encode(value)
        const cut = whole.subarray(0, Math.floor(part * (whole.length - 1)))
        expect(() => decode(cut)).toThrow(ProtocolError)
        expect(() => decode(Buffer.concat([whole, Buffer.of(0)]))).toThrow(ProtocolError)
        const other = Buffer.concat([Buffer.of(whole.readUInt8() + 1), whole.subarray(1)])
        expect(() => decode(other)).toThrow(ProtocolError)
      }),
    )
  })

  test('of random bytes is refused or read, never a crash', () => {
    fc.assert(
      fc.property(values, bytes(200), fc.nat(), (value, noise, at) => {
        const whole = encode(value)
        const changed = Buffer.from(whole)
        changed.writeUInt8(changed.readUInt8(at % changed.length) ^ 0x81, at % changed.length)
        for (const message of [noise, changed, Buffer.concat([whole.subarray(0, 1), noise])]) {
          expect(refusalOf(() => decode(message))).toBe(true)
        }
      }),
    )
  })
})

/** Whether bytes are read or refused as the peer's fault. */
function refusalOf(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch (error) {
    return error instanceof ProtocolError
  }
}

test('a packet comes back as it was, padded to whole blocks', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (payload) => {
      const packet = encodePacket(Buffer.from(payload))
      expect(packet.length % 8).toBe(0)
      // RFC 4253, section 6: at least 4 bytes, and no more than the block asks for.
      expect(packet.readUInt8(4)).toBeGreaterThanOrEqual(4)
      expect(packet.readUInt8(4)).toBeLessThan(4 + 8)
      expect(decodePacketLength(packet.subarray(0, 4))).toBe(packet.length - 4)
      expect(decodePacketBody(packet.subarray(4))).toEqual(Buffer.from(payload))
    }),
  )
})

test.each([
  ['more than OpenSSH takes', '00050000'],
  ['next to 2^32', 'ffffffff'],
  ['one more than OpenSSH takes', '00040001'],
  ['less than a padding', '00000005'],
])('a packet is refused whose length is %s', (_title, hex) => {
  expect(() => decodePacketLength(Buffer.from(hex, 'hex'))).toThrow(ProtocolError)
})

test('packets of the least and of the greatest length are read', () => {
  for (const length of [6, 256 * 1024]) {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(length)
    expect(decodePacketLength(bytes)).toBe(length)
  }
  expect(decodePacketBody(Buffer.from('04ff00000000', 'hex'))).toEqual(Buffer.of(0xff))
})

test.each(['03ff000000', '0a000000', '0400000000', ''])(
  'a packet with the body %s is refused',
  (hex) => {
    expect(() => decodePacketBody(Buffer.from(hex, 'hex'))).toThrow(ProtocolError)
  },
)

/** RFC 4251, section 5. */
test.each([
  ['00000000', '', 0],
  ['0000000809a378f9b2e332a7', '09a378f9b2e332a7', 60],
  ['000000020080', '80', 8],
])('the number %s is written as the standard says', (encoded, number, bits) => {
  const reader = new ByteReader(Buffer.from(encoded, 'hex'), 'a number')
  const value = readPositiveNumber(reader)
  expect(value.toString('hex')).toBe(number)
  expect(bitLength(value)).toBe(bits)
  expect(writePositiveNumber(new ByteWriter(), value).finish().toString('hex')).toBe(encoded)
})

test('zeros in front of a number are no part of it', () => {
  const reader = new ByteReader(Buffer.from('00000004000000ff', 'hex'), 'a number')
  expect(readPositiveNumber(reader)).toEqual(Buffer.of(0xff))
  const zeros = new ByteReader(Buffer.from('000000020000', 'hex'), 'a number')
  expect(readPositiveNumber(zeros)).toEqual(Buffer.alloc(0))
  for (const [bytes, written] of [
    ['0000ff', '0000000200ff'],
    ['00007f01', '000000027f01'],
    ['0000', '00000000'],
  ] as const) {
    const writer = writePositiveNumber(new ByteWriter(), Buffer.from(bytes, 'hex'))
    expect(writer.finish().toString('hex')).toBe(written)
  }
})

/** RFC 4251, section 5 and RFC 4250, section 4.6.1, within what the audit bears. */
test('a list has as many names as it may, of as many characters as they may', () => {
  const read = (text: string) => parseNameList(text, 'a list')
  expect(read('')).toEqual([])
  expect(read('a')).toEqual(['a'])
  expect(read(`!,${'~'.repeat(256)}`)).toEqual(['!', '~'.repeat(256)])
  expect(read(Array(512).fill('a').join(','))).toHaveLength(512)
  for (const text of [
    Array(513).fill('a').join(','),
    'a'.repeat(257),
    ',',
    'a,',
    ',a',
    'a,,b',
    'a b',
  ]) {
    expect(() => read(text)).toThrow(ProtocolError)
  }
  for (const character of ['\x00', '\x1f', '\x7f', '\xff']) {
    expect(() => read(`a,b${character}`)).toThrow(ProtocolError)
  }
})

test('replies of a group exchange have another number', () => {
  const reply = { hostKey: Buffer.of(1), share: Buffer.of(2), signature: Buffer.of(3) }
  const inGroup = encodeKeyExchangeReply(reply, 'number', 33)
  expect(decodeKeyExchangeReply(inGroup, 'number', 33)).toEqual(reply)
  expect(() => decodeKeyExchangeReply(inGroup, 'number')).toThrow(ProtocolError)
})

test('a negative number is refused', () => {
  const reader = new ByteReader(Buffer.from('00000002edcc', 'hex'), 'a number')
  expect(() => readPositiveNumber(reader)).toThrow(ProtocolError)
})

test('an identification is read in its parts', () => {
  expect(parseIdentification('SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10')).toMatchObject({
    protocol: '2.0',
    software: 'OpenSSH_9.2p1',
    comments: 'Debian-2+deb12u10',
  })
  expect(parseIdentification('SSH-1.99-Cisco-1.25')).toEqual({
    line: 'SSH-1.99-Cisco-1.25',
    ...{ protocol: '1.99', software: 'Cisco-1.25', comments: '' },
  })
  const odd = { protocol: '!', software: '~', comments: ' ~' }
  expect(parseIdentification('SSH-!-~  ~')).toMatchObject(odd)
})

test.each(['SSH-2.0', 'SSH-2.0-a\x1b[2J', 'SSH--x', 'xSSH-2.0-x', 'SSH-2 0-x', 'SSH-2.0-x y\x7f'])(
  'the line %j identifies nothing',
  (line) => {
    expect(() => parseIdentification(line)).toThrow(ProtocolError)
  },
)

test('the end of a connection is read with its reason, also without a language', () => {
  const disconnect = { reason: 12, description: 'Too many connections' }
  const payload = encodeDisconnect(disconnect)
  expect(decodeDisconnect(payload)).toEqual(disconnect)
  expect(decodeDisconnect(payload.subarray(0, -4))).toEqual(disconnect)
  const [message, more] = [Buffer.concat([Buffer.of(2), payload.subarray(1)]), Buffer.of(0)]
  expect(() => decodeDisconnect(message)).toThrow(ProtocolError)
  expect(() => decodeDisconnect(Buffer.concat([payload, more]))).toThrow(ProtocolError)
})

test('random bytes are no host key, and never a crash', () => {
  const types = ['ssh-rsa', 'ssh-ed25519', 'ecdsa-sha2-nistp256', 'ssh-rsa-cert-v01@openssh.com']
  fc.assert(
    fc.property(fc.constantFrom(...types), bytes(300), (type, noise) => {
      const blob = new ByteWriter().vector(4, (part) => part.bytes(Buffer.from(type))).bytes(noise)
      expect(refusalOf(() => decodeHostKey(blob.finish()))).toBe(true)
    }),
  )
})
