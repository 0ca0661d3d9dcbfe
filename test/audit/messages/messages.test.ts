/** Messages of TLS as values: each reads back, no part of it passes for the whole, and rubbish is refused. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { expect, onTestFinished, test, vi } from 'vitest'
import { decodeAlert, encodeAlert } from '../../../src/audit/messages/alert.ts'
import {
  decodeCertificate12,
  decodeCertificate13,
  encodeCertificate12,
  encodeCertificate13,
} from '../../../src/audit/messages/certificate.ts'
import {
  decodeCertificateRequest,
  encodeCertificateRequest,
} from '../../../src/audit/messages/certificate-request.ts'
import { decodeClientHello, encodeClientHello } from '../../../src/audit/messages/client-hello.ts'
import { encodeHandshake, HandshakeAssembler } from '../../../src/audit/messages/handshake.ts'
import {
  decodeOlderSessionTicket,
  decodeSessionTicket,
  encodeOlderSessionTicket,
  encodeSessionTicket,
} from '../../../src/audit/messages/new-session-ticket.ts'
import { decodeRecord, encodeRecords } from '../../../src/audit/messages/record.ts'
import { decodeServerHello, encodeServerHello } from '../../../src/audit/messages/server-hello.ts'
import {
  decodeServerKeyExchange,
  encodeServerKeyExchange,
} from '../../../src/audit/messages/server-key-exchange.ts'
import { decodeSslv2ServerHello } from '../../../src/audit/messages/sslv2-hello.ts'
import { ProtocolError } from '../../../src/wire/protocol-error.ts'
import { fc } from '../../seed.ts'

const bytes = (minLength: number, maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength, maxLength }).map((part) => Buffer.from(part))
const uint16 = fc.integer({ min: 0, max: 0xffff })
const byte = fc.integer({ min: 0, max: 0xff })
const extensions = fc.uniqueArray(fc.record({ type: uint16, data: bytes(0, 40) }), {
  selector: ({ type }) => type,
  maxLength: 6,
})

type Codec = {
  readonly name: string
  readonly values: fc.Arbitrary<unknown>
  readonly encode: (value: never) => Buffer
  readonly decode: (bytes: Buffer) => unknown
}

function codec<Value>(
  name: string,
  values: fc.Arbitrary<Value>,
  encode: (value: Value) => Buffer,
  decode: (bytes: Buffer) => Value,
): Codec {
  return { name, values, encode, decode }
}

const hello = {
  version: uint16,
  random: bytes(32, 32),
  sessionId: bytes(0, 32),
}
const exchange = fc.oneof(
  fc.record({ kind: fc.constant('ecdhe' as const), group: uint16, key: bytes(1, 133) }),
  fc.record({
    kind: fc.constant('dhe' as const),
    prime: bytes(1, 64),
    generator: bytes(1, 4),
    key: bytes(1, 64),
  }),
)

/** A message with a signature of TLS 1.2, without what is signed: that is a part of the message. */
const signedExchanges = fc.record({
  exchange,
  hint: fc.constant(undefined),
  scheme: uint16,
  signature: bytes(1, 64),
})

const CODECS: readonly Codec[] = [
  codec(
    'ClientHello',
    fc.record({
      ...hello,
      suites: fc.array(uint16, { maxLength: 20 }),
      compressions: fc.array(byte, { maxLength: 3 }),
      extensions,
    }),
    encodeClientHello,
    (body) => {
      const { extensions: list = [], ...rest } = decodeClientHello(body)
      return {
        ...rest,
        extensions: [...list],
        suites: [...rest.suites],
        compressions: [...rest.compressions],
      }
    },
  ),
  codec(
    'ServerHello',
    fc.record({ ...hello, suite: uint16, compression: byte, extensions }),
    encodeServerHello,
    (body) => {
      const decoded = decodeServerHello(body)
      return { ...decoded, extensions: [...decoded.extensions] }
    },
  ),
  codec(
    'Certificate of TLS 1.2',
    fc.array(bytes(0, 30), { maxLength: 5 }),
    encodeCertificate12,
    (body) => [...decodeCertificate12(body)],
  ),
  codec(
    'Certificate of TLS 1.3',
    fc.array(bytes(0, 30), { maxLength: 5 }),
    (list) => encodeCertificate13(list),
    (body) => [...decodeCertificate13(body)],
  ),
  ...[0x0301, 0x0303, 0x0304].map((version) =>
    codec(
      `CertificateRequest of 0x0${version.toString(16)}`,
      fc.record({
        context: bytes(0, version === 0x0304 ? 20 : 0),
        types: fc.array(byte, { maxLength: version === 0x0304 ? 0 : 5 }),
        schemes: fc.array(uint16, { maxLength: version === 0x0301 ? 0 : 5 }),
        authorities: fc.array(bytes(0, 30), { maxLength: 4 }),
      }),
      (request) => encodeCertificateRequest(request, version),
      (body) => {
        const request = decodeCertificateRequest(body, version)
        return {
          ...request,
          types: [...request.types],
          schemes: [...request.schemes],
          authorities: [...request.authorities],
        }
      },
    ),
  ),
  codec(
    'NewSessionTicket',
    fc.record({
      lifetime: fc.nat({ max: 0xffff_ffff }),
      ageAdd: fc.nat({ max: 0xffff_ffff }),
      nonce: bytes(0, 20),
      ticket: bytes(0, 40),
      extensions,
    }),
    encodeSessionTicket,
    (body) => {
      const ticket = decodeSessionTicket(body)
      return { ...ticket, extensions: [...ticket.extensions] }
    },
  ),
  codec(
    'NewSessionTicket before TLS 1.3',
    fc.record({ lifetimeHint: fc.nat({ max: 0xffff_ffff }), ticket: bytes(0, 40) }),
    encodeOlderSessionTicket,
    decodeOlderSessionTicket,
  ),
  codec('Alert', fc.record({ level: byte, description: byte }), encodeAlert, decodeAlert),
  codec(
    'record',
    fc.record({
      type: fc.constantFrom(20, 21, 22, 23, 24),
      version: fc.integer({ min: 0x0300, max: 0x03ff }),
      payload: bytes(0, 200),
    }),
    ({ type, version, payload }) => encodeRecords(type, version, payload),
    decodeRecord,
  ),
  ...(['ecdhe', 'dhe'] as const).map((kind) =>
    codec(
      `ServerKeyExchange, ${kind}`,
      signedExchanges.filter((message) => message.exchange.kind === kind),
      encodeServerKeyExchange,
      (body) => {
        const form = { kind, hasHint: false, isSigned: true }
        const { signed: _, scheme = 0, ...rest } = decodeServerKeyExchange(body, form, 0x0303)
        return { ...rest, scheme, exchange: rest.exchange as never, hint: undefined }
      },
    ),
  ),
]

test.each(CODECS)('$name: what is written is read', ({ values, encode, decode }) => {
  fc.assert(
    fc.property(values, (value) => {
      expect(decode(encode(value as never))).toEqual(value)
    }),
  )
})

/** Extensions are the one part that a message may end before. */
test.each(CODECS)('$name: no part of it passes for the whole', ({ values, encode, decode }) => {
  fc.assert(
    fc.property(values, (value) => {
      const whole = encode(value as never)
      for (let length = 0; length < whole.length; length++) {
        const part = whole.subarray(0, length)
        const read = readOrRefused(decode, part)
        const mayEnd = isBeforeExtensions(value, whole, length)
        if (!mayEnd) expect(read).toBeUndefined()
      }
    }),
    { numRuns: 30 },
  )
})

function isBeforeExtensions(value: unknown, whole: Buffer, length: number): boolean {
  const { extensions: list } = value as { extensions?: { data: Buffer }[] }
  // Hellos may end before their extensions; a ticket may not.
  if (!list || value === null || 'nonce' in (value as object)) return false
  const size = list.reduce((sum, { data }) => sum + 4 + data.length, 2)
  return length === whole.length - size
}

test.each([...CODECS, { name: 'SERVER-HELLO of SSLv2', decode: decodeSslv2ServerHello }])(
  '$name: random bytes are refused as a breach of the protocol, or read',
  ({ decode }) => {
    fc.assert(
      fc.property(bytes(0, 300), (random) => {
        readOrRefused(decode, random)
      }),
      { numRuns: 1000 },
    )
  },
)

/** Any error but ProtocolError fails the test. */
function readOrRefused(decode: (bytes: Buffer) => unknown, part: Buffer): unknown {
  try {
    return decode(part)
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError)
    return undefined
  }
}

test('messages are the same in whatever pieces they come', () => {
  const messages = fc.array(fc.record({ type: byte, body: bytes(0, 60) }), { maxLength: 5 })
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 40 })), (sent, sizes) => {
      const stream = Buffer.concat(sent.map(encodeHandshake))
      const assembler = new HandshakeAssembler()
      const got: unknown[] = []
      let at = 0
      for (const size of [...sizes, stream.length]) {
        assembler.push(stream.subarray(at, at + size))
        at += size
        for (let next = assembler.next(); next; next = assembler.next()) got.push(next)
      }
      expect(got).toEqual(sent)
      expect(assembler.isWithinMessage).toBe(false)
    }),
  )
})

test.each([0, 1])('a message in records of %d bytes takes little more than its bytes', (size) => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const assembler = new HandshakeAssembler()
  assembler.push(Buffer.from('0b040000', 'hex'))
  collect()
  const before = process.memoryUsage().heapUsed
  for (let count = 0; count < 200_000; count++) assembler.push(Buffer.alloc(size))
  collect()
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(4 * 1024 * 1024)
  expect(assembler.next()).toBeUndefined()
})

test('a message that comes byte by byte is copied a few times, not once for each byte', () => {
  const join = vi.spyOn(Buffer, 'concat')
  onTestFinished(() => join.mockRestore())
  const assembler = new HandshakeAssembler()
  const body = Buffer.alloc(32 * 1024, 7)
  const message = encodeHandshake({ type: 11, body })
  const got: unknown[] = []
  for (const byte of message) {
    assembler.push(Buffer.of(byte))
    const next = assembler.next()
    if (next) got.push(next)
  }
  expect(got).toEqual([{ type: 11, body }])
  const copied = join.mock.results.reduce((sum, { value }) => sum + value.length, 0)
  expect(copied).toBeLessThan(32 * message.length)
})

test('a message that claims more bytes than any has is refused before they come', () => {
  const assembler = new HandshakeAssembler()
  assembler.push(Buffer.from('0bffffff', 'hex'))
  expect(() => assembler.next()).toThrow(ProtocolError)
})

test('a CertificateRequest with more authorities than there are is refused', () => {
  const names = (count: number) => ({
    ...{ context: Buffer.alloc(0), types: [1], schemes: [0x0403] },
    authorities: Array<Buffer>(count).fill(Buffer.from('3000', 'hex')),
  })
  for (const version of [0x0303, 0x0304]) {
    const encode = (count: number) => encodeCertificateRequest(names(count), version)
    expect(decodeCertificateRequest(encode(1024), version).authorities).toHaveLength(1024)
    expect(() => decodeCertificateRequest(encode(1025), version)).toThrow(ProtocolError)
  }
})
