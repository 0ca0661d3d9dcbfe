/**
 * Waits for what a client says first. A client of TLS 1.3 judges its server when it is itself let in
 * already; one that leaves then must not reach the QEMU that waits, whose migration would be over.
 */
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { fail } from '../../diagnostics/diagnostic.ts'
import { RELAY_KINDS } from './relay-diagnostics.ts'

/** The channel for urgent pages of post-copy says nothing at first; in milliseconds. */
const SILENCE = 1_000

/**
 * Resolves when there are bytes to read, or none came for a moment. Nothing is read.
 *
 * @throws DiagnosticError RELAY_NOTHING_CAME where the client ends first.
 */
export async function firstBytes(client: Duplex): Promise<void> {
  const waiting = new AbortController()
  const { signal } = waiting
  const timer = setTimeout(() => waiting.abort(), SILENCE)
  try {
    // It fires at the end too.
    if (!client.destroyed) await once(client, 'readable', { signal })
  } catch {
    // It was silent, or has failed.
  } finally {
    clearTimeout(timer)
  }
  const hasEnded = !signal.aborted && client.readableLength === 0
  if (client.destroyed || hasEnded) fail(RELAY_KINDS.nothingCame, {})
}
