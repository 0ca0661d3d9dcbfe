/** Many clients at once that say nothing: those who wait behind them have their turn all the same. */
import { type AddressInfo, connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { Listener } from '../../src/endpoint/listener.ts'
import { eventually } from '../nbd/server/test-server.ts'

/** As many as may be at their handshake, and as many as wait for it. */
const FULL = 1_024 + 128

const MORE = 64

test('of more clients than can wait, each begins in the order in which it came', async () => {
  const begun: string[] = []
  const listener = new Listener({
    handshakeLimit: 0,
    handle: () => ({
      run: async ({ socket }) => {
        await new Promise((resolve) => socket.once('close', resolve))
        return 'closed'
      },
      drain: () => false,
      wasUsed: false,
    }),
    onEvent: ({ event, from }) => void (event === 'connected' && begun.push(from)),
  })
  onTestFinished(() => listener.drain(0))
  const { port } = (await listener.listen({ host: '127.0.0.1', port: 0 })) as AddressInfo
  const came: string[] = []
  for (let count = 0; count < FULL + MORE; count++) {
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    onTestFinished(() => void socket.destroy())
    await new Promise((resolve) => socket.once('connect', resolve))
    came.push(`127.0.0.1:${socket.localPort}`)
  }
  await eventually(() => begun.length >= FULL - 128 + MORE)
  expect(begun).toEqual(came.slice(0, begun.length))
})
