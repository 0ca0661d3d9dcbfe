/** PostgreSQL's SSLRequest: its documentation, "Frontend/Backend Protocol", sections on message flow and formats. */

import { ByteWriter } from '../../wire/byte-writer.ts'
import { refuse } from '../../wire/protocol-error.ts'
import type { ClearExchange } from '../connection/clear-exchange.ts'
import { clearText, demandsTls, READY, refused, turnedAway, type Upgrade } from './upgrade.ts'

const SSL_REQUEST = 80877103
const VERSION_3 = 0x0003_0000

const MESSAGE_LIMIT = 64 * 1024

/** Also that of a user whom ident does not know. */
const INVALID_AUTHORIZATION = '28000'

/** Where pg_hba.conf has no line for the client, or one that rejects it: words are in the language of the server. */
const HBA_ROUTINE = 'ClientAuthentication'

/** The line that was found is for TLS, and wants more of it. */
const WANTS_CERTIFICATE = /requires a valid client certificate/

type StartupReply = { readonly kind: 'authentication' } | ({ readonly kind: 'error' } & ErrorFields)

type ErrorFields = {
  readonly code: string
  readonly routine: string
  readonly text: string
}

export const postgresql: Upgrade = {
  scheme: 'postgresql',
  title: 'PostgreSQL',
  port: 5432,
  begin: async (exchange) => {
    await exchange.write(new ByteWriter().uint32(8).uint32(SSL_REQUEST).finish())
    const answer = (await exchange.read(1)).toString('latin1')
    if (answer === 'S') return READY
    if (answer === 'N') return refused('the server answers N: it has no TLS')
    if (answer !== 'E') refuse('an answer to SSLRequest that is not of PostgreSQL')
    return refused((await readError(exchange)).text)
  },
  tryClearText: async (exchange) => {
    const reply = await startUp(exchange)
    if (reply.kind === 'authentication') {
      return clearText('accepted', 'the server goes on to authenticate the user')
    }
    const { code, routine, text } = reply
    // Lines may be for other users, databases and addresses, whom nothing is asked for here.
    const isByLines = code === INVALID_AUTHORIZATION && routine === HBA_ROUTINE
    return isByLines || demandsTls(text) ? turnedAway(text) : clearText('unknown', text)
  },
  isServedWithinTls: async (exchange) => {
    const reply = await startUp(exchange)
    if (reply.kind === 'authentication') return true
    return reply.code === INVALID_AUTHORIZATION && WANTS_CERTIFICATE.test(reply.text)
  },
}

async function startUp(exchange: ClearExchange): Promise<StartupReply> {
  const startup = new ByteWriter().uint32(VERSION_3)
  startup.bytes(Buffer.from('user\0audit\0database\0audit\0\0'))
  const body = startup.finish()
  await exchange.write(
    new ByteWriter()
      .uint32(body.length + 4)
      .bytes(body)
      .finish(),
  )
  const answer = (await exchange.read(1)).toString('latin1')
  if (answer === 'R') return { kind: 'authentication' }
  if (answer !== 'E') refuse('an answer to StartupMessage that is not of PostgreSQL')
  return { kind: 'error', ...(await readError(exchange)) }
}

/** ErrorResponse behind its first byte: fields of a letter and a text. */
async function readError(exchange: ClearExchange): Promise<ErrorFields> {
  const length = (await exchange.read(4)).readUInt32BE()
  if (length < 4 || length > MESSAGE_LIMIT) refuse(`an error of ${length} bytes`)
  const fields = (await exchange.read(length - 4)).toString('utf8').split('\0')
  const field = (letter: string): string =>
    fields.find((one) => one.startsWith(letter))?.slice(1) ?? ''
  return { code: field('C'), routine: field('R'), text: `${field('C')} ${field('M')}` }
}
