/** Which places other hosts reach: those are warned of where there is no TLS. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { isLoopback, isOpenToNetwork, printBoundAddress, printPeer } from '../../src/net/address.ts'

test.each(['127.0.0.1', '127.1', '::1', 'localhost', 'LOCALHOST', 'localhost6.localdomain6'])(
  '%s is this host',
  (host) => expect(isLoopback(host)).toBe(true),
)

test.each(['localhost.example.com', 'localhosts', '127.example.com', '::12', '192.0.2.7', ''])(
  '%j is not known to be this host',
  (host) => expect(isLoopback(host)).toBe(false),
)

test.each([
  ['0.0.0.0', true],
  ['127.0.0.1', false],
])('of a server that listens at %s it is told whether it is open', async (host, isOpen) => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  expect(isOpenToNetwork(printBoundAddress(server.address() ?? ''))).toBe(isOpen)
  server.close()
})

test.each([
  ['[::]:49152', true],
  ['[::1]:49152', false],
  ['[::ffff:192.0.2.7]:49152', true],
  ['/run/guest:49152', false],
  ['@guest:1', false],
])('%s is open to networks: %s', (bound, isOpen) => {
  expect(isOpenToNetwork(bound)).toBe(isOpen)
})

test('a client of TCP that has reset its connection already is not told as one of a Unix socket', async () => {
  const server = createServer({ pauseOnConnect: true })
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const socket = await accepted
  const left = new Promise((resolve) => client.once('close', resolve))
  client.resetAndDestroy()
  await left
  expect(printPeer(socket)).toBe('unknown')
  socket.destroy()
  server.close()
})
