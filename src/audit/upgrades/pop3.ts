/** POP3's STLS: RFC 2595, section 4. */
import type { ClearExchange } from '../connection/clear-exchange.ts'
import { readLine, readLines, sendLine } from './reply-lines.ts'
import {
  clearText,
  hasClearMechanism,
  READY,
  refused,
  turnedAway,
  type Upgrade,
} from './upgrade.ts'

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
    const answer = await nameUser(exchange)
    if (isPositive(answer)) return clearText('accepted', `USER: ${answer}`)
    const capabilities = await readCapabilities(exchange)
    const mechanisms = capabilities.find(isClearSasl)
    if (mechanisms) return clearText('accepted', `${mechanisms} is offered before STLS`)
    const has = (word: string) => capabilities.some((line) => line.toUpperCase() === word)
    const said = `USER: ${answer}`
    const unknown = clearText('unknown', said)
    // A name may be refused because there is no such mailbox: RFC 1939, section 7. Others are taken then.
    const others = has('USER') ? clearText('accepted', 'USER is offered before STLS') : unknown
    if (!has('STLS')) return others
    // APOP works with what stands in the greeting: RFC 1939, section 7.
    const hasDigest = /<[^<>]+@[^<>]*>/.test(greeting)
    return hasDigest || PASSES.test(answer) ? unknown : turnedAway(said, others)
  },
  isServedWithinTls: async (exchange) => isPositive(await nameUser(exchange)),
}

async function nameUser(exchange: ClearExchange): Promise<string> {
  await sendLine(exchange, 'USER audit')
  return readLine(exchange)
}

/** What may be over when the next client comes: RFC 3206, section 4, and RFC 2449, section 8.1.1. */
const PASSES = /^-ERR \[(?:SYS\/TEMP|IN-USE|LOGIN-DELAY)\]/i

/** RFC 2449, section 5. A server without CAPA tells nothing. */
async function readCapabilities(exchange: ClearExchange): Promise<readonly string[]> {
  await sendLine(exchange, 'CAPA')
  const lines = await readLines(exchange, (line) => line === '.' || line.startsWith('-ERR'))
  return lines.slice(1, -1).map((line) => line.trim())
}

/** Whether a capability is SASL's, with a mechanism that works without TLS: RFC 5034, section 6. */
function isClearSasl(capability: string): boolean {
  const [keyword, ...mechanisms] = capability.split(' ')
  return keyword?.toUpperCase() === 'SASL' && hasClearMechanism(mechanisms)
}

function isPositive(line: string): boolean {
  return line.startsWith('+OK')
}
