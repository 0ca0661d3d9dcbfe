/** Clients and users of monitors that mean harm, or are many at the same time. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, constants, existsSync, openSync, readSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parseChardev } from '../../src/chardev/definition/parse-chardev.ts'
import { runFile, scratchFolder } from '../cli/command.ts'
import { runInProcess } from '../cli/in-process.ts'
import { connectPlain, listenPlain } from '../migration/relay/plain-ends.ts'
import { makeX509Folder } from '../nbd/nbd-credentials.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { makeChardevs } from './chardev-fixture.ts'

const UPGRADE = [
  'GET / HTTP/1.1',
  'Host: localhost',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Protocol: binary',
  '\r\n',
].join('\r\n')

/** A binary message with the letter A, in clear by a mask of zeros. */
const MESSAGE = Buffer.from([0x82, 0x81, 0, 0, 0, 0, 65])

async function upgrade(port: string) {
  const client = connect(Number(port), '127.0.0.1').on('error', () => {})
  onTestFinished(() => void client.destroy())
  client.write(UPGRADE)
  await once(client, 'data')
  return client.resume()
}

test('a client of WebSocket that waits for its turn breaks its own connection alone', async () => {
  const { add, registry, events } = makeChardevs()
  const port = await add('socket,id=a,host=127.0.0.1,port=0,server=on,websocket=on')
  await add('ringbuf,id=r')
  registry.join('a', 'r')
  const user = await upgrade(port)
  user.write(MESSAGE)
  await eventually(() => registry.ring('r').length === 1)
  const other = await upgrade(port)
  other.write(Buffer.alloc(100, 0xff))
  await eventually(() => events.some(({ event }) => event === 'left' || event === 'refused'))
  user.write(MESSAGE)
  await eventually(() => registry.ring('r').length === 2)
})

test.each([
  ['of many fragments', Buffer.from('028100000000610081000000006100810000000061', 'hex'), 2_000],
  ['of 2^63 bytes', Buffer.from('82ff7fffffffffffffff00000000', 'hex'), 1],
  ['without a mask', Buffer.from('820161', 'hex'), 1],
] as const)('a message of WebSocket %s ends its connection alone', async (_, piece, times) => {
  const { add, registry, events } = makeChardevs()
  const port = await add('socket,id=a,host=127.0.0.1,port=0,server=on,websocket=on')
  await add('ringbuf,id=r')
  registry.join('a', 'r')
  const other = await upgrade(port)
  const rest = Buffer.from('008100000000610081000000006100810000000061', 'hex')
  other.write(times === 1 ? piece : Buffer.concat([piece, ...Array(times).fill(rest)]))
  await eventually(() => events.some(({ event }) => event === 'refused'))
  const user = await upgrade(port)
  user.write(MESSAGE)
  await eventually(() => registry.ring('r').length > 0)
})

const REFUSALS = [
  ['nothing and leaves', '', 'it closed the connection', undefined],
  ['what is no HTTP', 'hello\r\n\r\n', 'what it says cannot be read as HTTP', '400 Bad Request'],
  [
    'for a page',
    'GET / HTTP/1.1\r\nHost: h\r\n\r\n',
    'it asked for a page',
    '426 Upgrade Required\r\nupgrade: websocket\r\nconnection: close',
  ],
  [
    'for another subprotocol',
    UPGRADE.replace('binary', 'chat, binaries'),
    'it did not ask for the subprotocol binary',
    '400 Bad Request',
  ],
  [
    'for a tunnel',
    'CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n',
    'it asked for a tunnel',
    '400 Bad Request',
  ],
  [
    'and expects more',
    UPGRADE.replace('\r\n\r\n', '\r\nExpect: more\r\n\r\n').replace('Upgrade: websocket\r\n', ''),
    'it expects what no WebSocket needs',
    '417 Expectation Failed',
  ],
  [
    'with a wrong key',
    UPGRADE.replace('dGhlIHNhbXBsZSBub25jZQ==', 'x'),
    'Sec-WebSocket-Key',
    '400 Bad Request',
  ],
] as const

test.each(REFUSALS)(
  'a client of WebSocket that asks %s is refused',
  async (_, said, reason, status) => {
    const { add, events } = makeChardevs()
    const port = await add('socket,id=a,host=127.0.0.1,port=0,server=on,websocket=on')
    const client = connect({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true })
    onTestFinished(() => void client.destroy())
    client.on('error', () => {}).write(said)
    if (status === undefined) client.end()
    else expect(String((await once(client, 'data'))[0])).toContain(`HTTP/1.1 ${status}\r\n`)
    const isRefused = () => events.find(({ event }) => event === 'refused')
    await eventually(() => isRefused() !== undefined)
    const told = JSON.stringify(isRefused())
    expect(told).toContain('CHARDEV_NOT_WEBSOCKET')
    expect(told).toContain(reason)
  },
)

test('a server that closes instead of answering in WebSocket is told as that', async () => {
  const { add, registry } = makeChardevs()
  const server = createServer((socket) => void socket.once('data', () => socket.end()))
  onTestFinished(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  await add(`socket,id=a,host=127.0.0.1,port=${port},websocket=on`)
  await add('ringbuf,id=r')
  await expect(registry.join('a', 'r').ended).rejects.toThrow(
    /does not speak WebSocket: it closed the connection$/,
  )
})

test('a client of WebSocket may offer several subprotocols', async () => {
  const { add } = makeChardevs()
  const port = await add('socket,id=a,host=127.0.0.1,port=0,server=on,websocket=on')
  const client = connect(Number(port), '127.0.0.1')
  onTestFinished(() => void client.destroy())
  client.write(UPGRADE.replace('binary', 'chat, binary'))
  const answer = String((await once(client, 'data'))[0])
  expect(answer).toContain('101 Switching Protocols')
  expect(answer).toContain('Sec-WebSocket-Protocol: binary\r\n')
})

/** A chardev that has asked a server for WebSocket, which has not answered yet. */
async function askWebsocket() {
  const { add, registry } = makeChardevs()
  const path = join(scratchFolder(), 's')
  const { next } = await listenPlain(path)
  await add(`socket,id=c,path=${path},websocket=on`)
  await add('ringbuf,id=r')
  const { ended } = registry.join('c', 'r')
  ended.catch(() => {})
  const server = await next()
  const asked = String((await once(server.resume(), 'data'))[0])
  return { registry, ended, server, asked }
}

test('a server of WebSocket is asked by its name, and one that refuses is told of', async () => {
  const { server, asked, ended } = await askWebsocket()
  expect(asked).toMatch(/^GET \/ HTTP\/1.1\r\n/)
  expect(asked).toContain('Host: localhost\r\n')
  expect(asked).toContain('Sec-WebSocket-Protocol: binary\r\n')
  server.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
  await expect(ended).rejects.toThrow('does not speak WebSocket: Unexpected server resp')
})

/** RFC 6455, sections 4.2.2 and 5.2: the answer to a request. */
const answerTo = (request: string): string => {
  const [, key = ''] = /Sec-WebSocket-Key: (.*)\r\n/.exec(request) ?? []
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
  return [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept.digest('base64')}`,
    'Sec-WebSocket-Protocol: binary',
    '\r\n',
  ].join('\r\n')
}

describe('what a server of WebSocket says at once with its answer', () => {
  const answered = async (message: Buffer) => {
    const { server, asked, ended, registry } = await askWebsocket()
    server.write(Buffer.concat([Buffer.from(answerTo(asked)), message]))
    return { ended, registry }
  }

  test('is not lost', async () => {
    const { registry } = await answered(Buffer.from([0x82, 1, 65]))
    await eventually(() => registry.ring('r').length === 1)
  })

  test('breaks the connection where it is no message of a server', async () => {
    const { ended } = await answered(MESSAGE)
    await expect(ended).rejects.toThrow(/broke: .*MASK/)
  })
})

test('the command line says of a server that speaks no WebSocket that the answer is no', async () => {
  const path = join(scratchFolder(), 's')
  const { next } = await listenPlain(path)
  const run = runInProcess([
    ...['chardev', 'connect', '--chardev', `socket,id=c,path=${path},websocket=on`],
    ...['--to', 'null,id=n'],
  ])
  const server = await next()
  server.resume().end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
  const { status, stderr } = await run
  expect(stderr).toContain('error[CHARDEV_NOT_WEBSOCKET]')
  expect(status).toBe(1)
})

test('a server that does not answer is given up in time, or when the link is ended', async () => {
  const folder = scratchFolder()
  const { next } = await listenPlain(`${folder}/silent`)
  const start = async (limit: number) => {
    const { add, registry } = makeChardevs(makeX509Folder(), 1, limit)
    await add(`socket,id=c,path=${folder}/silent,websocket=on`)
    await add('ringbuf,id=r')
    return registry.join('c', 'r')
  }
  await expect((await start(1)).ended).rejects.toThrow('did not speak WebSocket within 1 second')
  await next()
  const { ended, separate } = await start(0)
  await once((await next()).resume(), 'data')
  await separate()
  await ended
})

test('who has joined two of them separates them also after a change', async () => {
  const { add, registry } = makeChardevs()
  const folder = scratchFolder()
  await add(`socket,id=a,path=${folder}/1,server=on`)
  await add('ringbuf,id=r')
  const { ended, separate } = registry.join('a', 'r')
  await registry.change(parseChardev(`socket,id=a,path=${folder}/2,server=on`))
  await separate()
  await ended
  await registry.remove('a')
  expect(registry.list()).toMatchObject([{ label: 'r', 'frontend-open': false }])
})

test('two that are separated while one of them is changed are not joined again', async () => {
  const { add, registry } = makeChardevs()
  const folder = scratchFolder()
  await add(`socket,id=a,path=${folder}/1,server=on`)
  await add('ringbuf,id=r')
  const { ended, separate } = registry.join('a', 'r')
  const changing = registry.change(parseChardev(`socket,id=a,path=${folder}/2,server=on`))
  await separate()
  await ended
  await changing
  await registry.remove('a')
  await registry.remove('r')
  expect(registry.list()).toEqual([])
})

test('two that are joined are not both changed at the same time', async () => {
  const { add, registry } = makeChardevs()
  const folder = scratchFolder()
  await add(`socket,id=a,path=${folder}/1,server=on`)
  await add('ringbuf,id=r')
  registry.join('a', 'r')
  const changing = registry.change(parseChardev(`socket,id=a,path=${folder}/2,server=on`))
  await expect(registry.change(parseChardev('ringbuf,id=r'))).rejects.toThrow('busy')
  await expect(registry.remove('r')).rejects.toThrow('busy')
  const user = await connectPlain(`${await changing}`)
  user.write('here')
  await eventually(() => registry.ring('r').length === 4)
})

function makePipe(): string {
  const pipe = join(scratchFolder(), 'pipe')
  expect(runFile('mkfifo', [pipe]).status).toBe(0)
  return pipe
}

test('a log that is a pipe keeps its name, whatever limit it has', async () => {
  const { add, registry } = makeChardevs()
  const pipe = makePipe()
  const reader = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK)
  onTestFinished(() => closeSync(reader))
  const path = join(scratchFolder(), 's')
  await add(`socket,id=a,path=${path},server=on`)
  await add(`ringbuf,id=r,logfile=${pipe},logsize=4`)
  registry.join('a', 'r')
  const user = await connectPlain(path)
  user.write('first')
  await eventually(() => registry.ring('r').length === 5)
  user.write('second')
  await eventually(() => registry.ring('r').length === 11)
  expect(existsSync(`${pipe}.1`)).toBe(false)
  const read = Buffer.alloc(20)
  expect(read.toString('latin1', 0, readSync(reader, read))).toBe('firstsecond')
})

test.each(['null,id=n,logfile=', 'file,id=f,path='])(
  '%sPIPE is refused where nothing reads it',
  async (text) => {
    const { add } = makeChardevs()
    await expect(add(`${text}${makePipe()}`)).rejects.toThrow('No such device or address')
  },
)

test('what a client types while the shared end is not there waits for it', async () => {
  const { add, registry } = makeChardevs()
  const folder = scratchFolder()
  await add(`socket,id=a,path=${folder}/a,server=on,wait=off,mux=on,writer=all`)
  await add(`socket,id=b,path=${folder}/b,reconnect=1`)
  registry.join('a', 'b')
  const user = await connectPlain(`${folder}/a`)
  user.write('typed')
  await new Promise((resolve) => setTimeout(resolve, 200))
  const { next } = await listenPlain(`${folder}/b`)
  const shared = await next()
  expect(`${(await once(shared.resume(), 'data'))[0]}`).toBe('typed')
})

test('what clients type is bounded where the other side takes nothing', async () => {
  const { add, registry, events } = makeChardevs()
  const folder = scratchFolder()
  // A pipe that is open and never read.
  const pipe = join(folder, 'pipe')
  runFile('/usr/bin/mkfifo', [pipe])
  const reader = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK)
  onTestFinished(() => closeSync(reader))
  await add(`socket,id=a,path=${folder}/a.sock,server=on,wait=off,mux=on,writer=all`)
  await add(`file,id=f,path=${pipe}`)
  registry.join('a', 'f')
  const isCutOff = () =>
    events.some((one) => JSON.stringify(one).includes('CHARDEV_INPUT_NOT_TAKEN'))
  for (let count = 0; count < 200 && !isCutOff(); count++) {
    const client = connect(`${folder}/a.sock`).on('error', () => {})
    onTestFinished(() => void client.destroy())
    await once(client, 'connect')
    client.write(Buffer.alloc(65_536, 'x'))
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await eventually(isCutOff)
})
