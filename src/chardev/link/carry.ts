/** Carries the bytes of two sessions, both ways, until they are over. */
import { setTimeout as delay } from 'node:timers/promises'
import { DiagnosticError, diagnose } from '../../diagnostics/diagnostic.ts'
import { BytePump } from '../../endpoint/byte-pump.ts'
import { ConnectionEnded } from '../../net/byte-channel.ts'
import { CHARDEV_KINDS } from '../chardev-diagnostics.ts'
import type { EndSession } from '../end/chardev-end.ts'
import { unlessAborted } from '../unless-aborted.ts'

export type Carried = {
  /** Bytes from the far session to the near one. */
  sent: number
  /** Bytes from the near session. */
  received: number
}

/** How long standard input may be silent when the other side has said all, in milliseconds. */
const QUIET = 1_000

/**
 * Both directions to their ends. An end of one direction is passed on, and the other goes on. Where the far
 * session stands, such as a terminal, it is over when the near one has said all.
 *
 * @param carried Counts the bytes.
 * @param signal Ends it early; what was read by then is still written.
 * @throws DiagnosticError CHARDEV_LOST
 */
export async function carry(
  near: EndSession,
  far: EndSession,
  carried: Carried,
  signal: AbortSignal,
): Promise<void> {
  const there = new BytePump({
    from: near.stream,
    to: far.stream,
    count: (bytes) => {
      carried.received += bytes
    },
  })
  const back = new BytePump({
    from: far.stream,
    to: near.stream,
    count: (bytes) => {
      carried.sent += bytes
    },
  })
  const runs = [there.run(), back.run()] as const
  for (const run of runs) run.catch(() => {})
  const said = runs[0].then(() => untilSettled(near, far, carried))
  const isOver = far.isStanding && !near.isStanding ? said : Promise.all(runs)
  try {
    const over = Promise.race([isOver, Promise.all([runs[1], said]), failureOf(runs[1])])
    await unlessAborted(over, signal)
  } catch (error) {
    throw describeLoss(near, far, error)
  } finally {
    there.stop()
    back.stop()
  }
}

/** Settles only where it fails. */
function failureOf(run: Promise<void>): Promise<never> {
  return new Promise((_, reject) => void run.catch(reject))
}

/** Input that goes on is still sent to a peer that has said all: it may read on. */
async function untilSettled(near: EndSession, far: EndSession, carried: Carried): Promise<void> {
  if (!far.canEnd) return
  for (let before = -1; carried.sent !== before || near.stream.writableLength > 0; ) {
    before = carried.sent
    await delay(QUIET)
    if (near.stream.destroyed) return
  }
}

function describeLoss(near: EndSession, far: EndSession, error: unknown): DiagnosticError {
  if (error instanceof DiagnosticError) return error
  const cause = error instanceof ConnectionEnded ? (error.cause ?? undefined) : error
  // One that is closed without an error has none.
  const isOfFar =
    cause === undefined
      ? far.stream.destroyed && !near.stream.destroyed
      : cause === far.stream.errored
  const { place } = isOfFar ? far : near
  const data = { place, error: cause ?? new Error(CLOSED) }
  return new DiagnosticError([diagnose(CHARDEV_KINDS.lost, data)])
}

const CLOSED = 'it was closed before all was said'
