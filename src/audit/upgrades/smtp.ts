/** SMTP's STARTTLS: RFC 3207. */
import type { ClearExchange } from '../connection/clear-exchange.ts'
import { type CodedReply, readReply, sendLine } from './reply-lines.ts'
import { clearText, hasClearMechanism, READY, refused, type Upgrade } from './upgrade.ts'

/** RFC 2606: no host has this name. A server may look up the name that a client gives. */
const CLIENT_NAME = 'audit.invalid'

export const smtp: Upgrade = {
  scheme: 'smtp',
  title: 'SMTP',
  port: 25,
  begin: async (exchange) => {
    const { greeting, extensions } = await greet(exchange)
    if (extensions === undefined) return refused(greeting.said)
    if (!wordsOf(extensions, 'STARTTLS')) return refused('the server does not offer STARTTLS')
    await sendLine(exchange, 'STARTTLS')
    const { code, said } = await readReply(exchange)
    return code === 220 ? READY : refused(said)
  },
  tryClearText: async (exchange) => {
    const { greeting, extensions } = await greet(exchange)
    if (extensions === undefined) return clearText('unknown', greeting.said)
    if (hasClearMechanism(wordsOf(extensions, 'AUTH') ?? [])) {
      return clearText('accepted', 'AUTH is offered before STARTTLS')
    }
    await sendLine(exchange, 'MAIL FROM:<>')
    const { code, said } = await readReply(exchange)
    if (code === 250) return clearText('accepted', `MAIL FROM before STARTTLS: ${said}`)
    return clearText(code === 530 ? 'refused' : 'unknown', said)
  },
}

async function greet(
  exchange: ClearExchange,
): Promise<{ readonly greeting: CodedReply; readonly extensions: CodedReply | undefined }> {
  const greeting = await readReply(exchange)
  if (greeting.code !== 220) return { greeting, extensions: undefined }
  await sendLine(exchange, `EHLO ${CLIENT_NAME}`)
  const extensions = await readReply(exchange)
  return extensions.code === 250
    ? { greeting, extensions }
    : { greeting: extensions, extensions: undefined }
}

/** What stands behind a keyword. Old servers write `AUTH=LOGIN`, also beside `AUTH ...`. */
function wordsOf({ lines }: CodedReply, keyword: string): readonly string[] | undefined {
  const extensions = lines.map((line) => line.slice(4).split(/[ =]/))
  const named = extensions.filter(([name]) => name?.toUpperCase() === keyword)
  return named.length > 0 ? named.flatMap(([, ...words]) => words) : undefined
}
