/** While what listens at a place is replaced, its socket stays; afterwards nothing is kept. */
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { type AddressInfo, connect, type ListenOptions, type Socket } from 'node:net'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { Listener } from '../../src/endpoint/listener.ts'
import { HeldSocket, handingSocketsOver } from '../../src/endpoint/listening-sockets.ts'
import { openServer } from '../../src/endpoint/open-server.ts'
import type { SocketFile } from '../../src/net/socket-file.ts'
import { scratchFolder } from '../cli/command.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { freePort } from '../peers/port.ts'

/** What listens says its name to each client. */
async function startListener(
  name: string,
  place: ListenOptions,
  file?: SocketFile,
): Promise<Listener> {
  const listener = new Listener({
    handle: () => ({
      run: async ({ socket }) => {
        socket.end(name)
        await once(socket.resume(), 'close')
        return 'closed'
      },
      drain: () => false,
      wasUsed: true,
    }),
  })
  await listener.listen(place, file)
  onTestFinished(() => listener.drain(0))
  return listener
}

/** @throws where nothing listens. */
async function open(place: ListenOptions): Promise<Socket> {
  const { path, host, port } = place
  const socket = connect(path === undefined ? { host, port: Number(port) } : { path })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

async function heardBy(socket: Socket): Promise<string> {
  return String((await once(socket, 'data'))[0])
}

const PLACES: Readonly<Record<string, () => ListenOptions | Promise<ListenOptions>>> = {
  'a port': async () => ({ host: '127.0.0.1', port: await freePort() }),
  'a path': () => ({ path: join(scratchFolder(), 'socket') }),
}

test.each(Object.entries(PLACES))(
  'who comes to %s meanwhile is served by the next one',
  async (_, choose) => {
    const place = await choose()
    const first = await startListener('first', place)
    expect(await heardBy(await open(place))).toBe('first')
    await handingSocketsOver(async () => {
      await first.drain(0)
      const client = await open(place)
      await startListener('second', place)
      expect(await heardBy(client)).toBe('second')
      expect(await heardBy(await open(place))).toBe('second')
    })
  },
)

test.each(Object.entries(PLACES))(
  'what no other one has taken of %s is closed when the change has ended',
  async (_, choose) => {
    const place = await choose()
    const first = await startListener('first', place)
    const client = await handingSocketsOver(async () => {
      await first.drain(0)
      return open(place)
    })
    await once(client.resume(), 'close')
    await expect(open(place)).rejects.toThrow(/ECONNREFUSED|ENOENT/)
  },
)

test('as many as stand in a line wait for the next one, and those beyond are sent away', async () => {
  const place = { path: join(scratchFolder(), 'socket') }
  const first = await startListener('first', place)
  await handingSocketsOver(async () => {
    await first.drain(0)
    const clients: Socket[] = []
    for (let count = 0; count < 130; count++) clients.push(await open(place))
    const closed = () => clients.filter(({ destroyed }) => destroyed).length
    for (const client of clients) client.on('error', () => {}).resume()
    await eventually(() => closed() === 2)
    const heard = clients.slice(0, 128).map(heardBy)
    await startListener('second', place)
    expect(new Set(await Promise.all(heard))).toEqual(new Set(['second']))
  })
})

test('as many as come afterwards are served, since none waits for the next one', async () => {
  const place = { path: join(scratchFolder(), 'socket') }
  const first = await startListener('first', place)
  await handingSocketsOver(async () => {
    await first.drain(0)
    await startListener('second', place)
  })
  for (let count = 0; count < 130; count++) expect(await heardBy(await open(place))).toBe('second')
})

test('what a client says while it waits for the next one is not read', async () => {
  const place = { path: join(scratchFolder(), 'socket') }
  const held = new HeldSocket(await openServer(place, undefined, false))
  onTestFinished(() => held.close())
  const client = await open(place)
  await eventually(() => held.held() === 1)
  await new Promise((resolve) => client.write('early', resolve))
  for (let count = 0; count < 20; count++) await turn()
  expect(held.letGo().map((socket) => socket.bytesRead)).toEqual([0])
})

test('a socket that differs makes way for the next one, and who has come to it is sent away', async () => {
  const port = await freePort()
  const first = await startListener('first', { host: '127.0.0.1', port })
  await handingSocketsOver(async () => {
    await first.drain(0)
    const client = await open({ host: '127.0.0.1', port })
    await startListener('second', { host: '0.0.0.0', port })
    await once(client.on('error', () => {}).resume(), 'close')
    expect(await heardBy(await open({ host: '127.0.0.1', port }))).toBe('second')
  })
})

test('one with other permissions is another socket, and one at another place too', async () => {
  const folder = scratchFolder()
  const [one, other] = [{ path: join(folder, 'one') }, { path: join(folder, 'other') }]
  const first = await startListener('first', one, { mode: 0o600 })
  await handingSocketsOver(async () => {
    await first.drain(0)
    await startListener('second', one, { mode: 0o660 })
    expect(statSync(one.path).mode & 0o777).toBe(0o660)
    expect(await heardBy(await open(one))).toBe('second')
  })
  const third = await startListener('third', other)
  await handingSocketsOver(async () => {
    await third.drain(0)
    const place = { path: join(folder, 'more') }
    await startListener('fourth', place)
    expect(await heardBy(await open(place))).toBe('fourth')
  })
  await expect(open(other)).rejects.toThrow(/ECONNREFUSED|ENOENT/)
})

test('a place that another one has is refused, during a change too', async () => {
  const place = { path: join(scratchFolder(), 'socket') }
  await startListener('first', place)
  await handingSocketsOver(async () => {
    await expect(startListener('second', place)).rejects.toThrow('cannot listen at')
  })
  expect(await heardBy(await open(place))).toBe('first')
})

test('what ends after the change keeps nothing', async () => {
  const place = { path: join(scratchFolder(), 'socket') }
  const first = await startListener('first', place)
  const isOver = Promise.withResolvers<void>()
  let ended: Promise<void> | undefined
  await handingSocketsOver(async () => {
    ended = isOver.promise.then(() => first.drain(0))
  })
  isOver.resolve()
  await ended
  await expect(open(place)).rejects.toThrow(/ECONNREFUSED|ENOENT/)
})

test('at a port that the system has chosen, none is kept: the next one has another', async () => {
  const place = { host: '127.0.0.1', port: 0 }
  const listener = new Listener({
    handle: () => ({ run: async () => 'done', drain: () => false, wasUsed: false }),
  })
  const { port } = (await listener.listen(place)) as AddressInfo
  await handingSocketsOver(async () => {
    await listener.drain(0)
    await expect(open({ ...place, port })).rejects.toThrow('ECONNREFUSED')
  })
})
