/** A guest comes from a real QEMU by commands of the monitor, and goes to another by them. */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { scratchFolder } from '../cli/command.ts'
import { makeX509Folder } from '../nbd/nbd-credentials.ts'
import { testWith } from '../peers/peer.ts'
import { startMonitor } from './our-monitor.ts'
import { QEMU, startQemu } from './qemu-monitor.ts'
import type { RawMonitor } from './raw-monitor.ts'

const MEMORY = 33_554_432
const GUEST = ['-machine', 'pc', '-m', '32', '-accel', 'tcg', '-vga', 'none']

const EVENTS = { capabilities: [{ capability: 'events', state: true }] }
const MULTIFD = { capabilities: [{ capability: 'multifd', state: true }] }
const RETURN_PATH = { capabilities: [{ capability: 'return-path', state: true }] }

async function startGuest(options: readonly string[]): Promise<RawMonitor> {
  const monitor = await startQemu(options, GUEST)
  await monitor.run('qmp_capabilities')
  await monitor.run('migrate-set-capabilities', EVENTS)
  return monitor
}

/** The digest of the memory of a guest that does not run. */
async function memoryOf(monitor: RawMonitor): Promise<string> {
  const filename = join(scratchFolder(), 'memory')
  await monitor.run('pmemsave', { val: 0, size: MEMORY, filename })
  return createHash('sha256').update(readFileSync(filename)).digest('hex')
}

async function addCredentials(monitor: RawMonitor, id: string, endpoint: string, dir: string) {
  await monitor.run('object-add', { 'qom-type': 'tls-creds-x509', id, endpoint, dir })
}

async function useCredentials(monitor: RawMonitor, id: string): Promise<void> {
  await monitor.run('migrate-set-parameters', { 'tls-creds': id, 'tls-hostname': 'localhost' })
}

/** Waits for guests; gives the place. */
async function receiveAt(monitor: RawMonitor): Promise<string> {
  await monitor.run('migrate-incoming', { uri: 'tcp:127.0.0.1:0' })
  const told = (await monitor.run('query-migrate')) as {
    readonly 'socket-address': readonly { readonly port: string }[]
  }
  return `tcp:127.0.0.1:${told['socket-address'][0]?.port}`
}

/** Waits for the end of a migration. */
async function endOf(monitor: RawMonitor): Promise<string> {
  const end = await monitor.waitForStatus(['completed', 'failed', 'cancelled'])
  monitor.events.length = 0
  return end
}

const WAYS = [
  ['', RETURN_PATH],
  [' over several channels', MULTIFD],
] as const

/** A guest, a QEMU that waits, and our monitor between them; each has the credentials of both sides. */
async function startThree(capabilities: (typeof WAYS)[number][1]) {
  const dir = makeX509Folder()
  const contents = join(scratchFolder(), 'contents')
  writeFileSync(contents, randomBytes(1_000_000))
  const source = await startGuest(['-device', `loader,file=${contents},addr=0x800000`])
  const destination = await startGuest(['-incoming', 'defer'])
  const guest = join(scratchFolder(), 'guest')
  const ours = await (await startMonitor(guest)).open()
  await ours.run('migrate-set-capabilities', EVENTS)
  for (const monitor of [source, destination, ours]) {
    await monitor.run('migrate-set-capabilities', capabilities)
    await addCredentials(monitor, 'in', 'server', dir)
    await addCredentials(monitor, 'out', 'client', dir)
  }
  return { source, destination, ours, guest, memory: await memoryOf(source) }
}

for (const [name, capabilities] of WAYS) {
  testWith(QEMU, `receives a guest as a server and sends it on as a client${name}`, async () => {
    const { source, destination, ours, memory } = await startThree(capabilities)
    await useCredentials(ours, 'in')
    await useCredentials(source, 'out')
    await source.run('migrate', { uri: await receiveAt(ours) })
    expect([await endOf(source), await endOf(ours)]).toEqual(['completed', 'completed'])
    expect(await ours.run('query-migrate')).toEqual({ status: 'completed' })

    await useCredentials(destination, 'in')
    await useCredentials(ours, 'out')
    await ours.run('migrate', { uri: await receiveAt(destination) })
    expect([await endOf(ours), await endOf(destination)]).toEqual(['completed', 'completed'])
    expect(await ours.run('query-status')).toMatchObject({ status: 'postmigrate' })
    expect(await memoryOf(destination)).toBe(memory)
  })
}

testWith(QEMU, 'a guest that fails is told, and the next one can come', async () => {
  const dir = makeX509Folder()
  const [clear, source] = [await startGuest([]), await startGuest([])]
  const ours = await (await startMonitor(join(scratchFolder(), 'guest'))).open()
  await ours.run('migrate-set-capabilities', EVENTS)
  await addCredentials(ours, 'in', 'server', dir)
  await useCredentials(ours, 'in')
  const uri = await receiveAt(ours)
  // In clear to an endpoint with TLS. Without a return path QEMU would believe that it was taken.
  await clear.run('migrate-set-capabilities', RETURN_PATH)
  await clear.run('migrate', { uri })
  expect(await endOf(clear)).toBe('failed')
  expect(await ours.run('query-status')).toMatchObject({ status: 'inmigrate' })
  await addCredentials(source, 'out', 'client', dir)
  await useCredentials(source, 'out')
  await source.run('migrate', { uri })
  expect([await endOf(source), await endOf(ours)]).toEqual(['completed', 'completed'])
  // Nothing listens there any more.
  await ours.run('migrate', { uri })
  await ours.waitForStatus(['failed'])
  expect(await ours.run('query-migrate')).toMatchObject({ status: 'failed' })
})

testWith(QEMU, 'a sending that is cancelled is told as QEMU tells it', async () => {
  const source = await startGuest([])
  const ours = await (await startMonitor(join(scratchFolder(), 'guest'))).open()
  await ours.run('migrate-set-capabilities', EVENTS)
  await source.run('migrate', { uri: await receiveAt(ours) })
  expect([await endOf(source), await endOf(ours)]).toEqual(['completed', 'completed'])
  const destination = await startGuest(['-incoming', 'defer'])
  await ours.run('migrate-set-parameters', { 'max-bandwidth': 1000 })
  await ours.run('migrate', { uri: await receiveAt(destination) })
  await ours.waitForStatus(['active'])
  expect(await ours.run('query-migrate')).toMatchObject({
    status: 'active',
    'expected-downtime': 300,
  })
  await expect(ours.run('migrate', { uri: 'tcp:127.0.0.1:1' })).rejects.toThrow(
    "There's a migration process in progress",
  )
  await ours.run('migrate_cancel')
  expect(await endOf(ours)).toBe('cancelled')
  expect(await ours.run('query-migrate')).toEqual({ status: 'cancelled' })
})

for (const [name, capabilities] of WAYS) {
  testWith(QEMU, `passes a guest on as it comes${name}`, async () => {
    const { source, destination, ours, guest, memory } = await startThree(capabilities)
    await useCredentials(destination, 'in')
    await useCredentials(ours, 'in')
    await useCredentials(source, 'out')
    const there = await receiveAt(destination)
    await expect(ours.run('migrate', { uri: there, 'x-relay': true })).rejects.toThrow(
      'No guest is waited for that could be passed on',
    )
    const uri = await receiveAt(ours)
    await expect(ours.run('migrate', { uri: there, 'x-relay': true })).rejects.toThrow(
      'Expected TLS credentials for a client endpoint',
    )
    await useCredentials(ours, 'out')
    await expect(ours.run('migrate', { uri: there })).rejects.toThrow(
      'Guest is waiting for an incoming migration',
    )
    await ours.run('human-monitor-command', { 'command-line': `migrate -p ${there}` })
    expect(await ours.run('query-status')).toMatchObject({ status: 'inmigrate' })
    await source.run('migrate', { uri })
    expect(await endOf(source)).toBe('completed')
    expect([await endOf(ours), await endOf(destination)]).toEqual(['completed', 'completed'])
    expect(await memoryOf(destination)).toBe(memory)
    expect(await ours.run('query-status')).toMatchObject({ status: 'postmigrate' })
    expect(await ours.run('query-migrate')).toMatchObject({ ram: { total: expect.any(Number) } })
    expect(existsSync(guest)).toBe(false)
  })
}

testWith(
  QEMU,
  'a guest that is passed on and cannot be loaded has failed for all three',
  async () => {
    const source = await startGuest([])
    const smaller = ['-machine', 'pc', '-m', '16', '-accel', 'tcg', '-vga', 'none']
    const destination = await startQemu(['-incoming', 'defer'], smaller)
    await destination.run('qmp_capabilities')
    const ours = await (await startMonitor(join(scratchFolder(), 'guest'))).open()
    await ours.run('migrate-set-capabilities', EVENTS)
    for (const monitor of [source, destination]) {
      await monitor.run('migrate-set-capabilities', RETURN_PATH)
    }
    const there = await receiveAt(destination)
    const uri = await receiveAt(ours)
    await ours.run('migrate', { uri: there, 'x-relay': true })
    await source.run('migrate', { uri })
    expect([await endOf(source), await endOf(ours)]).toEqual(['failed', 'failed'])
    expect(await ours.run('query-migrate')).toMatchObject({ 'error-desc': expect.any(String) })
    // The next one can come.
    await receiveAt(ours)
    expect(await ours.run('query-status')).toMatchObject({ status: 'inmigrate' })
  },
)

testWith(
  QEMU,
  'the passing on of a guest can be cancelled before it comes, and while it does',
  async () => {
    const [source, destination] = [await startGuest([]), await startGuest(['-incoming', 'defer'])]
    const ours = await (await startMonitor(join(scratchFolder(), 'guest'))).open()
    await ours.run('migrate-set-capabilities', EVENTS)
    const there = await receiveAt(destination)
    await receiveAt(ours)
    await ours.run('migrate', { uri: there, 'x-relay': true })
    await ours.run('migrate_cancel')
    expect(await endOf(ours)).toBe('cancelled')
    const uri = await receiveAt(ours)
    await ours.run('migrate', { uri: there, 'x-relay': true })
    await source.run('migrate-set-capabilities', RETURN_PATH)
    await source.run('migrate-set-parameters', { 'max-bandwidth': 10_000 })
    await source.run('migrate', { uri })
    await ours.waitForStatus(['active'])
    await ours.run('migrate_cancel')
    expect([await endOf(ours), await endOf(source)]).toEqual(['cancelled', 'failed'])
  },
)

testWith(
  QEMU,
  'yank out of band cuts off a guest that comes, and its source has it still',
  async () => {
    const source = await startGuest([])
    const ours = await (await startMonitor(join(scratchFolder(), 'guest'))).connect()
    await ours.run('qmp_capabilities', { enable: ['oob'] })
    await ours.run('migrate-set-capabilities', EVENTS)
    const instances = [{ type: 'migration' }]
    expect(await ours.run('query-yank')).toEqual([])
    await source.run('migrate-set-parameters', { 'max-bandwidth': 10_000 })
    await source.run('migrate-set-capabilities', RETURN_PATH)
    await source.run('migrate', { uri: await receiveAt(ours) })
    await ours.waitForStatus(['active'])
    expect(await ours.ask('{"exec-oob":"query-yank"}')).toEqual({ return: instances })
    const yank = JSON.stringify({ 'exec-oob': 'yank', arguments: { instances }, id: 1 })
    expect(await ours.ask(yank)).toEqual({ return: {}, id: 1 })
    expect([await endOf(ours), await endOf(source)]).toEqual(['failed', 'failed'])
  },
)
