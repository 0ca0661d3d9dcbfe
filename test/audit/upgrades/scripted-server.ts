/** A server that says what a test wrote down, and holds the client to what that expects of it. */

import { upgradeOf } from '../../../src/audit/upgrades/all-upgrades.ts'
import type { ClearAttempt, UpgradeResult } from '../../../src/audit/upgrades/upgrade.ts'
import { replay } from '../flow.ts'

/** `< 220 ready\r\n` from the server, `> AUTH TLS\r\n` to it; a byte is a character. */
type Turns = readonly string[]

function serverOf(turns: Turns) {
  const parsed = turns.map((turn) => ({
    side: turn.startsWith('<') ? ('<' as const) : ('>' as const),
    bytes: Buffer.from(turn.slice(2), 'latin1'),
  }))
  return replay({ server: 'scripted', result: null, turns: parsed })
}

/** What the audit makes of a server that is asked for TLS; all that was written down has been said then. */
export async function resultOf(scheme: string, turns: Turns, host = 'h'): Promise<UpgradeResult> {
  const server = serverOf(turns)
  const upgrade = upgradeOf(scheme)
  if (!upgrade) throw new Error(`there is no ${scheme}`)
  const result = await upgrade.begin(server, { host })
  if (server.unread() > 0) throw new Error('the conversation is not over')
  return result
}

/** The same of a server that is not asked for TLS. */
export async function clearTextOf(scheme: string, turns: Turns, host = 'h'): Promise<ClearAttempt> {
  const server = serverOf(turns)
  const found = await upgradeOf(scheme)?.tryClearText?.(server, { host })
  if (!found) throw new Error(`${scheme} cannot be asked in clear`)
  if (server.unread() > 0) throw new Error('the conversation is not over')
  return found
}

/** A turn of bytes. */
export function bytesOf(bytes: Buffer, side: '<' | '>' = '<'): string {
  return `${side} ${bytes.toString('latin1')}`
}

/** Whether a server goes on within TLS with what it turned away in clear. */
export async function isServed(scheme: string, turns: Turns): Promise<boolean | undefined> {
  const server = serverOf(turns)
  const found = await upgradeOf(scheme)?.isServedWithinTls?.(server)
  if (server.unread() > 0) throw new Error('the conversation is not over')
  return found
}
