/** Whether a server speaks SSLv2, and with which ciphers: draft-hickman-netscape-ssl-00. */
import type { Exchange } from '../connection/exchange.ts'
import { ExchangeEnded } from '../connection/failure.ts'
import { decodeAlert } from '../messages/alert.ts'
import { CONTENT_TYPES } from '../messages/iana-numbers.ts'
import { RECORD_HEADER } from '../messages/record.ts'
import {
  decodeSslv2Header,
  decodeSslv2ServerHello,
  encodeSslv2ClientHello,
  isSslv2ServerHello,
  SSLV2_CIPHERS,
} from '../messages/sslv2-hello.ts'
import { type Answer, answerOf } from '../model.ts'
import { ABSENT, answerOfCut, refusedBy } from './answers.ts'
import type { Found } from './enumerate.ts'
import type { ProbedServer } from './probe.ts'

const CHALLENGE = 16

export async function probeSslv2({ connections }: ProbedServer): Promise<Found> {
  const asked = await connections.ask('suites SSL2.0', askSslv2)
  return asked.isAnswered ? asked.value : nothing(answerOf(asked.failure))
}

async function askSslv2(exchange: Exchange): Promise<Found> {
  await exchange.write(encodeSslv2ClientHello(SSLV2_CIPHERS, exchange.random(CHALLENGE)))
  const start = await exchange.read(2)
  try {
    if (isTls(start)) return nothing(await answerOfTls(exchange, start))
    return await readAnswer(exchange, start)
  } catch (error) {
    if (error instanceof ExchangeEnded) return nothing(answerOfCut({ failure: error.end }))
    throw error
  }
}

function nothing(end: Answer): Found {
  return { items: [], order: 'unknown', end }
}

const WITHOUT_CIPHERS: Answer = {
  answer: 'unknown',
  because: 'the server speaks SSLv2, and names no cipher',
}

const TLS_TYPES: ReadonlySet<number> = new Set(Object.values(CONTENT_TYPES))

function isTls(start: Buffer): boolean {
  return TLS_TYPES.has(start.readUInt8(0)) && start.readUInt8(1) === 3
}

/** Servers of later versions answer with an alert of theirs. */
async function answerOfTls(exchange: Exchange, start: Buffer): Promise<Answer> {
  if (start.readUInt8(0) !== CONTENT_TYPES.alert) return ABSENT
  return refusedBy(decodeAlert((await exchange.read(RECORD_HEADER)).subarray(3)))
}

async function readAnswer(exchange: Exchange, start: Buffer): Promise<Found> {
  const { length, isPadded } = decodeSslv2Header(start)
  const padding = isPadded ? (await exchange.read(1)).readUInt8(0) : 0
  const type = await exchange.read(1)
  // The words of other protocols look like the header with padding, but not like the message behind it.
  if (isPadded && !isSslv2ServerHello(type)) return nothing(ABSENT)
  const rest = await exchange.read(Math.max(length - 1, 0))
  const message = Buffer.concat([type, rest]).subarray(0, Math.max(length - padding, 0))
  const { ciphers } = decodeSslv2ServerHello(message)
  // Some take ciphers that they do not name (CVE-2015-3197).
  if (ciphers.length === 0) return nothing(WITHOUT_CIPHERS)
  // The server names all that both sides have: the client chooses.
  return { items: ciphers, order: 'client', end: ABSENT }
}
