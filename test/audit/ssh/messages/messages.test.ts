import { describe, expect, test } from 'vitest'
import {
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

  test('is refused where it is cut short or goes on', () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (value, part) => {
        const whole = encode(value)
        const cut = whole.subarray(0, Math.floor(part * (whole.length - 1)))
        expect(() => decode(cut)).toThrow(ProtocolError)
        expect(() => decode(Buffer.concat([whole, Buffer.of(0)]))).toThrow(ProtocolError)
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
      expect(decodePacketLength(packet.subarray(0, 4))).toBe(packet.length - 4)
      expect(decodePacketBody(packet.subarray(4))).toEqual(Buffer.from(payload))
    }),
  )
})

test.each([
  ['more than OpenSSH takes', '00040001'],
  ['next to 2^32', 'ffffffff'],
  ['less than a padding', '00000005'],
])('a packet is refused whose length is %s', (_title, hex) => {
  expect(() => decodePacketLength(Buffer.from(hex, 'hex'))).toThrow(ProtocolError)
})

test.each(['03000000', '0a000000', '04000000', ''])(
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
  expect(parseIdentification('SSH-1.99-Cisco-1.25')).toMatchObject({ software: 'Cisco-1.25' })
})

test.each(['SSH-2.0', 'SSH-2.0-a\x1b[2J', 'SSH--x'])('the line %j identifies nothing', (line) => {
  expect(() => parseIdentification(line)).toThrow(ProtocolError)
})

test('the end of a connection is read with its reason, also without a language', () => {
  const disconnect = { reason: 12, description: 'Too many connections' }
  const payload = encodeDisconnect(disconnect)
  expect(decodeDisconnect(payload)).toEqual(disconnect)
  expect(decodeDisconnect(payload.subarray(0, -4))).toEqual(disconnect)
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
