/** The guests of a host: who holds what for them, and what is told of those that do not arrive. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Listener } from '../../../src/endpoint/listener.ts'
import { parseMigrationUri } from '../../../src/migration/address/migration-uri.ts'
import type { GuestEvent } from '../../../src/monitor/host/guest-event.ts'
import { HostEndpoints } from '../../../src/monitor/host/host-endpoints.ts'
import { scratchFolder } from '../../cli/command.ts'
import { readRecorded } from '../../migration/recorded-streams.ts'
import { connectPlain, listenPlain, readAll } from '../../migration/relay/plain-ends.ts'
import { makeX509Folder } from '../../nbd/nbd-credentials.ts'
import { openNegotiated } from '../in-process-monitor.ts'

/** A guest of QEMU 7.2, without memory that was written to. */
const GUEST = readRecorded('exec-7.2-pc-i440fx-7.2-S.bin.gz')

async function openHost() {
  const folder = scratchFolder()
  const told: GuestEvent[] = []
  const host = new HostEndpoints({
    guestPath: join(folder, 'guest'),
    tell: (_, event) => void (event.event === 'guest' && told.push(event)),
  })
  onTestFinished(() => host.close())
  const place = (name: string) => parseMigrationUri(`unix:${folder}/${name}`)
  const statuses = () => told.map(({ status }) => status)
  const reach = (status: GuestEvent['status']) =>
    vi.waitFor(() => expect(statuses()).toContain(status), { timeout: 120_000 })
  return { host, ...host, folder, told, place, statuses, reach }
}

type Host = Awaited<ReturnType<typeof openHost>>

/** Sends a guest to a host that waits for it at `in`. */
async function store({ migrations, place, folder, reach, told }: Host): Promise<void> {
  await migrations.receive(place('in'))
  const source = await connectPlain(join(folder, 'in'))
  source.end(GUEST)
  await reach('completed')
  told.length = 0
}

const unknownReason = () => undefined

test('of two who wait for a guest at once, one is refused, and none goes meanwhile', async () => {
  const { migrations, place } = await openHost()
  const both = [migrations.receive(place('a')), migrations.receive(place('b'))]
  expect(() => migrations.send(() => place('c'), unknownReason)).toThrow('Guest is waiting')
  const outcomes = await Promise.allSettled(both)
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  expect(migrations.incoming?.place).toMatch(/\/a$/)
})

test('a guest that cannot be waited for leaves credentials unused, and room for another', async () => {
  const { migrations, objects, place } = await openHost()
  const dir = makeX509Folder()
  objects.add({ type: 'tls-creds-x509', id: 's0', properties: { endpoint: 'server', dir } })
  migrations.parameters.set({ 'tls-creds': 's0' })
  const nowhere = parseMigrationUri('unix:/nosuch/socket')
  await expect(migrations.receive(nowhere)).rejects.toThrow('/nosuch')
  expect(migrations.isUnderWay).toBe(false)
  await migrations.receive(place('in'))
  expect(() => objects.tls.remove('s0')).toThrow('in use')
  await migrations.close()
  await expect(migrations.receive(nowhere)).rejects.toThrow('/nosuch')
  objects.tls.remove('s0')
})

test('one that is passed on holds the credentials of its other side until it has ended', async () => {
  const { migrations, objects, place } = await openHost()
  const dir = makeX509Folder()
  objects.add({ type: 'tls-creds-x509', id: 'c0', properties: { endpoint: 'client', dir } })
  await migrations.receive(place('in'))
  migrations.parameters.set({ 'tls-creds': 'c0', 'tls-hostname': 'localhost' })
  migrations.passOn(place('out'))
  expect(() => objects.tls.remove('c0')).toThrow('in use')
  expect(() => migrations.passOn(place('out'))).toThrow('in progress')
  await migrations.close()
  objects.tls.remove('c0')
  migrations.parameters.set({ 'tls-creds': '' })
  expect(() => migrations.passOn(place('out'))).toThrow('No guest is waited for')
})

test('a guest that has failed to go is forgotten as soon as another is waited for', async () => {
  const { migrations, place } = await openHost()
  expect(() => migrations.send(() => place('out'), unknownReason)).toThrow('no guest is stored')
  expect(migrations.outgoing).toMatchObject({ status: 'failed', kind: 'refused' })
  migrations.cancel()
  expect(migrations.outgoing).toMatchObject({ status: 'failed' })
  await migrations.receive(place('in'))
  expect(migrations.outgoing).toBeUndefined()
})

test('why a guest has failed is told with its code, and in words to those who ask', async () => {
  const host = await openHost()
  const { migrations, told, place, reach, folder } = host
  await migrations.receive(place('in'))
  const source = await connectPlain(join(folder, 'in'))
  source.end(GUEST.subarray(0, -100))
  await reach('failed')
  const codes = () => told.map(({ diagnostics }) => diagnostics.map(({ code }) => code))
  expect(codes().slice(0, -1).flat()).toEqual([])
  expect(codes().at(-1)).toEqual(['MIGRATION_STREAM_CUT'])
  const messages = told.at(-1)?.diagnostics.map(({ message }) => message)
  expect(messages).toEqual([migrations.incoming?.error])
  told.length = 0
  await store(host)
  migrations.send(() => place('out'), unknownReason)
  await reach('failed')
  expect(codes().at(-1)).toHaveLength(1)
  expect(migrations.outgoing?.error).toContain(`${folder}/out`)
})

test('a guest with channels beside the main one is stored where so many are waited for', async () => {
  const { migrations, place, folder, reach } = await openHost()
  migrations.capabilities.set([{ capability: 'multifd', state: true }])
  migrations.parameters.set({ 'multifd-channels': 2n })
  await migrations.receive(place('in'))
  for (const channel of [0, 1, 2]) {
    const source = await connectPlain(join(folder, 'in'))
    source.end(readRecorded(`tcp-7.2-multifd2-guest/conn.c${channel}.fwd.gz`))
  }
  await reach('completed')
  expect(existsSync(join(folder, 'guest'))).toBe(true)
})

test('a host that ends cuts off a guest that comes, one that goes, and one that is passed on', async () => {
  const coming = await openHost()
  await coming.migrations.receive(coming.place('in'))
  await coming.host.close()
  expect(coming.statuses()).toEqual(['setup', 'failed'])

  const going = await openHost()
  await store(going)
  const { next } = await listenPlain(join(going.folder, 'out'))
  going.migrations.parameters.set({ 'max-bandwidth': 1n })
  going.migrations.send(() => going.place('out'), unknownReason)
  await next()
  await going.host.close()
  expect(going.statuses().slice(-2)).toEqual(['cancelling', 'cancelled'])
  expect(going.migrations.isUnderWay).toBe(false)
  // What is over is not cancelled.
  going.migrations.cancel()
  expect(going.migrations.outgoing?.status).toBe('cancelled')

  const passed = await openHost()
  await passed.migrations.receive(passed.place('in'))
  passed.migrations.passOn(passed.place('out'))
  await passed.host.close()
  expect(passed.statuses()).toEqual(['setup', 'setup', 'cancelling', 'cancelled'])
  passed.migrations.cancel()
  expect(passed.migrations.outgoing?.status).toBe('cancelled')
})

test('a guest is active once, however many pieces it goes in; a rate of 0 is no limit', async () => {
  const host = await openHost()
  await store(host)
  const { next } = await listenPlain(join(host.folder, 'out'))
  // At a million bytes a second it goes in pieces of a tenth of that at most.
  for (const rate of [0n, 1_000_000n]) {
    host.told.length = 0
    host.migrations.parameters.set({ 'max-bandwidth': rate })
    host.migrations.send(() => host.place('out'), unknownReason)
    const socket = await next()
    expect((await readAll(socket)).equals(GUEST)).toBe(true)
    socket.end()
    await host.reach('completed')
    expect(host.statuses()).toEqual(['setup', 'active', 'completed'])
  }
})

/** A guest that is passed on and has begun, and both of its ends. */
async function passOn() {
  const host = await openHost()
  const { next } = await listenPlain(join(host.folder, 'out'))
  await host.migrations.receive(host.place('in'))
  host.migrations.passOn(host.place('out'))
  const source = await connectPlain(join(host.folder, 'in'))
  source.write(GUEST.subarray(0, 4_000))
  const destination = await next()
  await host.reach('active')
  host.told.length = 0
  return { ...host, source, destination }
}

test('one that was passed on whole is not cancelled any more', async () => {
  const { migrations, source, destination, reach, statuses } = await passOn()
  source.end(GUEST.subarray(4_000))
  expect((await readAll(destination)).equals(GUEST)).toBe(true)
  migrations.cancel()
  destination.end()
  await reach('completed')
  expect(statuses()).toEqual(['completed'])
})

test('one that has failed is not cancelled while its connections close', async () => {
  const { migrations, source, reach, statuses, told } = await passOn()
  const gate = Promise.withResolvers<void>()
  const drain = vi.spyOn(Listener.prototype, 'drain').mockImplementationOnce(() => gate.promise)
  onTestFinished(() => {
    gate.resolve()
    drain.mockRestore()
  })
  source.destroy()
  await vi.waitFor(() => expect(drain).toHaveBeenCalled(), { timeout: 120_000 })
  migrations.cancel()
  gate.resolve()
  await reach('failed')
  expect(statuses()).toEqual(['failed'])
  expect(told.at(-1)?.diagnostics).not.toEqual([])
})

test('yank of no instances cuts off nothing', async () => {
  const folder = scratchFolder()
  const { client } = await openNegotiated({ guestPath: join(folder, 'guest') })
  await client.run('migrate-incoming', { uri: `unix:${folder}/in` })
  const source = await connectPlain(join(folder, 'in'))
  expect(await client.run('yank', { instances: [] })).toEqual({})
  source.end(GUEST)
  await vi.waitFor(
    async () => expect(await client.run('query-migrate')).toMatchObject({ status: 'completed' }),
    { timeout: 120_000 },
  )
})

test('how long one took that was passed on is told as it was when it ended', async () => {
  const { migrations, source, reach } = await passOn()
  source.destroy()
  await reach('failed')
  const { outgoing } = migrations
  const total = () => (outgoing && 'times' in outgoing ? outgoing.times.total : 0)
  const atEnd = total()
  expect(atEnd).toBeGreaterThan(0)
  for (let count = 0; count < 3; count++) await new Promise(setImmediate)
  expect(total()).toBe(atEnd)
})
