import { once } from 'node:events'
import { type Duplex, duplexPair } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { LastingStream } from '../../../src/chardev/end/lasting-stream.ts'

/** A lasting stream over these sessions; it waits for ever for the one behind them. */
function lastingOver(...streams: Duplex[]): { stream: LastingStream; finished: Duplex[] } {
  const finished: Duplex[] = []
  const stream = new LastingStream(async () => {
    const next = streams.shift()
    if (!next) return new Promise(() => {})
    return { stream: next, finish: () => finished.push(next) }
  })
  onTestFinished(() => void stream.destroy())
  return { stream, finished }
}

test('where no session can be opened any more, it breaks', async () => {
  const stream = new LastingStream(() => Promise.reject(new Error('no more of them')))
  const [error] = await once(stream, 'error')
  expect(error).toMatchObject({ message: 'no more of them' })
  expect(stream.destroyed).toBe(true)
})

test('a session that is long keeps nothing of what was written to it', async () => {
  const [session, user] = duplexPair()
  const { stream } = lastingOver(session)
  user.resume()
  const write = () => new Promise((resolve) => stream.write('x', resolve))
  await write()
  const before = session.listenerCount('close')
  for (let count = 0; count < 5; count++) await write()
  expect(session.listenerCount('close')).toBe(before)
})

test.each<[string, (session: Duplex, user: Duplex) => Promise<unknown>]>([
  ['was closed', (session) => once(session.destroy(), 'close')],
  [
    'has ended',
    (session, user) => {
      user.end()
      return once(session.resume(), 'end')
    },
  ],
])('a session that %s before it was served makes way for the next', async (_, leave) => {
  const [gone, leaver] = duplexPair()
  await leave(gone, leaver)
  const [session, user] = duplexPair()
  const { stream, finished } = lastingOver(gone, session)
  user.write('hello')
  expect(String((await once(stream, 'data'))[0])).toBe('hello')
  expect(finished).toEqual([gone])
})
