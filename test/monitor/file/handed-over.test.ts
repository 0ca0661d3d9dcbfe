import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { connect as connectPlain, type Socket } from 'node:net'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { listenPlain } from '../../migration/relay/plain-ends.ts'
import { makeX509Folder } from '../../nbd/nbd-credentials.ts'
import { freePort } from '../../peers/port.ts'
import { running } from './running-file.ts'

const OBJECTS =
  'objects: [{qom-type: tls-creds-x509, id: tls0, endpoint: server, dir: DIR, priority: NORMAL}]\n'

/** A relay that carries disks. */
const relay = (id: string, listen: string, target: string, more = '') =>
  `  - {id: ${id}, listen: "${listen}", to: "unix:DIR/${target}", tls-creds: tls0, nbd: true${more}}\n`

/** A client with the certificate of a folder. @param place A port, or a path. */
async function tlsClient(folder: string, place: number | string): Promise<TLSSocket> {
  const [ca, cert, key] = ['ca-cert', 'client-cert', 'client-key'].map((name) =>
    readFileSync(join(folder, `${name}.pem`)),
  )
  const where = typeof place === 'number' ? { port: place } : { path: place }
  const socket = connect({ ...where, ca, cert, key, servername: 'localhost' })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'secureConnect')
  return socket.on('error', () => {})
}

/** @throws where nothing listens. */
async function connected(place: number | string): Promise<Socket> {
  const socket = typeof place === 'number' ? connectPlain(place) : connectPlain({ path: place })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return socket.on('error', () => {})
}

test.each(['tcp', 'unix'] as const)(
  'while a relay waits for its clients, those who come to its place wait for the next one: %s',
  async (kind) => {
    const { folder, inForce, apply } = running(makeX509Folder())
    const port = await freePort()
    const [listen, place] =
      kind === 'tcp'
        ? ([`tcp:127.0.0.1:${port}`, port] as const)
        : (['unix:DIR/in.sock', join(folder, 'in.sock')] as const)
    const old = await listenPlain(join(folder, 'old'))
    const next = await listenPlain(join(folder, 'next'))
    await apply(`${OBJECTS}relays:\n${relay('r', listen, 'old')}`)
    const stays = await tlsClient(folder, place)
    const far = await old.next()
    const heard = async (said: string) => {
      stays.write(said)
      expect(String((await once(far, 'data'))[0])).toBe(said)
    }
    far.resume()
    await heard('first')
    const applied = apply(`${OBJECTS}relays:\n${relay('r', listen, 'next')}`)
    while (inForce.places.has('relay r')) await new Promise(setImmediate)
    const early = await connected(place)
    const late = tlsClient(folder, place)
    // The client that was there has its time.
    await heard('more')
    stays.end()
    far.destroy()
    expect((await applied).started).toEqual(['relay r'])
    const client = await late
    client.write('to the next')
    const served = await next.next()
    served.resume()
    expect(String((await once(served, 'data'))[0])).toBe('to the next')
    expect(early.closed).toBe(false)
    expect(old.connections).toHaveLength(1)
  },
)

test('a socket that is to have another mode is a new one', async () => {
  const { folder, apply } = running(makeX509Folder())
  const place = join(folder, 'in.sock')
  const text = (mode: string) =>
    `${OBJECTS}relays:\n${relay('r', 'unix:DIR/in.sock', 'far', `, socket-mode: "${mode}"`)}`
  await apply(text('0600'))
  await apply(text('0660'))
  expect(statSync(place).mode & 0o777).toBe(0o660)
  await connected(place)
})

test('a place that covers the one before is taken', async () => {
  const { apply } = running()
  const port = await freePort()
  await apply(`nbd: {listen: "tcp:127.0.0.1:${port}"}\n`)
  await apply(`nbd: {listen: "tcp::${port}"}\n`)
  await apply(`receivers: [{id: r, listen: "tcp:127.0.0.1:${port}", file: /dev/null}]\n`)
  await connected(port)
})

test('what is gone listens no more when the file is in force', async () => {
  const { folder, apply } = running()
  const port = await freePort()
  const monitor = 'monitors: [{id: m, listen: "unix:DIR/m.sock"}]\n'
  await apply(`${monitor}nbd: {listen: "tcp:127.0.0.1:${port}"}\nmetrics: {listen: "unix:DIR/x"}\n`)
  await apply(monitor)
  await expect(connected(port)).rejects.toThrow('ECONNREFUSED')
  expect(existsSync(join(folder, 'x'))).toBe(false)
  await connected(join(folder, 'm.sock'))
})

test('where the next one cannot be started, the one before has its socket again', async () => {
  const { folder, apply } = running()
  const nbd = 'nbd: {listen: "unix:DIR/n.sock", max-connections: 2}\n'
  await apply(nbd)
  const { ino } = statSync(join(folder, 'n.sock'))
  const wrong = `${nbd.replace('2', '3')}exports: [{id: a, file: DIR/none}]\n`
  await expect(apply(wrong)).rejects.toThrow('none')
  expect(statSync(join(folder, 'n.sock')).ino).toBe(ino)
  const client = await connected(join(folder, 'n.sock'))
  expect(String((await once(client, 'data'))[0])).toContain('NBDMAGIC')
})
