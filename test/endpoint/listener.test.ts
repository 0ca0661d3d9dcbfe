/** What a listener tells when its clients have left, and what becomes of those that wait when it ends. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import type { EndpointConnection } from '../../src/endpoint/connection.ts'
import { Listener, type ListenerOptions } from '../../src/endpoint/listener.ts'
import { SecuredHandler } from '../../src/endpoint/secured-handler.ts'
import type { TlsSession } from '../../src/tls/credentials/tls-session.ts'
import { scratchFolder } from '../cli/command.ts'
import { eventually } from '../nbd/server/test-server.ts'

/** Serves clients until they leave; each is let in at once. */
const untilClosed = {
  run: async (connection: EndpointConnection) => {
    await connection.letIn()
    await once(connection.socket, 'close')
    return 'closed'
  },
  drain: () => false,
}

/** A listener that counts what it tells, and clients that come to it. */
function listening(options: Partial<ListenerOptions>) {
  const told = { empty: 0, deserted: 0 }
  const listener = new Listener({
    ...{ handshakeLimit: 0, handle: () => ({ ...untilClosed, wasUsed: true }) },
    onEmpty: () => told.empty++,
    onDeserted: () => told.deserted++,
    ...options,
  })
  onTestFinished(() => listener.drain(0))
  const enter = () => {
    const [client, socket] = duplexPair()
    const over = listener.serve(socket, 'test')
    const leave = async () => {
      socket.destroy()
      client.destroy()
      await over
    }
    return { client, socket, over, leave }
  }
  return { listener, told, enter }
}

test('it is empty when the last of its clients has left, and not before', async () => {
  const { told, enter } = listening({})
  const [first, second] = [enter(), enter()]
  await first.leave()
  expect(told).toEqual({ empty: 0, deserted: 0 })
  await second.leave()
  expect(told).toEqual({ empty: 1, deserted: 1 })
})

test('a mere look does not make it deserted', async () => {
  const { told, enter } = listening({ handle: () => ({ ...untilClosed, wasUsed: false }) })
  await enter().leave()
  expect(told).toEqual({ empty: 1, deserted: 0 })
})

test('a client of TLS has used it once it was let in', async () => {
  let isLetIn = false
  const handle = () =>
    new SecuredHandler(
      async (socket) => {
        if (!isLetIn) throw new Error('not let in')
        return { socket, peer: {} } as unknown as TlsSession
      },
      async ({ socket }) => {
        await once(socket.resume(), 'end')
        return 'closed'
      },
    )
  const { told, enter } = listening({ handle })
  await enter().over
  await eventually(() => told.empty === 1)
  expect(told.deserted).toBe(0)
  isLetIn = true
  const { client, over } = enter()
  client.resume().end()
  await over
  await eventually(() => told.deserted === 1)
})

test('clients that wait are sent away when it ends', async () => {
  const path = join(scratchFolder(), 'socket')
  const { listener } = listening({ connectionLimit: 1 })
  await listener.listen({ path })
  const clients = Array.from({ length: 3 }, () =>
    connect(path)
      .on('error', () => {})
      .resume(),
  )
  await eventually(() => listener.servedCount === 1)
  // The system may tell of a reset first.
  const closed = clients.map((client) => new Promise((resolve) => client.once('close', resolve)))
  await listener.drain(0)
  await Promise.all(closed)
})
