/** SMTP's STARTTLS: RFC 3207. */
import type { ClearExchange } from '../connection/clear-exchange.ts'
import { type CodedReply, readReply, sendLine } from './reply-lines.ts'
import {
  clearText,
  hasClearMechanism,
  READY,
  refused,
  turnedAway,
  type Upgrade,
} from './upgrade.ts'

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
    const reply = await beginMail(exchange)
    const { code, said } = reply
    if (code === 250) return clearText('accepted', `MAIL FROM before STARTTLS: ${said}`)
    // A server without TLS does not wait for it, whatever the code.
    if (code < 500 || !wordsOf(extensions, 'STARTTLS')) return clearText('unknown', said)
    const isTlsMissing = code === WANTS_STARTTLS || needsEncryption(reply)
    return isTlsMissing ? clearText('refused', said) : turnedAway(said)
  },
  isServedWithinTls: async (exchange) => {
    await sendLine(exchange, `EHLO ${CLIENT_NAME}`)
    await readReply(exchange)
    return (await beginMail(exchange)).code === 250
  },
}

/** RFC 3207, section 4. */
const WANTS_STARTTLS = 530

/** RFC 5248's registry: encryption is needed, at all or for a mechanism. */
const NEEDS_ENCRYPTION = /^\d{3}[ -]5\.7\.1[01](?!\d)/

/** RFC 2034, section 4: every line of a reply has the enhanced code. Some servers leave it out of all but one. */
function needsEncryption({ lines }: CodedReply): boolean {
  return lines.some((line) => NEEDS_ENCRYPTION.test(line))
}

async function beginMail(exchange: ClearExchange): Promise<CodedReply> {
  await sendLine(exchange, 'MAIL FROM:<>')
  return readReply(exchange)
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
