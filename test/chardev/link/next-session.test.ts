/** When one that connects tries again. */
import { duplexPair } from 'node:stream'
import { expect, onTestFinished, test, vi } from 'vitest'
import { CHARDEV_KINDS } from '../../../src/chardev/chardev-diagnostics.ts'
import type { ChardevEvent } from '../../../src/chardev/chardev-event.ts'
import { parseChardev } from '../../../src/chardev/definition/parse-chardev.ts'
import type { ChardevEnd } from '../../../src/chardev/end/chardev-end.ts'
import { Sessions } from '../../../src/chardev/link/next-session.ts'
import { DiagnosticError, diagnose } from '../../../src/diagnostics/diagnostic.ts'
import { eventually } from '../../nbd/server/test-server.ts'

const GONE = new DiagnosticError([diagnose(CHARDEV_KINDS.absent, { id: 'x' })])

/** An end that cannot be opened so many times. */
function sessionsOf(text: string, failures: number, failure: Error = GONE) {
  const events: ChardevEvent[] = []
  let left = failures
  const end: ChardevEnd = {
    definition: parseChardev(text),
    isLasting: true,
    start: async () => undefined,
    open: async () => {
      if (left-- > 0) throw failure
      const [stream] = duplexPair()
      const rules = { isStanding: false, canEnd: true }
      return { stream, place: 'there', finish: async () => {}, ...rules }
    },
    filename: () => '',
    close: async () => {},
  }
  const waits = () => events.flatMap((one) => (one.event === 'retrying' ? [one.seconds] : []))
  return { sessions: new Sessions(end, (event) => events.push(event)), events, waits }
}

const never = new AbortController().signal

test('it tries until it is let in, and tells each time why and when', async () => {
  const { sessions, events } = sessionsOf('socket,id=s,host=h,port=1,reconnect-ms=10', 2)
  expect(await sessions.open(never)).toMatchObject({ place: 'there' })
  expect(events).toEqual([
    { event: 'retrying', chardev: 's', seconds: 0.01, diagnostics: GONE.diagnostics },
    { event: 'retrying', chardev: 's', seconds: 0.02, diagnostics: GONE.diagnostics },
  ])
})

test('what is no refusal of ours is told without words', async () => {
  const reconnecting = 'socket,id=s,host=h,port=1,reconnect-ms=1'
  const { sessions, events } = sessionsOf(reconnecting, 1, new Error('other'))
  await sessions.open(never)
  expect(events).toMatchObject([{ event: 'retrying', diagnostics: [] }])
})

/** The time of this process, which goes on when it is told to. */
function holdClock(): (milliseconds: number) => void {
  let now = 1000
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now)
  onTestFinished(() => clock.mockRestore())
  return (milliseconds) => {
    now += milliseconds
  }
}

test('a connection that lasted longer than the wait before it begins anew', async () => {
  const pass = holdClock()
  const { sessions, waits } = sessionsOf('socket,id=s,host=h,port=1,reconnect-ms=20', 3)
  await sessions.open(never)
  pass(81)
  await sessions.wait(undefined, never)
  expect(waits()).toEqual([0.02, 0.04, 0.08, 0.02])
})

test('after one that did not last, each wait is longer', async () => {
  const pass = holdClock()
  const { sessions, waits } = sessionsOf('socket,id=s,host=h,port=1,reconnect-ms=20', 1)
  await sessions.open(never)
  pass(20)
  await sessions.wait(undefined, never)
  // It was not opened since: it lasted not at all.
  pass(1000)
  await sessions.wait(undefined, never)
  expect(waits()).toEqual([0.02, 0.04, 0.08])
})

test.each(['socket,id=s,host=h,port=1', 'socket,id=s,host=h,port=1,server=on', 'null,id=n'])(
  '%s makes no second attempt',
  async (text) => {
    const { sessions, events } = sessionsOf(text, 1)
    await expect(sessions.open(never)).rejects.toBe(GONE)
    await sessions.wait(GONE, never)
    expect(events).toEqual([])
  },
)

test('one that is ended tries no more, and waits no more', async () => {
  const { sessions, events } = sessionsOf('socket,id=s,host=h,port=1,reconnect=3600', 2)
  await expect(sessions.open(AbortSignal.abort())).rejects.toBe(GONE)
  expect(events).toEqual([])
  const stop = new AbortController()
  const opening = sessions.open(stop.signal)
  const outcome = expect(opening).rejects.toThrow('aborted')
  await eventually(() => events.length === 1)
  stop.abort()
  await outcome
})
