/** Clients that leave while they wait for their turn: their connections are closed, and no other client loses its turn. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { expect, onTestFinished, test, vi } from 'vitest'
import { scratchFolder } from '../../cli/command.ts'
import { readAll } from '../../migration/relay/plain-ends.ts'
import { eventually } from '../../nbd/server/test-server.ts'
import { type Chardevs, makeChardevs } from '../chardev-fixture.ts'

/** The intervals of this process pass when they are told to. */
function holdIntervals(): () => void {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  return () => vi.advanceTimersByTime(60_000)
}

const countOf = ({ events }: Chardevs, name: string) =>
  events.filter(({ event }) => event === name).length

/** A client that was let in, and waits. */
async function letIn(chardevs: Chardevs, socket: Socket): Promise<Socket> {
  const before = countOf(chardevs, 'connected')
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  await eventually(() => countOf(chardevs, 'connected') > before)
  return socket
}

test('of a Unix socket, those who close leave, and one that has only said all is served', async () => {
  const pass = holdIntervals()
  const chardevs = makeChardevs()
  const path = join(scratchFolder(), 's')
  await chardevs.add(`socket,id=s,path=${path},server=on`)
  const clients: Socket[] = []
  for (let count = 0; count < 4; count++) {
    clients.push(await letIn(chardevs, connect({ path, allowHalfOpen: true })))
  }
  const [patient, ...others] = clients
  patient?.end()
  for (const other of others) other.destroy()
  await eventually(() => {
    pass()
    return countOf(chardevs, 'left') === 3
  })
  await chardevs.add('exec,id=e,command=echo hello')
  chardevs.registry.join('s', 'e')
  expect(String(await readAll(patient!))).toBe('hello\n')
})

test('of TCP, one that breaks off leaves', async () => {
  const pass = holdIntervals()
  const chardevs = makeChardevs()
  const port = await chardevs.add('socket,id=s,host=127.0.0.1,port=0,server=on')
  const client = await letIn(chardevs, connect(Number(port), '127.0.0.1'))
  client.resetAndDestroy()
  await eventually(() => {
    pass()
    return countOf(chardevs, 'left') === 1
  })
  expect(chardevs.registry.list()[0]?.filename).toMatch(/^disconnected/)
})

test('what one typed before it left is still said in its turn', async () => {
  const pass = holdIntervals()
  const chardevs = makeChardevs()
  const path = join(scratchFolder(), 's')
  await chardevs.add(`socket,id=s,path=${path},server=on`)
  const client = await letIn(chardevs, connect({ path, allowHalfOpen: true }))
  client.end('typed')
  await once(client, 'finish')
  client.destroy()
  for (let count = 0; count < 10; count++) {
    pass()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await chardevs.add('ringbuf,id=r')
  chardevs.registry.join('s', 'r')
  await eventually(() => chardevs.registry.ring('r').length === 5)
})

test('a client of TLS that has said all and waits is not disturbed', async () => {
  const pass = holdIntervals()
  const chardevs = makeChardevs()
  const port = await chardevs.add('socket,id=s,host=127.0.0.1,port=0,server=on,tls-creds=server')
  const file = (name: string) => readFileSync(join(chardevs.dir, name))
  const client = connectTls({
    ...{ port: Number(port), host: '127.0.0.1', allowHalfOpen: true },
    ...{ ca: file('ca-cert.pem'), cert: file('client-cert.pem'), key: file('client-key.pem') },
  })
  await letIn(chardevs, client)
  await eventually(() => countOf(chardevs, 'secured') === 1)
  client.end()
  for (let count = 0; count < 10; count++) {
    pass()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  expect(countOf(chardevs, 'left')).toBe(0)
  await chardevs.add('exec,id=e,command=echo hello')
  chardevs.registry.join('s', 'e')
  expect(String(await readAll(client))).toBe('hello\n')
})
