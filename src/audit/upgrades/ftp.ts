/** FTP's AUTH TLS: RFC 4217. */
import type { ClearExchange } from '../connection/clear-exchange.ts'
import { type CodedReply, readReply, sendLine } from './reply-lines.ts'
import { clearText, demandsTls, READY, refused, turnedAway, type Upgrade } from './upgrade.ts'

/** After USER: nothing more is wanted, or a password, or an account, in clear (RFC 959, section 5.4). */
const GOES_ON: readonly number[] = [230, 331, 332]

/** The commands have to be protected: RFC 2228, section 5. */
const WANTS_PROTECTION = 533

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
    const { code, lines, said } = await nameUser(exchange)
    if (GOES_ON.includes(code)) return clearText('accepted', `USER: ${said}`)
    if (code === WANTS_PROTECTION) return clearText('refused', `USER: ${said}`)
    // No other code is for the want of TLS alone: servers take 421, 530, 534 and 550.
    const demand = code >= 400 ? lines.find(demandsTls) : undefined
    const isLasting = code >= 500 || demand !== undefined
    const words = `USER: ${demand ?? said}`
    return isLasting ? turnedAway(words) : clearText('unknown', words)
  },
  isServedWithinTls: async (exchange) => GOES_ON.includes((await nameUser(exchange)).code),
}

/** `anonymous` has no password to protect. */
async function nameUser(exchange: ClearExchange): Promise<CodedReply> {
  await sendLine(exchange, 'USER audit')
  return readReply(exchange)
}

/** A server that is not ready yet may say so first, by 120: RFC 959, section 5.4. */
async function readGreeting(exchange: ClearExchange): Promise<CodedReply> {
  const greeting = await readReply(exchange)
  return greeting.code === 120 ? readReply(exchange) : greeting
}
