import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Diagnostic } from '../../../src/diagnostics/diagnostic.ts'
import { spanText } from '../../../src/diagnostics/source.ts'
import { runInProcess } from '../../cli/in-process.ts'
import { resultOf } from '../../cli/json-output.ts'
import { connectPlain, listenPlain } from '../../migration/relay/plain-ends.ts'
import { makeX509Folder } from '../../nbd/nbd-credentials.ts'
import { running } from './running-file.ts'

/** A client that stays. @param place A path, or `host:port`. */
async function client(place = ''): Promise<Socket> {
  const port = /^127\.0\.0\.1:(\d+)$/.exec(place)?.[1]
  const socket = port ? connect(Number(port)) : connect(place)
  onTestFinished(() => void socket.destroy())
  // An NBD server greets; a receiver waits for what its client has to say.
  await new Promise((resolve, reject) => {
    socket.once(port ? 'connect' : 'data', resolve).on('error', reject)
  })
  return socket
}

const NBD = 'nbd: {listen: "unix:DIR/nbd.sock"}\n'
const RECEIVER = 'receivers: [{id: m, listen: "tcp:127.0.0.1:0", file: /dev/null}]\n'

test('what did not change is not touched: its connections stay', async () => {
  const { folder, inForce, apply } = running()
  await apply(`${NBD}exports: [{id: a, memory: 1M}]\n${RECEIVER}`)
  const nbd = await client(join(folder, 'nbd.sock'))
  const source = await client(inForce.places.get('receiver m'))
  const change = await apply(
    `# of this host\n${RECEIVER}exports: [{memory: 1M, id: a}, {id: b, memory: 2M}]\n${NBD}`,
  )
  expect(change).toEqual({ started: ['export b'], stopped: [], objects: [], warnings: [] })
  expect([nbd.closed, source.closed]).toEqual([false, false])
})

test('an object whose properties are written in another order is the same', async () => {
  const { apply } = running()
  const dir = makeX509Folder()
  const file = (...properties: readonly string[]) =>
    `objects: [{qom-type: tls-creds-x509, id: t, ${properties.join(', ')}}]\n${NBD}`
  const words = [`dir: ${dir}`, 'endpoint: server', 'verify-peer: on']
  await apply(file(...words))
  const nothing = { started: [], stopped: [], objects: [], warnings: [] }
  for (const order of [words.toReversed(), [...words.slice(1), ...words.slice(0, 1)]]) {
    expect(await apply(file(...order))).toEqual(nothing)
  }
})

test('an object that a monitor has removed meanwhile may be gone from the file too', async () => {
  const { host, apply } = running()
  const objects = 'objects: [{qom-type: tls-creds-anon, id: t, endpoint: server}]\n'
  await apply(`${objects}${NBD}`)
  host.objects.remove('t')
  expect(await apply(NBD)).toEqual({ started: [], stopped: [], objects: ['t'], warnings: [] })
})

test('an export may be written to only where its file says so', async () => {
  const { folder, apply } = running()
  await apply(`${NBD}exports: [{id: a, memory: 1M}, {id: b, memory: 1M, writable: true}]\n`)
  const isReadOnly = async (name: string) => {
    const uri = `nbd+unix:///${name}?socket=${join(folder, 'nbd.sock')}`
    return resultOf((await runInProcess(['nbd', 'info', '--json', uri])).stdout).export.isReadOnly
  }
  expect([await isReadOnly('a'), await isReadOnly('b')]).toEqual([true, false])
})

test('what is gone ends, what changed starts anew, and exports follow their server', async () => {
  const { folder, host, apply } = running()
  await apply(`${NBD}exports: [{id: a, memory: 1M}]\n${RECEIVER}`)
  const { started, stopped } = await apply(
    'nbd: {listen: "unix:DIR/other.sock"}\nexports: [{id: a, memory: 1M}]\n',
  )
  expect(stopped).toEqual(['receiver m', 'export a', 'nbd'])
  expect(started).toEqual(['nbd', 'export a'])
  expect(existsSync(join(folder, 'nbd.sock'))).toBe(false)
  expect(host.nbd.exports.map(({ id }) => id)).toEqual(['a'])
})

test('a file that fails while it is applied leaves everything as it was', async () => {
  const { folder, host, inForce, apply } = running()
  await apply(`${NBD}exports: [{id: a, memory: 1M}]\n${RECEIVER}`)
  const source = await client(inForce.places.get('receiver m'))
  const refused = apply(
    `nbd: {listen: "unix:DIR/nbd2.sock"}\nexports: [{id: a, memory: 4M}, {id: b, file: DIR/no}]\n${RECEIVER}`,
  )
  await expect(refused).rejects.toThrow(`Could not open '${folder}/no'`)
  expect([...inForce.places.keys()].toSorted()).toEqual(['nbd', 'receiver m'])
  expect(inForce.places.get('nbd')).toBe(join(folder, 'nbd.sock'))
  expect(host.nodes.list.map(({ name, storage }) => [name, storage.size])).toEqual([
    ['a', 1_048_576],
  ])
  expect(source.closed).toBe(false)
  await client(join(folder, 'nbd.sock'))
})

test('what could not be restored is mended by the file before, applied once more', async () => {
  const [keys, otherKeys] = [makeX509Folder(), makeX509Folder()]
  const { folder, host, inForce, apply } = running()
  const first = `objects: [${CREDENTIALS.replace('DIR', keys)}]
nbd: {listen: "unix:DIR/n", tls-creds: tls0}
exports: [{id: a, file: DIR/disk}, {id: b, memory: 1M}]
`
  const disk = join(folder, 'disk')
  writeFileSync(disk, Buffer.alloc(4096))
  await apply(first)
  for (const one of [disk, keys]) renameSync(one, `${one}.away`)
  const other = first.replace(keys, otherKeys).replace('DIR/disk', 'DIR/disk, writable: true')
  const error = await apply(other).catch((one) => one)
  const codes = error.diagnostics.map(({ code }: { code: string }) => code)
  expect(codes).toContain('ENDPOINT_FILE_NOT_RESTORED')
  expect(host.nbd.exports.map(({ id }) => id)).toEqual(['b'])
  for (const one of [disk, keys]) renameSync(`${one}.away`, one)
  expect(await apply(first)).toMatchObject({ started: ['export a'], objects: ['tls0'] })
  expect(host.objects.find('tls0')?.properties.dir).toBe(keys)
  expect(host.nbd.exports.map(({ id }) => id).toSorted()).toEqual(['a', 'b'])
  expect(inForce.places.get('nbd')).toBe(join(folder, 'n'))
})

test('the error of an entry is told at its line', async () => {
  const { apply } = running()
  const error = await apply(`${RECEIVER}relays: []\nnbd: {listen: "unix:DIR/no/n.sock"}`).catch(
    (one) => one,
  )
  expect(error.diagnostics[0].code).toBe('ENDPOINT_CANNOT_LISTEN')
  expect(error.diagnostics[0].span.source.name).toBe('host.yaml')
})

test('what a chardev cannot open or listen at is told where it is named', async () => {
  const { folder, apply } = running()
  for (const [rest, code, value] of [
    ['backend: file, path: DIR/no/f', 'CHARDEV_CANNOT_OPEN', 'DIR/no/f'],
    ['backend: pipe, path: DIR/no/p', 'CHARDEV_CANNOT_OPEN', 'DIR/no/p'],
    ['backend: file, path: DIR/f, logfile: DIR/no/l', 'CHARDEV_CANNOT_OPEN', 'DIR/no/l'],
    ['backend: socket, server: on, path: DIR/no/s', 'ENDPOINT_CANNOT_LISTEN', 'DIR/no/s'],
    ['backend: socket, server: on, host: 192.0.2.1, port: 7', 'ENDPOINT_CANNOT_LISTEN', '7'],
  ] as const) {
    const { diagnostics } = await apply(`chardevs: [{id: c, ${rest}}]`).catch((one) => one)
    const told = diagnostics.map(({ code, span }: Diagnostic) => [code, span && spanText(span)])
    expect(told).toEqual([[code, value.replace('DIR', folder)]])
  }
})

test('the error of a file is told where the file is named, that of a socket where it listens', async () => {
  const { folder, apply } = running()
  mkdirSync(join(folder, 'full', 'of'), { recursive: true })
  const receiver = (rest: string) => `receivers: [{id: m, ${rest}}]`
  const here = 'listen: "unix:DIR/m.sock"'
  for (const [text, code, value] of [
    [receiver(`${here}, file: DIR/full`), 'MIGRATION_PLACE_UNUSABLE', 'DIR/full'],
    [receiver(`${here}, file: DIR/no/guest`), 'FILE_UNWRITABLE', 'DIR/no/guest'],
    [receiver(`${here}, file: DIR/full, multifd: 2`), 'MIGRATION_FOLDER_NOT_EMPTY', 'DIR/full'],
    [`${NBD}exports: [{id: a, file: DIR/none}]`, 'MONITOR_NODE_UNREADABLE', 'DIR/none'],
    [
      receiver('file: /dev/null, listen: "unix:DIR/no/m"'),
      'ENDPOINT_CANNOT_LISTEN',
      '"unix:DIR/no/m"',
    ],
  ] as const) {
    const { diagnostics } = await apply(text).catch((one) => one)
    const told = diagnostics.map(({ code, span }: Diagnostic) => [code, span && spanText(span)])
    expect(told).toEqual([[code, value.replace('DIR', folder)]])
  }
})

const CREDENTIALS = '{qom-type: tls-creds-x509, id: tls0, endpoint: server, dir: DIR}'

test('objects come, change and go with the file; a refused one is told before anything changes', async () => {
  const { folder, host, apply } = running(makeX509Folder())
  await apply(`objects: [${CREDENTIALS}]\nnbd: {listen: "unix:DIR/n", tls-creds: tls0}\n`)
  const changed = await apply(
    `objects: [${CREDENTIALS.replace('}', ', verify-peer: off}')}]\nnbd: {listen: "unix:DIR/n", tls-creds: tls0}\n`,
  )
  expect(changed).toMatchObject({ started: [], stopped: [], objects: ['tls0'] })
  expect(host.objects.find('tls0')?.properties['verify-peer']).toBe('off')
  await expect(
    apply(`objects: [{qom-type: tls-creds-anon, id: tls0}]\n${RECEIVER}`),
  ).rejects.toThrow('cannot become a tls-creds-anon')
  await expect(
    apply(`objects: [{qom-type: tls-creds-x509, id: tls1, dir: DIR/none}]\n${RECEIVER}`),
  ).rejects.toThrow('none')
  expect(host.nbd.place).toBe(join(folder, 'n'))
  expect((await apply(RECEIVER)).objects).toEqual(['tls0'])
  expect(host.objects.definitions).toEqual([])
})

test('what a client of the monitor changed stays, until the file changes it', async () => {
  const { folder, host, apply } = running()
  writeFileSync(join(folder, 'disk'), Buffer.alloc(4096))
  copyFileSync(join(folder, 'disk'), join(folder, 'disk2'))
  await apply(`${NBD}exports: [{id: a, file: DIR/disk}]\n`)
  await host.nbd.removeExport('a', 'hard')
  await apply(`${NBD}exports: [{id: a, file: DIR/disk}]\n${RECEIVER}`)
  expect(host.nbd.exports).toEqual([])
  await apply(`${NBD}exports: [{id: a, file: DIR/disk2}]\n${RECEIVER}`)
  expect(host.nbd.exports.map(({ id }) => id)).toEqual(['a'])
})

test('credentials that are there take a secret that comes with them', async () => {
  const folder = makeX509Folder()
  const { apply } = running(folder)
  await apply(`objects: [${CREDENTIALS}]\nnbd: {listen: "unix:DIR/n", tls-creds: tls0}\n`)
  writeFileSync(join(folder, 'phrase'), 'hunter2')
  const changed = await apply(
    `objects:
  - ${CREDENTIALS.replace('}', ', passwordid: sec0}')}
  - {qom-type: secret, id: sec0, file: DIR/phrase}
nbd: {listen: "unix:DIR/n", tls-creds: tls0}
`,
  )
  expect(changed.objects.toSorted()).toEqual(['sec0', 'tls0'])
})

test('an end that is asked for while a file is applied leaves nothing that listens', async () => {
  const { folder, inForce, apply } = running()
  const applied = apply(`${NBD}exports: [{id: a, memory: 1M}]\n${RECEIVER}`)
  await inForce.end(0)
  await applied
  await expect(client(join(folder, 'nbd.sock'))).rejects.toThrow('ENOENT')
})

test('a chardev is not joined to itself, nor to one that stands behind it', () => {
  const { apply } = running()
  return Promise.all(
    [
      'chardevs: [{id: a, backend: "null", join: a}]',
      'chardevs: [{id: a, backend: "null", join: b}, {id: b, backend: "null"}]',
    ].map((text) => expect(apply(text)).rejects.toThrow('which is not there')),
  )
})

test('what uses credentials that are for the other side of TLS now begins anew', async () => {
  const { folder, inForce, apply } = running(makeX509Folder())
  const target = await listenPlain(join(folder, 'far'))
  const file = (side: string) =>
    `objects: [${CREDENTIALS.replace('server', side)}]
relays: [{id: r, listen: "unix:DIR/r.sock", to: "unix:DIR/far", tls-creds: tls0, nbd: true TAIL}]
${RECEIVER}`.replace('TAIL', side === 'client' ? ', tls-hostname: localhost' : '')
  await apply(file('server'))
  expect(await apply(file('client'))).toMatchObject({ started: ['relay r'], objects: ['tls0'] })
  await connectPlain(join(folder, 'r.sock'))
  const far = (await target.next()).resume()
  // A handshake of TLS begins with its kind of record.
  expect((await once(far, 'data'))[0][0]).toBe(0x16)
  expect(await apply(file('server'))).toMatchObject({ started: ['relay r'], objects: ['tls0'] })
  expect(inForce.places.has('receiver m')).toBe(true)
})

test('an entry that is the same begins anew when the side of its credentials changes', async () => {
  const { apply } = running(makeX509Folder())
  const file = (side: string) =>
    `objects: [${CREDENTIALS.replace('server', side)}]
relays: [{id: r, listen: "unix:DIR/r.sock", to: "tcp:localhost:1", tls-creds: tls0}]
`
  await apply(file('server'))
  const change = await apply(file('client'))
  expect(change).toMatchObject({ stopped: ['relay r'], started: ['relay r'], objects: ['tls0'] })
})
