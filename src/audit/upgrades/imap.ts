/** IMAP's STARTTLS: RFC 9051, section 6.2.1. */
import type { ClearExchange } from '../connection/clear-exchange.ts'
import { readLine, readLines, sendLine } from './reply-lines.ts'
import { clearText, hasClearMechanism, READY, refused, type Upgrade } from './upgrade.ts'

const AUTH = 'AUTH='

export const imap: Upgrade = {
  scheme: 'imap',
  title: 'IMAP',
  port: 143,
  begin: async (exchange) => {
    const greeting = await readLine(exchange)
    if (!/^\* (OK|PREAUTH)/i.test(greeting)) return refused(greeting)
    const answer = (await command(exchange, 'a1', 'STARTTLS')).at(-1) ?? ''
    return /^a1 OK/i.test(answer) ? READY : refused(answer)
  },
  tryClearText: async (exchange) => {
    const greeting = await readLine(exchange)
    if (/^\* PREAUTH/i.test(greeting)) return clearText('accepted', greeting)
    if (!/^\* OK/i.test(greeting)) return clearText('unknown', greeting)
    const lines = await command(exchange, 'a1', 'CAPABILITY')
    const told = lines.filter((line) => /^\* CAPABILITY /i.test(line))
    if (told.length === 0) return clearText('unknown', lines.at(-1) ?? '')
    // What one line says of TLS, another one cannot hide.
    const capabilities = told.join(' ')
    const words = capabilities.toUpperCase().split(' ')
    const isDisabled = words.includes('LOGINDISABLED')
    // One with a challenge hides the password alone.
    const mechanisms = words
      .filter((word) => word.startsWith(AUTH))
      .map((word) => word.slice(AUTH.length))
    const isRefused = isDisabled && !hasClearMechanism(mechanisms)
    return clearText(isRefused ? 'refused' : 'accepted', capabilities)
  },
}

/** The answers to a command; the last one has its tag. */
async function command(
  exchange: ClearExchange,
  tag: string,
  words: string,
): Promise<readonly string[]> {
  await sendLine(exchange, `${tag} ${words}`)
  return readLines(exchange, (line) => line.startsWith(`${tag} `))
}
