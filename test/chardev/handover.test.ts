/** What one client of a console has not read is there for the next one: no byte is lost, doubled or moved. */
import { once } from 'node:events'
import { constants, existsSync, openSync, readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseChardev } from '../../src/chardev/definition/parse-chardev.ts'
import { scratchFolder } from '../cli/command.ts'
import { connectPlain, readAll } from '../migration/relay/plain-ends.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { spawnSync } from '../peers/child-process.ts'
import { allBytes, makeChardevs } from './chardev-fixture.ts'

/** More than all buffers on the way hold together. */
const SAID = allBytes(6_000_000)

type Console = { readonly definition: string; readonly guest: Socket }

/** A pipe, and what writes to it. */
function makeConsole(): Console {
  const path = join(scratchFolder(), 'console')
  for (const name of ['in', 'out']) spawnSync('mkfifo', [`${path}.${name}`])
  const fd = openSync(`${path}.in`, constants.O_RDWR | constants.O_NONBLOCK)
  const guest = new Socket({ fd, readable: false, writable: true })
  onTestFinished(() => void guest.destroy())
  return { definition: `pipe,id=c,path=${path}`, guest }
}

/** A console with a socket for its clients. */
async function joinConsole(log: string) {
  const { add, registry } = makeChardevs()
  const path = join(scratchFolder(), 'clients')
  const console = makeConsole()
  await add(`socket,id=s,path=${path},server=on`)
  await add(`${console.definition}${log}`)
  registry.join('s', 'c')
  return { path, console, registry }
}

/** In pieces, so that it shows how far it has come. */
function say({ guest }: Console): void {
  for (let at = 0; at < SAID.length; at += 50_000) guest.write(SAID.subarray(at, at + 50_000))
}

/** Until the console can say no more, since its client does not read. */
async function untilStuck({ guest }: Console): Promise<void> {
  let before = -1
  await eventually(async () => {
    const { bytesWritten, writableLength } = guest
    const said = bytesWritten - writableLength
    const isStuck = said === before && said > 0
    before = said
    if (!isStuck) await new Promise((resolve) => setTimeout(resolve, 200))
    return isStuck
  })
}

async function untilCount(socket: Socket, count: number): Promise<Buffer> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of socket) {
    parts.push(part)
    length += part.length
    if (length >= count) break
  }
  return Buffer.concat(parts)
}

test.each(['', ',logfile=/dev/null'])(
  'a client that has said all and reads slowly; then the next one: console%s',
  async (log) => {
    const { path, console } = await joinConsole(log)
    const first = await connectPlain(path)
    say(console)
    await untilStuck(console)
    first.end()
    const read = await readAll(first)
    const rest = await untilCount(await connectPlain(path), SAID.length - read.length)
    expect(Buffer.concat([read, rest]).equals(SAID)).toBe(true)
  },
)

test.each(['', ',logfile=/dev/null'])(
  'the socket is changed while the console speaks: console%s',
  async (log) => {
    const { path, console, registry } = await joinConsole(log)
    say(console)
    const parts: Buffer[] = []
    for (let turn = 1; turn <= 3; turn++) {
      const client = await connectPlain(path)
      await untilStuck(console)
      const changed = registry.change(parseChardev(`socket,id=s,path=${path},server=on`))
      parts.push(await readAll(client))
      client.end()
      await changed
    }
    const heard = parts.reduce((sum, { length }) => sum + length, 0)
    parts.push(await untilCount(await connectPlain(path), SAID.length - heard))
    expect(Buffer.concat(parts).equals(SAID)).toBe(true)
  },
)

test('telnet: a question after all was said breaks nothing', async () => {
  const { add, registry } = makeChardevs()
  const folder = scratchFolder()
  await add(`socket,id=s,path=${folder}/clients,server=on,telnet=on`)
  await add(`exec,id=e,command=exec >&-; cat >${folder}/typed`)
  registry.join('s', 'e')
  const client = await connectPlain(`${folder}/clients`)
  await readAll(client)
  // IAC DO 24: the terminal type, which is not here.
  client.write(Buffer.from([255, 253, 24]))
  client.end('typed')
  await once(client, 'close')
  const typed = `${folder}/typed`
  // The program may not have begun yet.
  await eventually(() => existsSync(typed) && readFileSync(typed, 'utf8') === 'typed')
})

test('a client that is served when all is closed gets what was said to it', async () => {
  const { add, registry, events } = makeChardevs()
  const path = join(scratchFolder(), 'clients')
  await add(`socket,id=s,path=${path},server=on`)
  await add('exec,id=e,command=exec cat /dev/zero')
  registry.join('s', 'e')
  const client = await connectPlain(path)
  await once(client, 'readable')
  // It has not read for so long that much waits for it.
  await new Promise((resolve) => setTimeout(resolve, 300))
  const closed = registry.close(60_000)
  const { length } = await readAll(client)
  client.end()
  await closed
  const carried = events.flatMap((one) => (one.event === 'carried' ? [one.sent] : []))
  expect(carried).toEqual([length])
})

test.each(['', ',mux=on'])(
  'of two that listen, the client of one stays while those of the other%s come and go',
  async (mux) => {
    const { add, registry } = makeChardevs()
    const folder = scratchFolder()
    await add(`socket,id=n,path=${folder}/near,server=on${mux}`)
    await add(`socket,id=f,path=${folder}/far,server=on`)
    registry.join('n', 'f')
    const far = await connectPlain(`${folder}/far`)
    let heard = ''
    far.on('data', (bytes) => (heard += bytes))
    for (const word of ['first ', 'second ']) {
      const near = await connectPlain(`${folder}/near`)
      near.on('error', () => {}).resume()
      near.write(word)
      await eventually(() => heard.endsWith(word))
      near.end()
      await once(near, 'close')
    }
    expect([heard, far.closed]).toEqual(['first second ', false])
  },
)
