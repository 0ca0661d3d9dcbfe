/** Which places other hosts reach: those are warned of where there is no TLS. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import {
  isLoopback,
  isOpenToNetwork,
  printAddress,
  printBoundAddress,
  printHostAndPort,
  printListening,
  printPeer,
} from '../../src/net/address.ts'
import { checkAddress, checkListenOptions } from '../../src/net/address-arguments.ts'
import { chosenFamily } from '../../src/net/address-family.ts'
import { parseMode } from '../../src/net/socket-file.ts'
import { listeningPath } from '../../src/net/unix-socket.ts'
import { refusal } from '../diagnostic-code.ts'

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
  ['192.0.2.7:80', true],
  ['192.0.2.7', false],
  ['[::]', false],
  ['x[::]:1', false],
  ['[::]:1x', false],
  ['guest:1', false],
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

test('addresses are printed so that they can be read again', () => {
  expect(printHostAndPort('192.0.2.1', 7)).toBe('192.0.2.1:7')
  expect(printHostAndPort('2001:db8::1', 7)).toBe('[2001:db8::1]:7')
  expect(printAddress({ kind: 'tcp', host: '::1', port: 7 })).toBe('[::1]:7')
  expect(printAddress({ kind: 'unix', path: '/run/guest' })).toBe('/run/guest')
  expect(printAddress({ kind: 'unix', path: '\0guest' })).toBe('@guest')
  expect(printAddress({ kind: 'unix', path: '/a\0b' })).toBe('/a\0b')
  expect(printBoundAddress({ address: '::', family: 'IPv6', port: 7 })).toBe('[::]:7')
  expect(printBoundAddress('/run/guest')).toBe('/run/guest')
})

test.each([
  [{ path: '/run/guest', port: 7 }, '/run/guest'],
  [{ path: '\0guest' }, '@guest'],
  [{ fd: 0 }, 'descriptor 0'],
  [{ fd: 3, port: 7 }, 'descriptor 3'],
  [{ host: '::', port: 7 }, '[::]:7'],
  [{ port: 7 }, '*:7'],
  [{}, '*:0'],
])('where a server was asked to listen by %o is told as %s', (options, told) => {
  expect(printListening(options)).toBe(told)
})

test.each([
  [{ remoteAddress: '::ffff:192.0.2.1', remotePort: 7 }, '192.0.2.1:7'],
  [{ remoteAddress: '::ffff:c000:201', remotePort: 7 }, '[::ffff:c000:201]:7'],
  [{ remoteAddress: '2001:db8::1', remotePort: 7 }, '[2001:db8::1]:7'],
  [{ remoteAddress: '::ffff:12:34:56', remotePort: 7 }, '[::ffff:12:34:56]:7'],
  [{ remoteAddress: '1::ffff:192.0.2.1', remotePort: 7 }, '[1::ffff:192.0.2.1]:7'],
  [{ remoteAddress: '192.0.2.1' }, '192.0.2.1:0'],
  [{ localAddress: '192.0.2.1' }, 'unknown'],
  [{}, 'unix'],
])('of a socket with %o the client is told as %s', (fields, told) => {
  expect(printPeer(fields as Socket)).toBe(told)
})

/** QEMU's inet_ai_family_from_address: what is on, or what the other leaves. */
test.each([
  [undefined, undefined, undefined],
  [true, undefined, 4],
  [undefined, true, 6],
  [false, undefined, 6],
  [undefined, false, 4],
  [true, true, undefined],
  [true, false, 4],
  [false, true, 6],
  [false, false, 'none'],
] as const)('ipv4=%s and ipv6=%s leave %s', (ipv4, ipv6, family) => {
  expect(chosenFamily(ipv4, ipv6)).toBe(family)
})

test.each([
  ['0', 0],
  ['660', 0o660],
  ['0660', 0o660],
  ['0777', 0o777],
  ['7', 7],
  ['1777', undefined],
  ['0o660', undefined],
  ['00660', undefined],
  ['668', undefined],
  ['', undefined],
  [' 660', undefined],
  ['660 ', undefined],
  ['-1', undefined],
])('the mode %j is %s', (text, mode) => {
  expect(parseMode(text)).toBe(mode)
})

test.each([
  ['1', './1'],
  ['0', './0'],
  ['0x10', './0x10'],
  ['1e3', './1e3'],
  ['guest', 'guest'],
  ['-1', '-1'],
  ['1a', '1a'],
  ['/1', '/1'],
])('a server listens for the path %s at %s', (path, told) => {
  expect(listeningPath(path)).toBe(told)
})

const tcp = (more: object) => ({ kind: 'tcp', host: 'guest', port: 1, ...more })
const ARGUMENT = 'LIBRARY_ARGUMENT'

test.each<readonly [unknown, string | undefined]>([
  [tcp({}), undefined],
  [tcp({ port: 65_535 }), undefined],
  [tcp({ port: 0 }), ARGUMENT],
  [tcp({ port: 65_536 }), ARGUMENT],
  [tcp({ port: 1.5 }), ARGUMENT],
  [tcp({ port: '1' }), ARGUMENT],
  [tcp({ port: undefined }), ARGUMENT],
  [tcp({ host: '' }), ARGUMENT],
  [tcp({ host: 'guest\0' }), ARGUMENT],
  [tcp({ kind: 'udp' }), ARGUMENT],
  [tcp({ path: '/run/guest' }), 'LIBRARY_OPTION'],
  [{ kind: 'unix', path: '/run/guest' }, undefined],
  [{ kind: 'unix', path: '\0guest' }, undefined],
  [{ kind: 'unix', path: '' }, ARGUMENT],
  [{ kind: 'unix', path: 1 }, ARGUMENT],
  [{ kind: 'unix' }, ARGUMENT],
  [{ kind: 'unix', path: '/run/guest', host: 'guest' }, 'LIBRARY_OPTION'],
  [{}, ARGUMENT],
  ['guest:1', ARGUMENT],
])('of the address %j a program is told %s', (address, code) => {
  const check = () => checkAddress(address, 'address')
  if (code === undefined) expect(check).not.toThrow()
  else expect(check).toThrow(refusal(code))
})

test.each<readonly [unknown, string | undefined]>([
  [{ port: 0 }, undefined],
  [{ port: 65_535 }, undefined],
  [{ port: 65_536 }, ARGUMENT],
  [{ port: -1 }, ARGUMENT],
  [{ fd: 0 }, undefined],
  [{ fd: 2 ** 31 - 1 }, undefined],
  [{ fd: 2 ** 31 }, ARGUMENT],
  [{ fd: -1 }, ARGUMENT],
  [{ path: '/run/guest' }, undefined],
  [{ path: '\0guest' }, undefined],
  [{ path: '' }, ARGUMENT],
  [{ handle: {} }, undefined],
  [{ handle: 1 }, ARGUMENT],
  [{}, ARGUMENT],
  [{ host: 'guest' }, ARGUMENT],
  [{ port: 1, host: 1 }, ARGUMENT],
  [{ port: 1, host: '' }, undefined],
  [{ port: 1, backlog: 1 }, undefined],
  [{ port: 1, backlog: 0 }, ARGUMENT],
  [{ port: 1, backlog: 2 ** 31 - 1 }, undefined],
  [{ port: 1, backlog: 2 ** 31 }, ARGUMENT],
  [{ port: 1, signal: {} }, undefined],
  [{ port: 1, signal: true }, ARGUMENT],
  ...['exclusive', 'readableAll', 'writableAll', 'reusePort', 'ipv6Only'].flatMap((flag) => [
    [{ port: 1, [flag]: true }, undefined] as const,
    [{ port: 1, [flag]: 1 }, ARGUMENT] as const,
  ]),
  [{ port: 1, ipv4Only: true }, 'LIBRARY_OPTION'],
  [1, ARGUMENT],
])('of the place %j to listen at a program is told %s', (options, code) => {
  const check = () => checkListenOptions(options, 'options')
  if (code === undefined) expect(check).not.toThrow()
  else expect(check).toThrow(refusal(code))
})
