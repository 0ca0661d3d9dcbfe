/** Chardevs that are made, changed and removed while others go on: what query-chardev of QEMU lists. */
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseChardev } from '../../src/chardev/definition/parse-chardev.ts'
import { scratchFolder } from '../cli/command.ts'
import { QEMU, runMonitor } from '../migration/qemu.ts'
import { connectPlain } from '../migration/relay/plain-ends.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { testWith } from '../peers/peer.ts'
import { freePort } from '../peers/port.ts'
import { makeChardevs } from './chardev-fixture.ts'

testWith(QEMU, 'QEMU and ours list the same', async () => {
  const folder = scratchFolder()
  const ports = [await freePort(), await freePort(), await freePort()] as const
  const texts = (name: string) => [
    `socket,id=a,host=127.0.0.1,port=${ports[0]},server=on,wait=off`,
    `socket,id=b,host=127.0.0.1,port=${ports[1]},server=on,wait=off,telnet=on`,
    `socket,id=c,host=127.0.0.1,port=${ports[2]},server=on,wait=off,websocket=on`,
    `socket,id=d,path=${folder}/${name},server=on,wait=off`,
    'socket,id=e,host=127.0.0.1,port=1,reconnect=60',
    ...['null,id=f', 'ringbuf,id=g', `file,id=h,path=${folder}/h`],
  ]
  const printed = await runMonitor(
    ['-machine', 'none', ...texts('sock').flatMap((text) => ['-chardev', text])],
    ['info chardev'],
  )
  const theirs = [...printed.matchAll(/^(\w): filename=(.*?)\r?$/gm)]
    .map(([, label, filename]) => ({ label, filename, 'frontend-open': false }))
    .toSorted((a, b) => String(a.label).localeCompare(String(b.label)))
  const { add, registry } = makeChardevs()
  for (const text of texts('sock')) await add(text)
  expect(registry.list()).toEqual(theirs)
})

test('refuses in the words of QEMU', async () => {
  const { add, registry } = makeChardevs()
  await add('null,id=n')
  await add('ringbuf,id=r')
  await expect(add('null,id=n')).rejects.toThrow("Chardev with id 'n' already exists")
  await expect(registry.remove('zz')).rejects.toThrow("Chardev 'zz' not found")
  expect(() => registry.ring('n')).toThrow('n is not a ringbuf device')
  registry.join('n', 'r')
  await expect(registry.remove('n')).rejects.toThrow("Chardev 'n' is busy")
  expect(registry.list()[0]).toEqual({ label: 'n', filename: 'null', 'frontend-open': true })
})

test('one that is joined is joined to no third, and none to itself', async () => {
  const { add, registry } = makeChardevs()
  for (const text of ['null,id=n', 'ringbuf,id=r', 'null,id=m']) await add(text)
  registry.join('n', 'r')
  expect(() => registry.join('n', 'm')).toThrow("Chardev 'n' is busy")
  expect(() => registry.join('m', 'r')).toThrow("Chardev 'r' is busy")
  expect(() => registry.join('m', 'm')).toThrow("Chardev 'm' is busy")
})

test('the list names the client that is connected, and none that has left', async () => {
  const { add, registry } = makeChardevs()
  const port = Number(await add('socket,id=s,host=127.0.0.1,port=0,server=on,wait=off'))
  await add('ringbuf,id=r')
  registry.join('s', 'r')
  for (let count = 0; count < 2; count++) {
    const user = connect(port, '127.0.0.1').resume()
    await once(user, 'connect')
    const theirs = `127.0.0.1:${user.localPort}`
    await expect.poll(() => registry.list()[0]?.filename).toContain(`<-> ${theirs}`)
    user.end()
    await once(user, 'close')
    await expect.poll(() => registry.list()[0]?.filename).toMatch(/^disconnected:/)
  }
})

test('one that is changed is joined as it was; where the new one cannot be opened, the old one stays', async () => {
  const { add, registry } = makeChardevs()
  const folder = scratchFolder()
  const paths = [join(folder, 'one'), join(folder, 'two')] as const
  await add(`socket,id=s,path=${paths[0]},server=on`)
  await add('ringbuf,id=r')
  registry.join('s', 'r')
  await registry.change(parseChardev(`socket,id=s,path=${paths[1]},server=on`))
  const user = await connectPlain(paths[1])
  user.on('end', () => user.end()).resume()
  user.write('two')
  await eventually(() => registry.ring('r').length === 3)
  const wrong = parseChardev(`socket,id=s,path=${folder}/missing/three,server=on`)
  await expect(registry.change(wrong)).rejects.toThrow('cannot listen')
  const again = await connectPlain(paths[1])
  again.write('again')
  await eventually(() => registry.ring('r').length === 8)
})

test.each(['first', 'last'])(
  'a command that is named %s runs once for what stands',
  async (place) => {
    const { add, registry } = makeChardevs()
    await add('exec,id=e,command=echo hello')
    await add('ringbuf,id=r')
    const { ended } = place === 'first' ? registry.join('e', 'r') : registry.join('r', 'e')
    await ended
    expect(String(registry.ring('r').read(99))).toBe('hello\n')
  },
)

test('a client changes what another client is changing: refused, and nothing stays behind', async () => {
  const { add, registry } = makeChardevs()
  const folder = scratchFolder()
  await add(`socket,id=s,path=${folder}/one,server=on`)
  const change = (name: string) =>
    registry.change(parseChardev(`socket,id=s,path=${folder}/${name},server=on`))
  const [two, three] = await Promise.allSettled([change('two'), change('three')])
  expect(two).toEqual({ status: 'fulfilled', value: `${folder}/two` })
  expect(three).toMatchObject({ status: 'rejected', reason: { message: "Chardev 's' is busy" } })
  const others = await Promise.allSettled([
    change('four'),
    registry.remove('s'),
    add('null,id=s'),
    change('five'),
  ])
  expect(others.map(({ status }) => status)).toEqual([
    'fulfilled',
    ...['rejected', 'rejected', 'rejected'],
  ])
  expect(readdirSync(folder)).toEqual(['four'])
  await registry.remove('s')
  expect(readdirSync(folder)).toEqual([])
})

test('one that is being opened when all are closed is refused, and does not stay open', async () => {
  const { add, registry } = makeChardevs()
  const folder = scratchFolder()
  const socket = join(folder, 'socket')
  const opening = add(`socket,id=s,path=${socket},server=on`)
  const refused = expect(opening).rejects.toThrow('all of them are being closed')
  await registry.close()
  await refused
  expect(readdirSync(folder)).toEqual([])
  await expect(add('null,id=n')).rejects.toThrow('all of them are being closed')
})

test('where it cannot be changed, what was written to its file and to its log stays', async () => {
  const { add, registry } = makeChardevs()
  const folder = scratchFolder()
  const pathOf = (name: string) => join(folder, name)
  const [socket, console, log] = [pathOf('socket'), pathOf('console'), pathOf('log')] as const
  await add(`socket,id=s,path=${socket},server=on`)
  await add(`file,id=f,path=${console},logfile=${log}`)
  registry.join('s', 'f')
  const guest = await connectPlain(socket)
  guest.on('end', () => guest.end()).resume()
  guest.write('kept')
  await eventually(() => [log, console].every((path) => readFileSync(path, 'utf8') === 'kept'))
  const wrong = parseChardev(`file,id=f,path=${folder}/missing/file`)
  await expect(registry.change(wrong)).rejects.toThrow('No such file')
  expect(readFileSync(console, 'utf8')).toBe('kept')
  expect(readFileSync(log, 'utf8')).toBe('kept')
})
