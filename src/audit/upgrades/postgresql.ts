/** PostgreSQL's SSLRequest: its documentation, "Frontend/Backend Protocol", sections on message flow and formats. */

import { ByteWriter } from '../../wire/byte-writer.ts'
import { refuse } from '../../wire/protocol-error.ts'
import type { ClearExchange } from '../connection/clear-exchange.ts'
import { clearText, READY, refused, type Upgrade } from './upgrade.ts'

const SSL_REQUEST = 80877103
const VERSION_3 = 0x0003_0000

const MESSAGE_LIMIT = 64 * 1024

/** Also that of a user whom ident does not know: only the text tells that no line of pg_hba.conf is for clear text. */
const INVALID_AUTHORIZATION = '28000'

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
    if (answer === 'R') return clearText('accepted', 'the server goes on to authenticate the user')
    if (answer !== 'E') refuse('an answer to StartupMessage that is not of PostgreSQL')
    const { code, text } = await readError(exchange)
    const isRefused = code === INVALID_AUTHORIZATION && /, (?:no encryption|SSL off)$/.test(text)
    return clearText(isRefused ? 'refused' : 'unknown', text)
  },
}

/** ErrorResponse behind its first byte: fields of a letter and a text. */
async function readError(
  exchange: ClearExchange,
): Promise<{ readonly code: string; readonly text: string }> {
  const length = (await exchange.read(4)).readUInt32BE()
  if (length < 4 || length > MESSAGE_LIMIT) refuse(`an error of ${length} bytes`)
  const fields = (await exchange.read(length - 4)).toString('utf8').split('\0')
  const field = (letter: string): string =>
    fields.find((one) => one.startsWith(letter))?.slice(1) ?? ''
  return { code: field('C'), text: `${field('C')} ${field('M')}` }
}
