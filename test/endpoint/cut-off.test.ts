/** How the other end learns that a connection failed: by a reset where there is one, else by the end alone. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { cutOff } from '../../src/endpoint/cut-off.ts'
import { scratchFolder } from '../cli/command.ts'

/** Both ends of a connection, and how the second one ends: by a code, or in order. */
async function connected(path?: string) {
  const server = createServer()
  onTestFinished(() => void server.close())
  await once(path === undefined ? server.listen(0, '127.0.0.1') : server.listen(path), 'listening')
  const accepted = once(server, 'connection')
  const other = path === undefined ? connect((server.address() as AddressInfo).port) : connect(path)
  const ending = new Promise((resolve) => {
    other.resume().on('error', ({ code }: NodeJS.ErrnoException) => resolve(code))
    other.on('end', () => resolve('in order'))
  })
  const [socket] = (await accepted) as [Socket]
  return { socket, ending }
}

test('of TCP the other end is told of a reset', async () => {
  const { socket, ending } = await connected()
  cutOff(socket)
  expect(await ending).toBe('ECONNRESET')
})

test('of a Unix socket, which has none, it is closed', async () => {
  const { socket, ending } = await connected(join(scratchFolder(), 'socket'))
  cutOff(socket)
  expect(socket.destroyed).toBe(true)
  expect(await ending).toBe('in order')
})

test('what is no socket is closed', () => {
  const [stream] = duplexPair()
  cutOff(stream)
  expect(stream.destroyed).toBe(true)
})
