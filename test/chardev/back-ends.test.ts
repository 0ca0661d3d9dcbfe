/** What a socket is joined to: pty, pipes, files, logs, memory; telnet and WebSocket over it. */
import { once } from 'node:events'
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { scratchFolder } from '../cli/command.ts'
import { QEMU } from '../migration/qemu.ts'
import { connectPlain, readAll } from '../migration/relay/plain-ends.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { execFile, spawn } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { freePort } from '../peers/port.ts'
import { allBytes, type Chardevs, makeChardevs } from './chardev-fixture.ts'

/** A user at a Unix socket that is joined to a definition. */
async function joinUser(chardevs: Chardevs, definition: string, options = ''): Promise<string> {
  const path = join(scratchFolder(), 's')
  await chardevs.add(`socket,id=s,path=${path},server=on${options}`)
  const place = await chardevs.add(definition)
  chardevs.registry.join('s', /id=(\w+)/.exec(definition)?.[1] ?? '')
  return place === '' ? path : `${path} ${place}`
}

async function tcp(port: string): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true })
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** The next bytes, so many. */
async function take(socket: Socket, length: number): Promise<Buffer> {
  for (;;) {
    const bytes: Buffer | null = socket.read(length)
    if (bytes) return bytes
    await once(socket, 'readable')
  }
}

/** How many descriptors of pseudo-terminals this process has, on the side that made them. */
function terminals(): number {
  return readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).endsWith('/ptmx')
    } catch {
      return false
    }
  }).length
}

test('a pty: programs open it, leave, and others come', async () => {
  const chardevs = makeChardevs()
  const before = terminals()
  const [path = '', device = ''] = (await joinUser(chardevs, 'pty,id=p')).split(' ')
  const user = await connectPlain(path)
  for (const word of ['one', 'two']) {
    user.write(`${word}\n`)
    const { stdout } = await execFile('/bin/sh', [
      ...['-c', 'exec 3<>"$1"; read -r line <&3; printf "%s\\r\\n" "$line" >&3; sleep 0.3'],
      ...['sh', device],
    ])
    expect(stdout).toBe('')
    // As it was written: nothing is echoed, and no line end is changed.
    expect(String(await take(user, word.length + 2))).toBe(`${word}\r\n`)
  }
  expect(chardevs.registry.list()[1]).toMatchObject({ label: 'p', filename: `pty:${device}` })
  // No program has it open: of the descriptors of those that had it, none is left.
  await eventually(() => terminals() === before + 1)
})

testWith(
  'prlimit',
  'a pty: a program that comes while no descriptor is left is served later',
  async () => {
    const script = join(import.meta.dirname, 'full-process.ts')
    const child = spawn('prlimit', ['--nofile=64:64', process.execPath, script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', (bytes) => (said += bytes))
    await eventually(() => /^full .*\n/m.test(said) || child.exitCode !== null)
    const [, device = ''] = /^full (.*)/m.exec(said) ?? []
    const program = openSync(device, constants.O_RDWR | constants.O_NOCTTY)
    onTestFinished(() => closeSync(program))
    writeSync(program, 'hello')
    // So long that it has looked for programs many times.
    await delay(500)
    child.stdin.write('go on\n')
    await eventually(() => /read hello|broke/.test(said))
    expect(said).toContain('read hello')
    expect(said).toContain("refused Could not open '/dev/ptmx'")
  },
)

test('named pipes', async () => {
  const pipe = join(scratchFolder(), 'p')
  await execFile('mkfifo', [`${pipe}.in`, `${pipe}.out`])
  const path = await joinUser(makeChardevs(), `pipe,id=p,path=${pipe}`)
  const user = await connectPlain(path.split(' ')[0] ?? '')
  writeFileSync(`${pipe}.in`, 'to the user')
  expect(String(await take(user, 11))).toBe('to the user')
  user.write('to the pipe\n')
  const { stdout } = spawn('head', ['-n', '1', `${pipe}.out`])
  expect(await text(stdout!)).toBe('to the pipe\n')
})

test('a file, and a log that is never larger than it may be', async () => {
  const folder = scratchFolder()
  const [file, log] = [join(folder, 'file'), join(folder, 'log')]
  const chardevs = makeChardevs()
  const place = await joinUser(chardevs, `file,id=f,path=${file},logfile=${log},logsize=1M`)
  const user = await connectPlain(place.split(' ')[0] ?? '')
  const bytes = allBytes()
  user.end(bytes)
  await readAll(user)
  await eventually(() => statSync(file).size === bytes.length)
  expect(readFileSync(file).equals(bytes)).toBe(true)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const kept = Buffer.concat([readFileSync(`${log}.1`), readFileSync(log)])
  expect(statSync(log).size).toBeLessThanOrEqual(1_048_576)
  expect(kept.equals(bytes.subarray(bytes.length - kept.length))).toBe(true)
  expect(existsSync(`${log}.2`)).toBe(false)
})

test('a log that cannot be written is told once, and the chardev goes on', async () => {
  const chardevs = makeChardevs()
  const path = await joinUser(chardevs, 'ringbuf,id=r,logfile=/dev/full')
  const user = await connectPlain(path.split(' ')[0] ?? '')
  user.write('one')
  await eventually(() => chardevs.registry.ring('r').length === 3)
  user.write('two')
  await eventually(() => chardevs.registry.ring('r').length === 6)
  const codes = chardevs.events.flatMap((event) =>
    event.event === 'noticed' ? event.diagnostics.map(({ code }) => code) : [],
  )
  expect(codes).toEqual(['CHARDEV_LOG_LOST'])
})

test('a ring keeps the last bytes', async () => {
  const { add, registry } = makeChardevs()
  await add('ringbuf,id=r,size=8')
  const ring = registry.ring('r')
  for (const word of ['abc', 'defgh', 'ij']) ring.write(Buffer.from(word))
  expect(String(ring.read(3))).toBe('cde')
  expect(String(ring.read(99))).toBe('fghij')
  expect(ring.length).toBe(0)
})

test('one that connects tries again until the server is there', async () => {
  const chardevs = makeChardevs()
  const port = await freePort()
  await chardevs.add(`socket,id=c,host=127.0.0.1,port=${port},reconnect-ms=20`)
  await chardevs.add('exec,id=e,command=echo hello')
  chardevs.registry.join('c', 'e')
  await eventually(() => chardevs.events.some(({ event }) => event === 'retrying'))
  await chardevs.add(`socket,id=s,host=127.0.0.1,port=${port},server=on`)
  await chardevs.add('ringbuf,id=r')
  chardevs.registry.join('s', 'r')
  await eventually(() => chardevs.registry.ring('r').length >= 6)
  expect(String(chardevs.registry.ring('r').read(6))).toBe('hello\n')
})

testWith(QEMU, 'telnet: the same bytes go to a client as from QEMU', async () => {
  const { add, registry } = makeChardevs()
  const port = await add('socket,id=s,host=127.0.0.1,port=0,server=on,telnet=on')
  await add('exec,id=e,command=cat')
  registry.join('s', 'e')
  const theirs = await freePort()
  spawn(QEMU, [
    ...['-accel', 'tcg', '-machine', 'none', '-nodefaults', '-display', 'none', '-chardev'],
    `socket,id=t,host=127.0.0.1,port=${theirs},server=on,wait=off,telnet=on`,
  ])
  const ours = await tcp(port)
  let said = ''
  ours.on('data', (bytes: Buffer) => {
    said += bytes.toString('hex')
  })
  await eventually(() => said.length === 24)
  let offer = ''
  await eventually(async () => {
    const qemu = await tcp(String(theirs)).catch(() => undefined)
    const [bytes] = qemu ? await once(qemu, 'data') : [Buffer.alloc(0)]
    offer = bytes.toString('hex')
    return offer !== ''
  })
  expect(said).toBe(offer)
  // A command, a subnegotiation and a byte 255 within data; a question that is refused once.
  ours.write(Buffer.from('61fffd0362fffa1f0050fffffff063ffff64fffd63fffd63', 'hex'))
  await eventually(() => said.length >= 24 + 18)
  expect(said).toBe(`${offer}fffc63616263ffff64`)
})

test('WebSocket: bytes go both ways, and a client without the subprotocol is refused', async () => {
  const { add, registry } = makeChardevs()
  const port = await add('socket,id=s,host=127.0.0.1,port=0,server=on,websocket=on')
  await add('exec,id=e,command=cat')
  registry.join('s', 'e')
  const refused = new WebSocket(`ws://127.0.0.1:${port}/`)
  const [error] = await once(refused, 'error')
  expect(String(error)).toContain('400')
  const client = new WebSocket(`ws://127.0.0.1:${port}/`, ['binary'])
  await once(client, 'open')
  const bytes = allBytes(100_000)
  client.send(bytes)
  const parts: Buffer[] = []
  client.on('message', (part: Buffer) => void parts.push(part))
  await eventually(() => Buffer.concat(parts).length === bytes.length)
  expect(Buffer.concat(parts).equals(bytes)).toBe(true)
  client.close()
  await once(client, 'close')
})
