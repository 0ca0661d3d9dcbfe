/**
 * Answers of servers, mutated, through everything of an audit that reads them.
 *
 *     npm run fuzz:audit -- [--messages 1000000] [--seed N]
 *
 * Half of them are protected by the keys of the connection after they were changed.
 *
 * Fails where reading ends in any error but a breach of the protocol or the end of the connection; prints the seed.
 */
import { parseArgs } from 'node:util'
import { Exchange } from '../../src/audit/connection/exchange.ts'
import { ExchangeEnded } from '../../src/audit/connection/failure.ts'
import { Transcript } from '../../src/audit/connection/transcript.ts'
import { askHello } from '../../src/audit/conversation/server-flight.ts'
import { decodeCertificate13, encodeCertificate12 } from '../../src/audit/messages/certificate.ts'
import {
  decodeCertificateRequest,
  encodeCertificateRequest,
} from '../../src/audit/messages/certificate-request.ts'
import { encodeHandshake } from '../../src/audit/messages/handshake.ts'
import { decodeSessionTicket } from '../../src/audit/messages/new-session-ticket.ts'
import { encodeRecords } from '../../src/audit/messages/record.ts'
import { encodeServerHello } from '../../src/audit/messages/server-hello.ts'
import { encodeServerKeyExchange } from '../../src/audit/messages/server-key-exchange.ts'
import { decodeSslv2ServerHello } from '../../src/audit/messages/sslv2-hello.ts'
import { ProtocolError } from '../../src/wire/protocol-error.ts'
import { newerServer, OLDER_CHOICES, olderServer, readNewer, readOlder } from './keyed-server.ts'
import { Random } from './random.ts'

const { values } = parseArgs({
  options: { messages: { type: 'string', default: '1000000' }, seed: { type: 'string' } },
})
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed)
const random = new Random(seed)
const messages = Number(values.messages)
console.log(`answers of servers: ${messages} messages, seed ${seed}`)

const request = {
  ...{ context: Buffer.alloc(0), types: [1, 64], schemes: [0x0403, 0x0804] },
  authorities: [Buffer.from('300e310c300a06035504030c03666f6f', 'hex')],
}
const flight = (version: number, suite: number): Buffer => {
  const hello = { version, random: Buffer.alloc(32, 7), sessionId: Buffer.alloc(32, 8), suite }
  const extensions = [{ type: 43, data: Buffer.from([3, 4]) }]
  const parts = [
    [2, encodeServerHello({ ...hello, compression: 0, extensions: extensions.slice(version & 1) })],
    [11, encodeCertificate12([Buffer.alloc(300, 0x30), Buffer.alloc(200, 0x31)])],
    [
      12,
      encodeServerKeyExchange({
        exchange: { kind: 'ecdhe', group: 29, key: Buffer.alloc(32, 9) },
        ...{ hint: undefined, scheme: 0x0804, signature: Buffer.alloc(256, 5) },
      }),
    ],
    [13, encodeCertificateRequest(request, version)],
    [14, Buffer.alloc(0)],
  ] as const
  const handshake = parts.map(([type, body]) => encodeHandshake({ type, body }))
  return encodeRecords(22, version, Buffer.concat(handshake))
}
const SEEDS = [flight(0x0303, 0xc02f), flight(0x0301, 0xc013), flight(0x0302, 0x002f)]
const DECODERS = [
  decodeCertificate13,
  decodeSessionTicket,
  decodeSslv2ServerHello,
  (body: Buffer) => decodeCertificateRequest(body, 0x0304),
]

/** Some bytes changed, left out, doubled or cut. */
function mutate(bytes: Buffer): Buffer {
  const mutated = Buffer.from(bytes)
  for (let count = random.below(4); count >= 0; count--) {
    mutated[random.below(mutated.length)] = random.below(256)
  }
  const [from, to] = [random.below(mutated.length), random.below(mutated.length)]
  const kind = random.below(6)
  if (kind === 0) return mutated.subarray(0, from)
  if (kind === 1) return Buffer.concat([mutated.subarray(0, from), mutated.subarray(to)])
  return mutated
}

async function read(answer: Buffer): Promise<void> {
  let isSent = false
  const transport = {
    ...{ send: () => {}, limitSilence: () => {}, close: () => {} },
    receive: async () => {
      if (isSent) return 'closed' as const
      isSent = true
      return answer.length > 0 ? answer : ('closed' as const)
    },
  }
  const exchange = new Exchange(transport, new Transcript('fuzz'), Buffer.alloc(32))
  await askHello(exchange, { version: 0x0303, suites: [0xc02f], serverName: undefined })
}

/** Bytes that are changed, now and then, so that most of an answer is as it should be. */
const changeSome = (bytes: Buffer): Buffer =>
  random.below(3) > 0 || bytes.length === 0 ? bytes : mutate(bytes)
const changeFew = (bytes: Buffer): Buffer => (random.below(8) > 0 ? bytes : mutate(bytes))

let refused = 0
for (let count = 0; count < messages; count++) {
  const answer = mutate(random.pick(SEEDS))
  try {
    if (count % 4 === 0) await readNewer(newerServer(changeSome, changeFew))
    else if (count % 4 === 1) {
      const choice = random.pick(OLDER_CHOICES)
      await readOlder(olderServer(choice, changeSome, changeFew), choice)
    } else if (count % 4 === 2) await read(answer)
    else random.pick(DECODERS)(answer.subarray(random.below(64)))
  } catch (error) {
    if (!(error instanceof ProtocolError || error instanceof ExchangeEnded)) {
      console.log(`seed ${seed}, message ${count}: ${answer.toString('hex')}`)
      throw error
    }
    refused++
  }
}
const memory = Math.round(process.memoryUsage().rss / 2 ** 20)
const seconds = Math.round(performance.now() / 1000)
console.log(`${messages} messages, ${refused} refused, 0 crashes, ${memory} MiB, ${seconds} s`)
