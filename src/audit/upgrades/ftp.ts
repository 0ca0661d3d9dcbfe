/** FTP's AUTH TLS: RFC 4217. */
import { readReply, sendLine } from './reply-lines.ts'
import { clearText, READY, refused, type Upgrade } from './upgrade.ts'

export const ftp: Upgrade = {
  scheme: 'ftp',
  title: 'FTP',
  port: 21,
  begin: async (exchange) => {
    const greeting = await readReply(exchange)
    if (greeting.code !== 220) return refused(greeting.said)
    await sendLine(exchange, 'AUTH TLS')
    const { code, said } = await readReply(exchange)
    return code === 234 ? READY : refused(said)
  },
  tryClearText: async (exchange) => {
    const greeting = await readReply(exchange)
    if (greeting.code !== 220) return clearText('unknown', greeting.said)
    await sendLine(exchange, 'USER audit')
    const { code, said } = await readReply(exchange)
    // 331: a password is wanted, in clear. 230: none is needed. `anonymous` has no password to protect.
    return clearText(code === 331 || code === 230 ? 'accepted' : 'refused', `USER: ${said}`)
  },
}
