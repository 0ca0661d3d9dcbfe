/** What stands behind a chardev does harm, or breaks: programs, pipes, disks, peers, and the end of the process. */
import { once } from 'node:events'
import { closeSync, constants, existsSync, openSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseChardev } from '../../src/chardev/definition/parse-chardev.ts'
import { runFile, scratchFolder } from '../cli/command.ts'
import { connectPlain, readAll } from '../migration/relay/plain-ends.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { freePort } from '../peers/port.ts'
import { makeChardevs } from './chardev-fixture.ts'
import { isRunning } from './user-at-terminal.ts'

test('a command that does not end when it is told to does not keep the next client out', async () => {
  const { add, registry } = makeChardevs()
  const folder = scratchFolder()
  const pids = join(folder, 'pids')
  const port = await add('socket,id=a,host=127.0.0.1,port=0,server=on')
  await add(
    `exec,id=e,command=trap '' TERM; echo $$ >>${pids}; echo here; while :; do sleep 0.1; done`,
  )
  registry.join('a', 'e')
  for (let count = 0; count < 2; count++) {
    const user = connect(Number(port), '127.0.0.1').on('error', () => {})
    await once(user, 'data')
    user.resetAndDestroy()
  }
  await registry.close(100)
  for (const pid of readFileSync(pids, 'utf8').trim().split('\n')) {
    expect(isRunning(Number(pid))).toBe(false)
  }
}, 60_000)

test('a command that is told the end and goes on is killed where all are closed', async () => {
  const { add, registry } = makeChardevs()
  const folder = scratchFolder()
  const [pid, whole] = [join(folder, 'pid'), join(folder, 'whole')]
  await add(`socket,id=a,path=${folder}/a,server=on`)
  const late = `echo $$ >${pid}; exec >&-; cat >/dev/null; sleep 4; echo >${whole}`
  await add(`exec,id=e,command=echo here; ${late}`)
  registry.join('a', 'e')
  const user = await connectPlain(`${folder}/a`)
  await readAll(user)
  user.end()
  await once(user, 'close')
  await registry.close(100)
  expect(isRunning(Number(readFileSync(pid, 'utf8')))).toBe(false)
  expect(existsSync(whole)).toBe(false)
})

test('a command that ends in order when it is told to is waited for where all are closed', async () => {
  const { add, registry } = makeChardevs()
  const folder = scratchFolder()
  const done = join(folder, 'done')
  await add(`socket,id=a,path=${folder}/a,server=on`)
  const last = `trap 'sleep 0.3; echo >${done}; exit' TERM`
  await add(`exec,id=e,command=${last}; echo here; while :; do sleep 0.02; done`)
  registry.join('a', 'e')
  const user = await connectPlain(`${folder}/a`)
  await once(
    user.on('error', () => {}),
    'data',
  )
  await registry.close(60_000)
  expect(existsSync(done)).toBe(true)
})

test('a client whose other side breaks off is told so by a reset, and not by an end', async () => {
  const { add, registry } = makeChardevs()
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port: far } = server.address() as AddressInfo
  const near = await add('socket,id=n,host=127.0.0.1,port=0,server=on')
  await add(`socket,id=f,host=127.0.0.1,port=${far}`)
  registry.join('n', 'f')
  const reached = once(server, 'connection')
  const user = connect(Number(near), '127.0.0.1')
  const [peer] = (await reached) as [Socket]
  peer.write('half of ')
  expect(String((await once(user, 'data'))[0])).toBe('half of ')
  const failure = once(user, 'end').then(
    () => 'ended',
    ({ code }) => code,
  )
  peer.resetAndDestroy()
  expect(await failure).toBe('ECONNRESET')
})

test('pipes that are full do not keep other files waiting', async () => {
  const { add, registry } = makeChardevs()
  const folder = scratchFolder()
  for (let count = 0; count < 6; count++) {
    const pipe = join(folder, `pipe${count}`)
    runFile('/usr/bin/mkfifo', [pipe])
    const reader = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK)
    onTestFinished(() => closeSync(reader))
    await add(`socket,id=a${count},path=${folder}/${count},server=on`)
    await add(`file,id=f${count},path=${pipe}`)
    registry.join(`a${count}`, `f${count}`)
    const user = await connectPlain(`${folder}/${count}`)
    user.write(Buffer.alloc(1_000_000))
  }
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(await readFile(import.meta.filename, 'utf8')).toContain('pipes that are full')
})

test('a full disk ends the session of a file, and the next one is served', async () => {
  const { add, registry, events } = makeChardevs()
  const folder = scratchFolder()
  await add(`socket,id=a,path=${folder}/a,server=on`)
  await add('file,id=f,path=/dev/full')
  registry.join('a', 'f')
  for (let count = 1; count <= 2; count++) {
    const user = await connectPlain(`${folder}/a`)
    user
      .on('error', () => {})
      .resume()
      .write('x')
    const failed = () => events.filter((one) => JSON.stringify(one).includes('the disk is full'))
    await eventually(() => failed().length === count)
  }
})

test('a peer that resets within a write is forgotten', async () => {
  const { add, registry, events } = makeChardevs()
  const port = await add('socket,id=a,host=127.0.0.1,port=0,server=on')
  await add(`exec,id=e,command=cat /dev/zero`)
  registry.join('a', 'e')
  for (let count = 1; count <= 3; count++) {
    const user = connect(Number(port), '127.0.0.1').on('error', () => {})
    await once(user, 'data')
    user.pause().resetAndDestroy()
    await eventually(() => events.filter(({ event }) => event === 'refused').length === count)
  }
  await eventually(() => registry.list()[0]?.filename.startsWith('disconnected') ?? false)
})

/** Lets in and breaks off at once. */
async function startBreaker(port: number): Promise<{ server: Server; count: () => number }> {
  let count = 0
  const server = createServer((socket) => {
    count++
    socket.on('error', () => {}).resetAndDestroy()
  }).listen(port, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return { server, count: () => count }
}

test('a server that lets in and breaks off is asked less and less', async () => {
  const { add, registry, events } = makeChardevs()
  const port = await freePort()
  await startBreaker(port)
  await add(`socket,id=a,host=127.0.0.1,port=${port},reconnect-ms=10`)
  await add('ringbuf,id=r')
  registry.join('a', 'r')
  const waits = () => events.flatMap((one) => (one.event === 'retrying' ? [one.seconds] : []))
  await eventually(() => waits().length >= 6)
  expect(Math.max(...waits())).toBe(0.16)
})

test('what is being opened while all are closed does not stay open', async () => {
  const { add, registry } = makeChardevs()
  const port = await freePort()
  const definition = `socket,id=a,host=127.0.0.1,port=${port},server=on`
  const adding = add(definition)
  const outcome = expect(adding).rejects.toThrow('being closed')
  await registry.close(100)
  await outcome
  const other = makeChardevs()
  await other.add(definition)
  const changing = other.registry.change(parseChardev(`${definition},nodelay=on`))
  const changed = expect(changing).rejects.toThrow('being closed')
  await other.registry.close(100)
  await changed
  const again = makeChardevs()
  await again.add(definition)
})

test('a change that is refused holds no credentials', async () => {
  const { add, registry } = makeChardevs()
  const folder = scratchFolder()
  await add(`socket,id=a,path=${folder}/a,server=on`)
  await add('ringbuf,id=r')
  registry.join('a', 'r')
  const opening = registry.change(parseChardev('ringbuf,id=r'))
  const text = 'socket,id=a,host=127.0.0.1,port=0,server=on,tls-creds=server'
  await expect(registry.change(parseChardev(text))).rejects.toThrow('busy')
  await opening
})
