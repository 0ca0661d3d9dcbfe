/** Lines of text protocols, and the replies of several lines that SMTP and FTP give. */

import { refuse } from '../../wire/protocol-error.ts'
import type { ClearExchange } from '../connection/clear-exchange.ts'

/** The longest line: SMTP allows 512 bytes, IMAP's capabilities may be longer. */
const LINE_LIMIT = 8192

const LINES_LIMIT = 256

const LF = 0x0a

/** A line without its end. */
export async function readLine(exchange: ClearExchange): Promise<string> {
  const bytes: number[] = []
  for (;;) {
    // One byte at a time: what follows the line may belong to TLS already.
    const [byte = LF] = await exchange.read(1)
    if (byte === LF) return Buffer.from(bytes).toString('latin1').replace(/\r$/, '')
    bytes.push(byte)
    if (bytes.length > LINE_LIMIT) refuse(`a line of more than ${LINE_LIMIT} bytes`)
  }
}

export function sendLine(exchange: ClearExchange, line: string): Promise<void> {
  return exchange.write(Buffer.from(`${line}\r\n`, 'latin1'))
}

/** Lines up to the first one that `isLast` takes, with it. */
export async function readLines(
  exchange: ClearExchange,
  isLast: (line: string) => boolean,
): Promise<readonly string[]> {
  const lines: string[] = []
  while (lines.length < LINES_LIMIT) {
    const line = await readLine(exchange)
    lines.push(line)
    if (isLast(line)) return lines
  }
  return refuse(`more than ${LINES_LIMIT} lines in one reply`)
}

export type CodedReply = {
  readonly code: number
  readonly lines: readonly string[]
  /** The last line, which is shown. */
  readonly said: string
}

/** A reply with a code of three digits: `250-more`, then `250 last` (RFC 5321, 4.2; RFC 959, 4.2). */
export async function readReply(exchange: ClearExchange): Promise<CodedReply> {
  const lines = await readLines(exchange, (line) => /^\d{3}( |$)/.test(line))
  const said = lines.at(-1) ?? ''
  return { code: Number(said.slice(0, 3)), lines, said }
}
