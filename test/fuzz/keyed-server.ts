/**
 * Servers of TLS 1.3 and TLS 1.0 to 1.2 that know the keys: what they say is changed before it is protected, so that
 * the changes come to what reads it behind the decryption.
 */
import { Exchange } from '../../src/audit/connection/exchange.ts'
import { Transcript } from '../../src/audit/connection/transcript.ts'
import type { Transport } from '../../src/audit/connection/transport.ts'
import { finishHandshake13 } from '../../src/audit/conversation/finish13.ts'
import { handshake13 } from '../../src/audit/conversation/handshake13.ts'
import { olderHandshake } from '../../src/audit/conversation/older-handshake.ts'
import { TlsChannel } from '../../src/audit/conversation/tls-channel.ts'
import { makeKeyPair } from '../../src/audit/key-schedule/key-pair.ts'
import { olderCipherOf } from '../../src/audit/key-schedule/older-ciphers.ts'
import { handshakeHash, pseudoRandom } from '../../src/audit/key-schedule/older-prf.ts'
import { protectOlder } from '../../src/audit/key-schedule/older-protection.ts'
import {
  applicationTraffic,
  earlySecret,
  handshakeSecret,
  handshakeTraffic,
  masterSecret,
} from '../../src/audit/key-schedule/tls13-keys.ts'
import { Tls13Protection } from '../../src/audit/key-schedule/tls13-protection.ts'
import { encodeCertificate12, encodeCertificate13 } from '../../src/audit/messages/certificate.ts'
import { encodeCertificateRequest } from '../../src/audit/messages/certificate-request.ts'
import { applicationProtocols, writeExtensions } from '../../src/audit/messages/extensions.ts'
import { encodeHandshake } from '../../src/audit/messages/handshake.ts'
import { CONTENT_TYPES, HANDSHAKE } from '../../src/audit/messages/iana-numbers.ts'
import {
  encodeOlderSessionTicket,
  encodeSessionTicket,
} from '../../src/audit/messages/new-session-ticket.ts'
import { encodeRecords } from '../../src/audit/messages/record.ts'
import { encodeServerHello } from '../../src/audit/messages/server-hello.ts'
import { encodeServerKeyExchange } from '../../src/audit/messages/server-key-exchange.ts'
import { ACCEPTED } from '../../src/audit/probes/answers.ts'
import { chainsOf } from '../../src/audit/probes/chains.ts'
import { clientCertificateOf } from '../../src/audit/probes/client-certificates.ts'
import { chosenProtocol } from '../../src/audit/probes/offered-protocols.ts'
import { ProbedServer } from '../../src/audit/probes/probe.ts'
import { ByteWriter } from '../../src/wire/byte-writer.ts'

/** Changes bytes, or leaves them alone. */
export type Change = (bytes: Buffer) => Buffer

const X25519 = 29
const RANDOM = Buffer.alloc(32, 7)
const TICKET = Buffer.alloc(48, 3)
/** By OpenSSL, with a key of Ed25519 and alternative names of five kinds. */
export const CERTIFICATE = Buffer.from(
  [
    '308201e430820196a0030201020214099c17f9677a1799ca737e45f013f415bb69bfdf300506032b6570',
    '3038310b30090603550406130244453110300e060355040a0c074578616d706c65311730150603550403',
    '0c0e7365727665722e6578616d706c65301e170d3236313132373139303730355a170d33363131323431',
    '39303730355a3038310b30090603550406130244453110300e060355040a0c074578616d706c65311730',
    '1506035504030c0e7365727665722e6578616d706c65302a300506032b6570032100aebc6bc8fc40e165',
    '6726428e6fa60eb3f09ef15311b30eb1dd066df10d1aac53a381b13081ae301d0603551d0e04160414f9',
    '712097260239d82b2f0dd88eb09e5c02ccecc7301f0603551d23041830168014f9712097260239d82b2f',
    '0dd88eb09e5c02ccecc7300f0603551d130101ff040530030101ff305b0603551d1104543052820e7365',
    '727665722e6578616d706c658704c0000201861768747470733a2f2f7365727665722e6578616d706c65',
    '2f811061407365727665722e6578616d706c65a00f06082b06010505070805a0030c0178300506032b65',
    '700341001b2ede23addec593013c0751a11e9fea18bc7165d0d18cc04e7670aa4615d05e7ca847dcbdf5',
    'cad59e53df5bee983337beffd85c4e5a118adc3952317af6c009',
  ].join(''),
  'hex',
)
const CERTIFICATES = [CERTIFICATE, CERTIFICATE]
const REQUEST = {
  ...{ context: Buffer.alloc(0), types: [1, 64], schemes: [0x0403, 0x0804] },
  authorities: [Buffer.from('300e310c300a06035504030c03666f6f', 'hex')],
}

const pair = makeKeyPair(X25519, (length) => Buffer.alloc(length, 0x55))
if (!pair) throw new Error('Node.js has X25519')
const { share, agree } = pair

type Answer = (sent: Buffer) => readonly Buffer[]

/** Answers what was sent when the client reads, one answer after the other; then it closes the connection. */
export function transportOf(answers: readonly Answer[]): Transport {
  const left = [...answers]
  const ready: Buffer[] = []
  let sent: Buffer[] = []
  return {
    ...{ limitSilence: () => {}, close: () => {} },
    send: (bytes) => void sent.push(bytes),
    receive: async () => {
      if (ready.length === 0) {
        ready.push(...(left.shift()?.(Buffer.concat(sent)) ?? []))
        sent = []
      }
      return ready.shift() ?? 'closed'
    },
  }
}

const framed = (type: number, body: Buffer) => encodeHandshake({ type, body })

/** What stands in the session ID of a ClientHello in its record. */
const sessionIdOf = (hello: Buffer) => hello.subarray(44, 44 + hello.readUInt8(43))

function clientShareOf(hello: Buffer): Buffer {
  const at = hello.indexOf(Buffer.from('001d0020', 'hex')) + 4
  return hello.subarray(at, at + 32)
}

function withExtensions(extensions: Parameters<typeof writeExtensions>[1]): Buffer {
  const writer = new ByteWriter()
  writeExtensions(writer, extensions)
  return writer.finish()
}

const NEWER_MESSAGES: readonly (readonly [number, Buffer])[] = [
  [HANDSHAKE.encrypted_extensions, withExtensions([applicationProtocols(['h2'])])],
  [HANDSHAKE.certificate_request, encodeCertificateRequest(REQUEST, 0x0304)],
  [HANDSHAKE.certificate, encodeCertificate13(CERTIFICATES)],
  [HANDSHAKE.certificate_verify, Buffer.from('08040004aabbccdd', 'hex')],
]

const NEWER_TICKET = {
  ...{ lifetime: 7200, ageAdd: 5, nonce: Buffer.of(1), ticket: TICKET },
  extensions: [{ type: 42, data: Buffer.from('00004000', 'hex') }],
}

/**
 * @param changeBody Of one message: its frame stays true.
 * @param changeAll Of all that is under the keys.
 */
export function newerServer(changeBody: Change, changeAll: Change): Transport {
  const suite = 0x1301
  const hash = 'sha256'
  let late: readonly Buffer[] = []
  const first: Answer = (record) => {
    const key = new ByteWriter().uint16(X25519).vector(2, (part) => part.bytes(share))
    const hello = encodeServerHello({
      ...{ version: 0x0303, random: RANDOM, sessionId: sessionIdOf(record), suite, compression: 0 },
      extensions: [
        { type: 43, data: Buffer.from([3, 4]) },
        { type: 51, data: key.finish() },
      ],
    })
    const begin = Buffer.concat([record.subarray(5), framed(HANDSHAKE.server_hello, hello)])
    const secret = handshakeSecret(hash, earlySecret(hash), agree(clientShareOf(record)))
    const traffic = handshakeTraffic(hash, secret, begin)
    const messages = NEWER_MESSAGES.map(([type, body]) => framed(type, changeBody(body)))
    const flight = changeAll(
      Buffer.concat([...messages, framed(HANDSHAKE.finished, Buffer.alloc(32, 4))]),
    )
    const application = applicationTraffic(
      ...([hash, masterSecret(hash, secret), Buffer.concat([begin, flight])] as const),
    )
    const ticket = changeBody(encodeSessionTicket(NEWER_TICKET))
    const behind = changeAll(framed(HANDSHAKE.new_session_ticket, ticket))
    const later = new Tls13Protection(suite, application.server)
    late = [
      later.seal(CONTENT_TYPES.handshake, behind),
      later.seal(CONTENT_TYPES.application_data, behind),
    ]
    const protection = new Tls13Protection(suite, traffic.server)
    const clear = encodeRecords(
      CONTENT_TYPES.handshake,
      0x0303,
      framed(HANDSHAKE.server_hello, hello),
    )
    return [clear, protection.seal(CONTENT_TYPES.handshake, flight)]
  }
  return transportOf([first, () => late])
}

/** What servers before TLS 1.3 choose: TLS 1.2 with GCM and CBC, TLS 1.1 and 1.0. */
export const OLDER_CHOICES = [
  { version: 0x0303, suite: 0xc02f },
  { version: 0x0303, suite: 0xc027 },
  { version: 0x0302, suite: 0xc013 },
  { version: 0x0301, suite: 0xc013 },
] as const

/** @param changeRecord Of protected records: what stands in front of the check of their MAC. */
export function olderServer(
  { version, suite }: { readonly version: number; readonly suite: number },
  changeBody: Change,
  changeRecord: Change,
): Transport {
  const cipher = olderCipherOf(suite, version)
  if (!cipher) throw new Error('Node.js has the cipher')
  let messages: Buffer = Buffer.alloc(0)
  let clientRandom: Buffer = Buffer.alloc(0)
  const keyExchange = encodeServerKeyExchange({
    exchange: { kind: 'ecdhe', group: X25519, key: share },
    ...{ hint: undefined, signature: Buffer.alloc(256, 5) },
    scheme: version === 0x0303 ? 0x0804 : undefined,
  })
  const first: Answer = (record) => {
    clientRandom = record.subarray(11, 43)
    const sessionId = Buffer.alloc(32, 8)
    const hello = { version, random: RANDOM, sessionId, suite, compression: 0, extensions: [] }
    const flight = Buffer.concat([
      framed(HANDSHAKE.server_hello, encodeServerHello(hello)),
      framed(HANDSHAKE.certificate, encodeCertificate12(CERTIFICATES)),
      framed(HANDSHAKE.server_key_exchange, keyExchange),
      framed(HANDSHAKE.server_hello_done, Buffer.alloc(0)),
    ])
    messages = Buffer.concat([record.subarray(5), flight])
    return [encodeRecords(CONTENT_TYPES.handshake, version, flight)]
  }
  const second: Answer = (records) => {
    const keyMessage = records.subarray(5, 5 + records.readUInt16BE(3))
    const premaster = agree(keyMessage.subarray(5))
    const randoms = Buffer.concat([clientRandom, RANDOM])
    const master = pseudoRandom(cipher.prf, premaster, 'master secret', randoms, 48)
    const { client, server } = protectOlder({
      ...{ version, cipher, master, clientRandom, serverRandom: RANDOM, encryptsFirst: false },
      random: (length) => Buffer.alloc(length, 6),
    })
    // Behind the record with the key and the one with the change of cipher.
    const payload = records.subarray(5 + keyMessage.length + 6 + 5)
    const { payload: finished } = client.open({ type: CONTENT_TYPES.handshake, version, payload })
    const ticket = framed(
      HANDSHAKE.new_session_ticket,
      changeBody(encodeOlderSessionTicket({ lifetimeHint: 300, ticket: TICKET })),
    )
    messages = Buffer.concat([messages, keyMessage, finished, ticket])
    const hash = handshakeHash(cipher.prf, messages)
    const verify = pseudoRandom(cipher.prf, master, 'server finished', hash, 12)
    const end = server.seal(CONTENT_TYPES.handshake, framed(HANDSHAKE.finished, changeBody(verify)))
    return [
      encodeRecords(CONTENT_TYPES.handshake, version, ticket),
      encodeRecords(CONTENT_TYPES.change_cipher_spec, version, Buffer.of(1)),
      changeRecord(end),
    ]
  }
  return transportOf([first, second])
}

function exchangeOver(transport: Transport): Exchange {
  return new Exchange(transport, new Transcript('keyed'), Buffer.alloc(32))
}

/** What an audit reads of a server of TLS 1.3: gives the tickets behind the handshake. */
export async function readNewer(transport: Transport): Promise<number> {
  const offer = { version: 0x0304, suites: [0x1301], serverName: undefined }
  const reply = await handshake13(exchangeOver(transport), offer, X25519)
  if (reply.kind !== 'handshake') return 0
  const { handshake } = reply
  const { tickets } = await finishHandshake13(handshake, Buffer.from('x'))
  const server = new ProbedServer(
    { ask: () => Promise.reject(new Error('no question')) },
    undefined,
  )
  server.handshakes.push(handshake)
  clientCertificateOf(server, ACCEPTED)
  chainsOf(server)
  chosenProtocol(handshake.encryptedExtensions)
  return tickets.length
}

/** Whether a whole handshake was done. */
export async function readOlder(
  transport: Transport,
  { version, suite }: { readonly version: number; readonly suite: number },
): Promise<boolean> {
  const offer = { version, suites: [suite], serverName: undefined }
  const reply = await olderHandshake(new TlsChannel(exchangeOver(transport), 0x0301), offer)
  return reply.kind === 'handshake' && reply.handshake.session.ticket !== undefined
}
