/** One chardev that several clients use, and many clients. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scratchFolder } from '../cli/command.ts'
import { connectPlain, listenPlain, readAll } from '../migration/relay/plain-ends.ts'
import { makeX509Folder } from '../nbd/nbd-credentials.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { allBytes, makeChardevs } from './chardev-fixture.ts'

/** A client that keeps what it is shown. */
async function watch(path: string): Promise<{ socket: Socket; shown: () => string }> {
  const socket = await connectPlain(path)
  let shown = ''
  socket.on('data', (bytes) => {
    shown += bytes
  })
  return { socket, shown: () => shown }
}

const RULES = ['first', 'last', 'none'] as const

test.each(RULES)('all see it, and the rule %s says who writes', async (rule) => {
  const { add, registry } = makeChardevs()
  const path = join(scratchFolder(), 's')
  await add(`socket,id=s,path=${path},server=on,wait=off,mux=on,writer=${rule}`)
  await add('exec,id=e,command=cat')
  registry.join('s', 'e')
  const clients = [await watch(path), await watch(path), await watch(path)] as const
  const first = rule === 'last' ? clients[2] : clients[0]
  // Until all of them are joined, what the writer says is not shown to each.
  const say = async (writer: (typeof clients)[number], word: string) => {
    await eventually(async () => {
      writer.socket.write(word)
      await new Promise((resolve) => setTimeout(resolve, 10))
      return clients.every(({ socket, shown }) => socket.destroyed || shown().includes(word))
    })
  }
  for (const { socket } of clients) if (socket !== first.socket) socket.write('no')
  if (rule !== 'none') {
    await say(first, 'yes')
    first.socket.destroy()
    await say(clients[1], 'next')
  } else first.socket.write('no')
  await new Promise((resolve) => setTimeout(resolve, 50))
  for (const { shown } of clients) expect(shown()).not.toContain('no')
})

test('a client that leaves while it waits for its place keeps no other from writing', async () => {
  const { add, registry, events } = makeChardevs(makeX509Folder(), 2)
  const path = join(scratchFolder(), 's')
  await add(`socket,id=s,path=${path},server=on,wait=off,mux=on`)
  await add('exec,id=e,command=cat')
  registry.join('s', 'e')
  const connected = (count: number) =>
    eventually(() => events.filter(({ event }) => event === 'connected').length === count)
  const first = [await watch(path), await watch(path)] as const
  await connected(2)
  const later: Socket[] = []
  for (let count = 0; count < 6; count++) later.push((await watch(path)).socket)
  for (const { socket } of first) socket.destroy()
  // All of them are begun, and two have a place.
  await connected(8)
  for (const socket of later.slice(2)) socket.end()
  await new Promise((resolve) => setTimeout(resolve, 200))
  for (const socket of later.slice(0, 2)) socket.destroy()
  const { socket, shown } = await watch(path)
  await eventually(() => {
    socket.write('b')
    return shown().includes('b')
  })
})

test('a client that no rule lets write may read', async () => {
  const { add, registry } = makeChardevs()
  const socket = 'host=127.0.0.1,port=0,server=on,wait=off,mux=on,writer=all'
  const port = await add(`socket,id=s,${socket},tls-creds=server,writer-authz=nobody`)
  await add('ringbuf,id=r')
  registry.join('s', 'r')
  await add(`socket,id=c,host=localhost,port=${port},ipv4=on,tls-creds=client`)
  await add('exec,id=e,command=echo typed; sleep 0.2')
  await registry.join('c', 'e').ended
  expect(registry.ring('r').length).toBe(0)
})

test('a client that never reads is cut off, and others get 30 MB, whole', async () => {
  const { add, registry, events } = makeChardevs()
  const folder = scratchFolder()
  const [path, file] = [join(folder, 's'), join(folder, 'bytes')]
  const bytes = allBytes(30_000_000)
  writeFileSync(file, bytes)
  await add(`socket,id=s,path=${path},server=on,mux=on`)
  await add(`exec,id=e,command=sleep 0.3; cat ${file}`)
  const joined = registry.join('s', 'e')
  const silent = await connectPlain(path)
  const readers = [await connectPlain(path), await connectPlain(path)]
  const digest = (read: Buffer) => createHash('sha256').update(read).digest('hex')
  const digests = await Promise.all(readers.map(async (one) => digest(await readAll(one))))
  expect(digests).toEqual([digest(bytes), digest(bytes)])
  await joined.ended
  expect(
    events.flatMap((event) => ('diagnostics' in event ? event.diagnostics : []))[0],
  ).toMatchObject({ code: 'CHARDEV_READER_TOO_SLOW' })
  silent.destroy()
})

test('500 clients at once are shown the same', async () => {
  const { add, registry } = makeChardevs()
  const path = join(scratchFolder(), 's')
  await add(`socket,id=s,path=${path},server=on,wait=off,mux=on`)
  await add('exec,id=e,command=cat')
  registry.join('s', 'e')
  const clients = await Promise.all(Array.from({ length: 500 }, () => watch(path)))
  const [first] = clients
  await eventually(async () => {
    first?.socket.write('.')
    await new Promise((resolve) => setTimeout(resolve, 20))
    return clients.every(({ shown }) => shown() !== '')
  })
  const all = clients.map(({ socket }) => once(socket, 'close'))
  for (const { socket } of clients) socket.end()
  await Promise.all(all)
})

test('a command that ends in order ends what is joined with it, and one that breaks off is told', async () => {
  const { add, registry } = makeChardevs()
  const path = join(scratchFolder(), 's')
  await add(`socket,id=s,path=${path},server=on,wait=off,mux=on,writer=all`)
  await add('exec,id=e,command=exit 0')
  expect(await registry.join('s', 'e').ended).toBe(undefined)
  await add('exec,id=b,command=exec <&-; while :; do echo deaf; sleep 0.05; done')
  const { ended } = registry.join('s', 'b')
  const broken = ended.then(
    () => 'ended',
    (error) => error.code,
  )
  const { socket, shown } = await watch(path)
  await eventually(() => shown().includes('deaf'))
  socket.write('typed')
  expect(await broken).toBe('EPIPE')
})

test('a command that is told the end has time to finish', async () => {
  const { add, registry } = makeChardevs()
  const folder = scratchFolder()
  const [path, result] = [join(folder, 's'), join(folder, 'result')]
  await add(`socket,id=s,path=${path},server=on,wait=off,mux=on`)
  await add(`exec,id=e,command=exec >&-; cat >/dev/null; sleep 0.2; echo whole >${result}`)
  await registry.join('s', 'e').ended
  expect(readFileSync(result, 'utf8')).toBe('whole\n')
})

test('where the shared end is dialled again, its clients stay', async () => {
  const { add, registry } = makeChardevs()
  const folder = scratchFolder()
  const server = await listenPlain(`${folder}/shared`)
  await add(`socket,id=s,path=${folder}/s,server=on,wait=off,mux=on`)
  await add(`socket,id=c,path=${folder}/shared,reconnect-ms=10`)
  registry.join('s', 'c')
  const { socket, shown } = await watch(`${folder}/s`)
  for (const word of ['one', 'two']) {
    const shared = await server.next()
    socket.write('typed')
    expect(String((await once(shared.resume(), 'data'))[0])).toContain('typed')
    await eventually(() => {
      shared.write(word)
      return shown().includes(word)
    })
    shared.end()
  }
})

test('of two that several clients use, neither can be joined to the other', async () => {
  const { add, registry } = makeChardevs()
  const folder = scratchFolder()
  for (const id of ['a', 'b']) await add(`socket,id=${id},path=${folder}/${id},server=on,mux=on`)
  expect(() => registry.join('a', 'b')).toThrow('mux=on of chardev b cannot be used: both of them')
})
