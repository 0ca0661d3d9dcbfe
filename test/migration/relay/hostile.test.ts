/** What a relay takes from strangers, and what is left of a channel when one of its relays is killed. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fc, SEED } from '../../seed.ts'
import { connectPlain, listenPlain, readAll } from './plain-ends.ts'
import { type RelayPair, startPair } from './relay-process.ts'

function portOf({ destination }: RelayPair): number {
  return Number(/^ready: 127\.0\.0\.1:(\d+)/m.exec(destination.log())?.[1])
}

/** A client that speaks no TLS. */
async function connectClear(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return socket.resume()
}

async function untilClosed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
}

/** One channel goes through, so both relays serve. */
async function expectServed({ entry }: RelayPair, next: () => Promise<Socket>): Promise<void> {
  const near = await connectPlain(entry)
  near.end('still here')
  const far = await next()
  expect(String(await readAll(far))).toBe('still here')
  far.end('and back')
  expect(String(await readAll(near))).toBe('and back')
}

test('random bytes at the side of TLS reach nothing', async () => {
  const pair = await startPair()
  const target = await listenPlain(pair.exit)
  const port = portOf(pair)
  await expectServed(pair, target.next)
  const reached = target.connections.length
  const begin = Buffer.from('1603010200010001fc0303', 'hex')
  const texts = fc.sample(fc.uint8Array({ minLength: 1, maxLength: 2000 }), {
    numRuns: 100,
    seed: SEED,
  })
  for (const [count, bytes] of texts.entries()) {
    const socket = await connectClear(port)
    socket.write(count % 2 === 0 ? bytes : Buffer.concat([begin, bytes]))
    if (count % 3 === 0) socket.resetAndDestroy()
    else socket.end()
    await untilClosed(socket)
  }
  expect(target.connections.length).toBe(reached)
  await expectServed(pair, target.next)
  expect(pair.destination.log()).not.toContain('ENDPOINT_OWN_MISTAKE')
}, 240_000)

describe('after kill -9 of one relay', () => {
  test.each(['source', 'destination'] as const)(
    'the %s: both ends are over, and it is told',
    async (which) => {
      const pair = await startPair()
      const target = await listenPlain(pair.exit)
      const near = await connectPlain(pair.entry)
      near.write('half of a guest')
      const far = await target.next()
      await once(far, 'readable')
      near.resume()
      far.resume()
      pair[which].child.kill('SIGKILL')
      const [other, end] = which === 'source' ? [pair.destination, far] : [pair.source, near]
      // Its own end of the channel is over, whether it still speaks or not.
      const timer = setInterval(() => end.destroyed || end.write('more'), 20)
      onTestFinished(() => clearInterval(timer))
      await Promise.all([untilOver(near), untilOver(far)])
      clearInterval(timer)
      near.end()
      far.end()
      await other.says(/#1 .*(ended:|left)/)
      await Promise.all([untilClosed(near), untilClosed(far)])
    },
  )
})

/** Nothing more comes of it. What is written to it meanwhile may fail, which ends it too. */
async function untilOver(socket: Socket): Promise<void> {
  if (socket.readableEnded || socket.closed) return
  await new Promise<unknown>((resolve) => {
    socket
      .on('error', () => {})
      .once('end', resolve)
      .once('close', resolve)
  })
}
