/** FTP's AUTH TLS: RFC 4217. */
import type { ClearExchange } from '../connection/clear-exchange.ts'
import { type CodedReply, readReply, sendLine } from './reply-lines.ts'
import { clearText, READY, refused, type Upgrade } from './upgrade.ts'

/** After USER: nothing more is wanted, or a password, or an account, in clear (RFC 959, section 5.4). */
const GOES_ON: readonly number[] = [230, 331, 332]

export const ftp: Upgrade = {
  scheme: 'ftp',
  title: 'FTP',
  port: 21,
  begin: async (exchange) => {
    const greeting = await readGreeting(exchange)
    if (greeting.code !== 220) return refused(greeting.said)
    await sendLine(exchange, 'AUTH TLS')
    const { code, said } = await readReply(exchange)
    return code === 234 ? READY : refused(said)
  },
  tryClearText: async (exchange) => {
    const greeting = await readGreeting(exchange)
    if (greeting.code !== 220) return clearText('unknown', greeting.said)
    await sendLine(exchange, 'USER audit')
    const { code, said } = await readReply(exchange)
    // `anonymous` has no password to protect.
    return clearText(GOES_ON.includes(code) ? 'accepted' : 'refused', `USER: ${said}`)
  },
}

/** A server that is not ready yet may say so first, by 120: RFC 959, section 5.4. */
async function readGreeting(exchange: ClearExchange): Promise<CodedReply> {
  const greeting = await readReply(exchange)
  return greeting.code === 120 ? readReply(exchange) : greeting
}
