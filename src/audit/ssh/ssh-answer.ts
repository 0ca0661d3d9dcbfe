/** What the end of a conversation of SSH answers. */
import { failureOf } from '../connection/failure.ts'
import { type Answer, answerOf } from '../model.ts'
import { disconnectReasonName, TOO_MANY_CONNECTIONS } from './messages/disconnect.ts'
import { SshDisconnected, SshTurnedAway } from './ssh-conversation.ts'

/** @throws the error, where it is none of the server's. */
export function answerOfError(error: unknown): Answer {
  if (error instanceof SshDisconnected) return answerOfDisconnect(error)
  if (error instanceof SshTurnedAway) {
    if (isAboutLimits(error.lines)) return { answer: 'rate-limited' }
    const said = error.lines.length > 0 ? `, and said: ${printable(error.lines.join(' '))}` : ''
    return { answer: 'refused', alert: null, name: `closed before it spoke SSH${said}` }
  }
  return answerOf(failureOf(error))
}

function answerOfDisconnect({ disconnect }: SshDisconnected): Answer {
  const { reason, description } = disconnect
  if (reason === TOO_MANY_CONNECTIONS || isAboutLimits([description])) {
    return { answer: 'rate-limited' }
  }
  const name = `${disconnectReasonName(reason)}: ${printable(description)}`
  return { answer: 'refused', alert: null, name }
}

/** What OpenSSH writes where a client is one too many, or has done wrong before. */
function isAboutLimits(lines: readonly string[]): boolean {
  return lines.some((line) => /MaxStartups|Not allowed at this time|too many/i.test(line))
}

/** The server's words, for people: without what moves a cursor, and not endless. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200)
}
