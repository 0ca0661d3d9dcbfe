/** Whether a server speaks SSLv2, and with which ciphers: draft-hickman-netscape-ssl-00. */
import type { Exchange } from '../connection/exchange.ts'
import { decodeAlert } from '../messages/alert.ts'
import { CONTENT_TYPES } from '../messages/iana-numbers.ts'
import { RECORD_HEADER } from '../messages/record.ts'
import {
  decodeSslv2ServerHello,
  encodeSslv2ClientHello,
  SSLV2_CIPHERS,
  sslv2Length,
} from '../messages/sslv2-hello.ts'
import { answerOf } from '../model.ts'
import { ABSENT, refusedBy } from './answers.ts'
import type { Found } from './enumerate.ts'
import type { ProbedServer } from './probe.ts'

const CHALLENGE = 16

export async function probeSslv2({ connections }: ProbedServer): Promise<Found> {
  const asked = await connections.ask('suites SSL2.0', askSslv2)
  if (asked.isAnswered) return asked.value
  // What answers nothing that could be read does not speak it.
  const end = asked.failure.failure === 'malformed' ? ABSENT : answerOf(asked.failure)
  return { items: [], order: 'unknown', end }
}

async function askSslv2(exchange: Exchange): Promise<Found> {
  await exchange.write(encodeSslv2ClientHello(SSLV2_CIPHERS, exchange.random(CHALLENGE)))
  const header = await exchange.read(2)
  const length = sslv2Length(header)
  if (length === undefined) return notSslv2(exchange, header)
  const { ciphers } = decodeSslv2ServerHello(await exchange.read(length))
  // The server names all that both sides have: the client chooses.
  return { items: ciphers, order: 'client', end: ABSENT }
}

/** Servers of later versions answer with an alert of theirs. */
async function notSslv2(exchange: Exchange, header: Buffer): Promise<Found> {
  const end =
    header.readUInt8(0) === CONTENT_TYPES.alert
      ? refusedBy(decodeAlert((await exchange.read(RECORD_HEADER)).subarray(3)))
      : ABSENT
  return { items: [], order: 'unknown', end }
}
