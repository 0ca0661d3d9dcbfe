/** POP3's STLS: RFC 2595, section 4. */
import type { ClearExchange } from '../connection/clear-exchange.ts'
import { readLine, readLines, sendLine } from './reply-lines.ts'
import { clearText, hasClearMechanism, READY, refused, type Upgrade } from './upgrade.ts'

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
    if (isPositive(answer)) return clearText('accepted', `USER: ${answer}`)
    const mechanisms = await readMechanisms(exchange)
    if (mechanisms) return clearText('accepted', `${mechanisms} is offered before STLS`)
    // APOP works with what stands in the greeting: RFC 1939, section 7.
    const hasDigest = /<[^<>]+@[^<>]*>/.test(greeting)
    return clearText(hasDigest ? 'unknown' : 'refused', `USER: ${answer}`)
  },
}

/** The line of SASL, where it has a mechanism that works without TLS: RFC 5034, section 6. */
async function readMechanisms(exchange: ClearExchange): Promise<string | undefined> {
  await sendLine(exchange, 'CAPA')
  const lines = await readLines(exchange, (line) => line === '.' || line.startsWith('-ERR'))
  return lines.find((line) => {
    const [keyword, ...mechanisms] = line.split(' ')
    return keyword?.toUpperCase() === 'SASL' && hasClearMechanism(mechanisms)
  })
}

function isPositive(line: string): boolean {
  return line.startsWith('+OK')
}
