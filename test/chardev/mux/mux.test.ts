/** What several clients of one chardev are shown when it ends: all of it, also those that read late. */

import { duplexPair } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { parseChardev } from '../../../src/chardev/definition/parse-chardev.ts'
import type { ChardevEnd, EndSession } from '../../../src/chardev/end/chardev-end.ts'
import { joinMux } from '../../../src/chardev/mux/mux.ts'

/** An end that opens these sessions, and then none. */
function endOf(definition: string, sessions: readonly EndSession[]): ChardevEnd {
  const left = [...sessions]
  const open = async (signal: AbortSignal): Promise<EndSession> => {
    const session = left.shift()
    if (session) return session
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }
  return {
    ...{ definition: parseChardev(definition), isLasting: false, open },
    ...{ start: async () => undefined, filename: () => '', close: async () => {} },
  }
}

/** A session, and who is at its other side. */
function makeSession() {
  const [stream, user] = duplexPair()
  const finish = async () => void stream.end()
  return { user, session: { stream, place: '', isStanding: false, canEnd: true, finish } }
}

test('a client that reads late is shown all that was said before the end', async () => {
  const [client, shared] = [makeSession(), makeSession()]
  const SAID = 'x'.repeat(200_000)
  const run = joinMux(
    endOf('socket,id=s,host=h,port=1,server=on,mux=on', [client.session]),
    endOf('exec,id=e,command=x', [shared.session]),
    () => {},
  )
  const over = run(new AbortController().signal)
  // A client that has come is there when it ends.
  await new Promise(setImmediate)
  shared.user.resume()
  for (let at = 0; at < SAID.length; at += 20_000) shared.user.write(SAID.slice(at, at + 20_000))
  shared.user.end()
  await over
  expect(await text(client.user)).toBe(SAID)
})
