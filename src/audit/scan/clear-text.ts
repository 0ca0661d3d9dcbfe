/** What a server does with clients that do not ask for TLS, and whether it is TLS that it misses. */
import type { Connections } from '../connection/connections.ts'
import type { TlsScan } from '../model.ts'
import type { ProbedServer } from '../probes/probe.ts'
import { probeWithinTls } from '../probes/within-tls.ts'
import {
  type ClearAttempt,
  type ClearText,
  clearText,
  type Upgrade,
  type UpgradeTarget,
} from '../upgrades/upgrade.ts'

/**
 * @param connections Those without an upgrade.
 * @returns null where the protocol cannot be asked.
 */
export async function attemptClearText(
  { tryClearText: attempt }: Upgrade,
  connections: Connections,
  target: UpgradeTarget,
): Promise<ClearAttempt | null> {
  if (!attempt) return null
  const asked = await connections.ask('clear text', (exchange) => attempt(exchange, target))
  if (asked.isAnswered) return asked.value
  return { kind: 'unknown', said: `no answer: ${asked.failure.failure}` }
}

/**
 * One more question, where the server has turned the client away and may have meant the user.
 *
 * @param server Whose connections begin TLS.
 * @param scan What it accepts.
 */
export async function judgeClearText(
  { isServedWithinTls }: Upgrade,
  attempt: ClearAttempt,
  server: ProbedServer,
  scan: TlsScan,
): Promise<ClearText> {
  if (attempt.kind !== 'turned-away') return attempt
  const { said, otherwise } = attempt
  if (!isServedWithinTls) return otherwise
  const isSmall = scan.features.largeHellos?.answer !== 'accepted'
  const asked = isSmall ? server.withSmallHellos() : server
  const answer = await probeWithinTls(asked, scan, isServedWithinTls)
  if (answer.answer === 'accepted') {
    return clearText('refused', `${said}; within TLS the server goes on`)
  }
  return answer.answer === 'not-offered' ? otherwise : clearText('unknown', said)
}
