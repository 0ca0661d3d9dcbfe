/** POP3's STLS: RFC 2595, section 4. */
import { readLine, sendLine } from './reply-lines.ts'
import { clearText, READY, refused, type Upgrade } from './upgrade.ts'

export const pop3: Upgrade = {
  scheme: 'pop3',
  title: 'POP3',
  port: 110,
  begin: async (exchange) => {
    const greeting = await readLine(exchange)
    if (!isPositive(greeting)) return refused(greeting)
    await sendLine(exchange, 'STLS')
    const answer = await readLine(exchange)
    return isPositive(answer) ? READY : refused(answer)
  },
  tryClearText: async (exchange) => {
    const greeting = await readLine(exchange)
    if (!isPositive(greeting)) return clearText('unknown', greeting)
    // A server without plain logins refuses the name already, before any password is sent.
    await sendLine(exchange, 'USER audit')
    const answer = await readLine(exchange)
    return clearText(isPositive(answer) ? 'accepted' : 'refused', `USER: ${answer}`)
  },
}

function isPositive(line: string): boolean {
  return line.startsWith('+OK')
}
