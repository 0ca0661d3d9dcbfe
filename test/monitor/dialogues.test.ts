/** What QEMU 7.2 does not have, guests without a QEMU, and how a session treats its client; in process. */
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { fail } from '../../src/diagnostics/diagnostic.ts'
import { FILE_KINDS } from '../../src/files/file-diagnostics.ts'
import { type EndpointEvent, HostEndpoints } from '../../src/monitor/host/host-endpoints.ts'
import { MonitorServer } from '../../src/monitor/server/monitor-server.ts'
import { QmpSession } from '../../src/monitor/server/qmp-session.ts'
import { FileStorage } from '../../src/nbd/storage/file-storage.ts'
import { parseSystemConfig } from '../../src/priority/system-config.ts'
import { scratchFolder } from '../cli/command.ts'
import { readRecorded } from '../migration/recorded-streams.ts'
import { connectPlain, listenPlain, readAll } from '../migration/relay/plain-ends.ts'
import { makeX509Folder } from '../nbd/nbd-credentials.ts'
import { openInProcess, openNegotiated } from './in-process-monitor.ts'
import type { RawMonitor } from './raw-monitor.ts'

/** What is told of a refusal. */
async function refusalOf(client: RawMonitor, execute: string, args?: object): Promise<string> {
  return client.run(execute, args).then(
    () => 'taken',
    (error: Error) => error.message,
  )
}

describe('where a guest comes from, in the words of newer releases', () => {
  const main = (addr: object) => ({ 'channel-type': 'main', addr })
  const socket = (addr: object) => [main({ transport: 'socket', ...addr })]
  const inet = (addr: object) => socket({ type: 'inet', host: '127.0.0.1', ...addr })

  const REFUSED: readonly (readonly [object, string])[] = [
    [{}, "Parameter 'uri' is missing"],
    [{ channels: [] }, "Parameter 'uri' is missing"],
    [{ uri: 'tcp:a:1', channels: [] }, "need either 'uri' or 'channels' argument"],
    [
      { channels: [...inet({ port: '0' }), ...inet({ port: '0' })] },
      'Channel list has more than one entries',
    ],
    [{ uri: 'nosuch:x' }, "Parameter 'uri' expects a valid migration protocol"],
    [{ uri: 'tcp' }, "Parameter 'uri' expects a valid migration protocol"],
    [{ uri: 'fd:name' }, "File descriptor named 'name' has not been found"],
    [{ uri: 'fd:1a' }, "File descriptor named '1a' has not been found"],
    [
      { channels: socket({ type: 'fd', str: 'name' }) },
      "File descriptor named 'name' has not been found",
    ],
    [
      { channels: socket({ type: 'unix', path: '/run/x', abstract: true }) },
      'abstract sockets are not supported for migrations',
    ],
    [
      { channels: [main({ transport: 'file', filename: '/x', offset: 9_007_199_254_740_992 })] },
      "Parameter 'offset' expects a size below 2^53",
    ],
  ]

  test('what cannot be a place is refused', async () => {
    const { client } = await openNegotiated({ guestPath: join(scratchFolder(), 'guest') })
    for (const [args, message] of REFUSED) {
      const told = await refusalOf(client, 'migrate-incoming', args)
      expect([args, told]).toEqual([args, message])
    }
  })

  const PLACES = [
    ['an address', (_: string) => ({ channels: inet({ port: '0' }) }), { type: 'inet' }],
    ['a family', (_: string) => ({ channels: inet({ port: '0', ipv4: true }) }), { ipv4: true }],
    ['a path', (path: string) => ({ channels: socket({ type: 'unix', path }) }), { type: 'unix' }],
    ['a URI', (path: string) => ({ uri: `unix:${path}` }), { type: 'unix' }],
  ] as const

  for (const [name, argumentsOf, place] of PLACES) {
    test(`${name} is where it is waited for`, async () => {
      const folder = scratchFolder()
      const { client } = await openNegotiated({ guestPath: join(folder, 'guest') })
      await client.run('migrate-incoming', argumentsOf(join(folder, 'socket')))
      const told = await client.run('query-migrate')
      expect(told).toMatchObject({ 'socket-address': [place] })
      expect(told).not.toHaveProperty('status')
    })
  }
})

/** A guest of QEMU 7.2, without memory that was written to. */
const GUEST = readRecorded('exec-7.2-pc-i440fx-7.2-S.bin.gz')

const EVENTS = { capabilities: [{ capability: 'events', state: true }] }

/** A monitor that waits for a guest, and what it tells of it. */
async function awaitGuest() {
  const folder = scratchFolder()
  const guestPath = join(folder, 'guest')
  const told: object[] = []
  const tell = (endpoint: string, event: EndpointEvent) => {
    if (event.event !== 'guest') return
    const { way, status, path, place } = event
    told.push({ endpoint, way, status, ...(path === undefined ? {} : { path }), place })
  }
  const { client, host } = await openNegotiated({ guestPath, tell })
  const place = join(folder, 'socket')
  await client.run('migrate-set-capabilities', EVENTS)
  await client.run('migrate-incoming', { uri: `unix:${place}` })
  return { client, host, place, guestPath, told, folder }
}

const statusesOf = ({ events }: RawMonitor) => events.map(({ data }) => data?.status)

async function storeGuest() {
  const scene = await awaitGuest()
  const source = await connectPlain(scene.place)
  source.end(GUEST)
  await scene.client.waitForStatus(['completed', 'failed'])
  return scene
}

/** What is told of the times agrees with itself: half a millisecond is lost where they are rounded. */
function checkTimes(told: unknown, elapsed: number): void {
  const { ram, ...times } = told as Readonly<Record<string, number>> & {
    readonly ram: Readonly<Record<'transferred' | 'mbps', number>>
  }
  const { 'setup-time': setup = -1, 'total-time': total = -1 } = times
  expect(setup).toBeGreaterThanOrEqual(0)
  expect(total).toBeGreaterThanOrEqual(setup)
  expect(total).toBeLessThanOrEqual(Math.round(elapsed))
  const megabits = (ram.transferred * 8) / 1_000_000
  expect(ram.mbps).toBeGreaterThanOrEqual(megabits / ((total + 0.5) / 1000))
  expect(ram.mbps).toBeLessThanOrEqual(megabits / (Math.max(total - 0.5, 0) / 1000))
}

describe('a guest', () => {
  test('that is waited for keeps others from it, until it is cut off', async () => {
    const { client, host, place, told, guestPath } = await awaitGuest()
    expect(await client.run('query-status')).toMatchObject({ status: 'inmigrate', running: false })
    expect(await client.run('query-yank')).toEqual([{ type: 'migration' }])
    const again = { uri: `unix:${place}2` }
    const started = 'The incoming migration has already been started'
    expect(await refusalOf(client, 'migrate-incoming', again)).toBe(started)
    const waits = 'Guest is waiting for an incoming migration'
    expect(await refusalOf(client, 'migrate', again)).toBe(waits)
    const both = [{ type: 'migration' }, { type: 'chardev', id: 'c' }]
    expect(await refusalOf(client, 'yank', { instances: both })).toBe('Instance not found')
    expect(host.migrations.isUnderWay).toBe(true)
    await client.run('yank', { instances: [] })
    expect(host.migrations.isUnderWay).toBe(true)
    await client.run('yank', { instances: [{ type: 'migration' }] })
    await client.waitForStatus(['failed'])
    expect(await client.run('query-migrate')).toMatchObject({
      ...{ status: 'failed', 'error-desc': expect.stringMatching(/./) },
    })
    expect(await client.run('query-yank')).toEqual([])
    expect(await client.run('query-status')).toMatchObject({ status: 'running', running: true })
    const guest = { endpoint: 'migration', way: 'in', path: guestPath, place }
    expect(told).toEqual([
      { ...guest, status: 'setup' },
      { ...guest, status: 'failed' },
    ])
    expect(existsSync(place)).toBe(false)
    await client.run('migrate-incoming', { uri: `unix:${place}` })
  })

  test('that came is stored as it was sent, and goes on as it was stored', async () => {
    const { client, guestPath, folder, told } = await storeGuest()
    expect(statusesOf(client)).toEqual(['setup', 'active', 'completed'])
    expect(readFileSync(guestPath).equals(GUEST)).toBe(true)
    expect(await client.run('query-migrate')).toEqual({ status: 'completed' })
    expect(await client.run('query-status')).toMatchObject({ status: 'running' })
    client.events.length = 0
    const destination = join(folder, 'destination')
    const { next } = await listenPlain(destination)
    const begun = performance.now()
    await client.run('migrate', { uri: `unix:${destination}` })
    const socket = await next()
    expect((await readAll(socket)).equals(GUEST)).toBe(true)
    socket.end()
    await client.waitForStatus(['completed', 'failed'])
    expect(statusesOf(client)).toEqual(['setup', 'active', 'completed'])
    expect(await client.run('query-status')).toMatchObject({
      ...{ status: 'postmigrate', running: false },
    })
    const size = GUEST.length
    const info = await client.run('query-migrate')
    expect(info).toMatchObject({
      ...{ status: 'completed', downtime: 0 },
      ram: { total: size, transferred: size, remaining: 0, 'page-size': 4096, duplicate: 0 },
    })
    checkTimes(info, performance.now() - begun)
    const went = { endpoint: 'migration', way: 'out', place: destination }
    expect(told.slice(-3)).toEqual(
      ['setup', 'active', 'completed'].map((status) => ({ ...went, status })),
    )
  })

  test('that goes keeps others from it, until it is cancelled', async () => {
    const { client, folder } = await storeGuest()
    client.events.length = 0
    const destination = join(folder, 'destination')
    const { next } = await listenPlain(destination)
    await client.run('migrate-set-parameters', { 'max-bandwidth': 1 })
    const to = { uri: `unix:${destination}` }
    await client.run('migrate', to)
    await next()
    const busy = "There's a migration process in progress"
    expect(await refusalOf(client, 'migrate', to)).toBe(busy)
    expect(await refusalOf(client, 'migrate-incoming', to)).toBe(busy)
    expect(await refusalOf(client, 'migrate-set-capabilities', EVENTS)).toBe(busy)
    expect(await client.run('query-yank')).toEqual([{ type: 'migration' }])
    expect(await client.run('query-migrate')).toMatchObject({ 'expected-downtime': 300 })
    await client.run('migrate_cancel')
    await client.waitForStatus(['cancelled', 'failed', 'completed'])
    expect(statusesOf(client).slice(-2)).toEqual(['cancelling', 'cancelled'])
    expect(await client.run('query-migrate')).toEqual({ status: 'cancelled' })
    await client.run('migrate-set-capabilities', EVENTS)
  })

  test('that cannot go has failed, with its reason', async () => {
    const { client, folder } = await storeGuest()
    await client.run('migrate', { uri: `unix:${folder}/nothing` })
    await client.waitForStatus(['failed'])
    expect(await client.run('query-migrate')).toEqual({
      ...{ status: 'failed', 'error-desc': expect.stringContaining(`${folder}/nothing`) },
    })
  })

  test('that is cut short is not stored', async () => {
    const { client, place, guestPath } = await awaitGuest()
    const source = await connectPlain(place)
    source.end(GUEST.subarray(0, -100))
    await client.waitForStatus(['failed'])
    expect(existsSync(guestPath)).toBe(false)
    expect(await refusalOf(client, 'migrate', { uri: 'tcp:127.0.0.1:1' })).toBe(
      `no guest is stored at ${guestPath}`,
    )
  })

  test('is passed on as it comes, and not stored', async () => {
    const { client, place, guestPath, folder, told } = await awaitGuest()
    client.events.length = 0
    const destination = join(folder, 'destination')
    const { next } = await listenPlain(destination)
    await client.run('migrate', { uri: `unix:${destination}`, 'x-relay': true })
    expect(await client.run('query-status')).toMatchObject({ status: 'inmigrate' })
    expect(await client.run('query-migrate')).toMatchObject({
      ...{ status: 'setup', 'socket-address': [{ type: 'unix', path: place }] },
    })
    const source = await connectPlain(place)
    source.write(GUEST.subarray(0, -1))
    const socket = await next()
    await client.waitForStatus(['active'])
    expect(await client.run('query-status')).toMatchObject({ status: 'inmigrate' })
    expect(await client.run('query-migrate')).not.toHaveProperty('socket-address')
    source.end(GUEST.subarray(-1))
    expect((await readAll(socket)).equals(GUEST)).toBe(true)
    socket.end()
    await client.waitForStatus(['completed', 'failed'])
    expect(statusesOf(client)).toEqual(['setup', 'active', 'completed'])
    const info = (await client.run('query-migrate')) as { readonly ram: object }
    expect(info).toMatchObject({ status: 'completed', downtime: 0 })
    expect(info.ram).toMatchObject({ transferred: GUEST.length, remaining: 0 })
    const { duplicate, normal } = info.ram as Record<string, number>
    expect(info.ram).toHaveProperty('normal-bytes', (normal ?? 0) * 4096)
    expect((normal ?? 0) + (duplicate ?? 0)).toBeGreaterThan(0)
    expect(existsSync(guestPath)).toBe(false)
    const went = { endpoint: 'migration', way: 'through', place: destination }
    expect(told.slice(1)).toEqual(
      ['setup', 'active', 'completed'].map((status) => ({ ...went, status })),
    )
    expect(await client.run('query-yank')).toEqual([])
  })

  /** A guest that is passed on, and has not come whole. */
  async function passOn() {
    const scene = await awaitGuest()
    const destination = join(scene.folder, 'destination')
    const { next } = await listenPlain(destination)
    await scene.client.run('migrate', { uri: `unix:${destination}`, 'x-relay': true })
    const source = await connectPlain(scene.place)
    source.write(GUEST.subarray(0, 4_000))
    await next()
    await scene.client.waitForStatus(['active'])
    scene.client.events.length = 0
    return { ...scene, source }
  }

  test('that is passed on is cancelled, and another is waited for', async () => {
    const { client, place } = await passOn()
    await client.run('migrate_cancel')
    await client.waitForStatus(['cancelled', 'failed', 'completed'])
    expect(statusesOf(client)).toEqual(['cancelling', 'cancelled'])
    expect(existsSync(place)).toBe(false)
    expect(await client.run('query-yank')).toEqual([])
    await client.run('migrate-incoming', { uri: `unix:${place}` })
  })

  test('that is passed on and cut short has failed, and was not cancelled', async () => {
    const { client, source } = await passOn()
    source.destroy()
    await client.waitForStatus(['cancelled', 'failed', 'completed'])
    expect(statusesOf(client)).toEqual(['failed'])
    expect(await client.run('query-migrate')).toMatchObject({
      ...{ status: 'failed', 'error-desc': expect.stringMatching(/./) },
    })
  })

  test('that comes already is not passed on', async () => {
    const { client, place } = await awaitGuest()
    const source = await connectPlain(place)
    source.write(GUEST.subarray(0, 4_000))
    await client.waitForStatus(['active'])
    const relayed = { uri: 'tcp:127.0.0.1:1', 'x-relay': true }
    expect(await refusalOf(client, 'migrate', relayed)).toBe(
      'The guest comes already, and is stored',
    )
  })
})

describe('capabilities of migrations', () => {
  type Change = readonly [capability: string, state: boolean]

  const change = (changes: readonly Change[]) => ({
    capabilities: changes.map(([capability, state]) => ({ capability, state })),
  })

  const enabled = async (client: RawMonitor) => {
    const all = (await client.run('query-migrate-capabilities')) as readonly {
      readonly capability: string
      readonly state: boolean
    }[]
    return all.filter(({ state }) => state).map(({ capability }) => capability)
  }

  test('are set all or none, the last word counts, and others stay', async () => {
    const { client } = await openNegotiated()
    const set = (...changes: readonly Change[]) =>
      refusalOf(client, 'migrate-set-capabilities', change(changes))
    await set(['xbzrle', true], ['multifd', true])
    expect(await enabled(client)).toEqual(['xbzrle', 'multifd'])
    await set(['xbzrle', false], ['events', true], ['events', false])
    expect(await enabled(client)).toEqual(['multifd'])
    expect(await set(['postcopy-ram', true], ['postcopy-ram', false])).toBe('taken')
    expect(await set(['events', true], ['postcopy-preempt', true])).toBe(
      'Postcopy preempt requires postcopy-ram',
    )
    // It is not for want of the other that these are refused.
    expect(await set(['postcopy-ram', true], ['postcopy-preempt', true])).toContain(
      "'postcopy-ram'",
    )
    expect(await enabled(client)).toEqual(['multifd'])
  })
})

describe('the human monitor', () => {
  async function openHuman() {
    const { client } = await openNegotiated()
    const say = (line: string) => client.run('human-monitor-command', { 'command-line': line })
    return { client, say }
  }

  /** As QEMU's qemu_strtosz_MiB() reads them. */
  const RATES: readonly (readonly [string, number])[] = [
    ['2', 2_097_152],
    ['1.5', 1_572_864],
    ['12.345M', 12_944_670],
    ['0.5k', 512],
    ['1.25K', 1_280],
    ['4096b', 4_096],
    ['1024B', 1_024],
    ['0x2', 2_097_152],
    ['0.5G', 536_870_912],
    ['1T', 1_099_511_627_776],
  ]

  test('reads sizes with parts of their units', async () => {
    const { client, say } = await openHuman()
    for (const [text, bytes] of RATES) {
      const told = await say(`migrate_set_parameter max-bandwidth ${text}`)
      const { 'max-bandwidth': rate } = (await client.run('query-migrate-parameters')) as {
        readonly 'max-bandwidth': number
      }
      expect([text, told, rate]).toEqual([text, '', bytes])
    }
  })

  test('switches capabilities on and off', async () => {
    const { client, say } = await openHuman()
    const isOn = async () => {
      const all = (await client.run('query-migrate-capabilities')) as readonly object[]
      return all.some((one) => 'state' in one && one.state)
    }
    expect(await say('migrate_set_capability xbzrle on')).toBe('')
    expect(await isOn()).toBe(true)
    expect(await say('migrate_set_capability xbzrle off')).toBe('')
    expect(await isOn()).toBe(false)
  })

  test('knows sockets of virtual machines, and that there are none', async () => {
    const { say } = await openHuman()
    expect(await say('nbd_server_start vsock:3:5')).toMatch(/^Error: vsock is not supported/)
  })

  test('helps with what is asked for alone', async () => {
    const { say } = await openHuman()
    const named = async (line: string) =>
      String(await say(line))
        .split('\r\n')
        .map((text) => text.split(' ').slice(0, 2).join(' '))
    expect(await named('help info migrate')).toEqual(['info migrate', ''])
    const all = await named('help info')
    expect(all).toEqual(expect.arrayContaining(['info block', 'info migrate', 'info version', '']))
    expect(all.filter((text) => !/^(info .*)?$/.test(text))).toEqual([])
    expect(await say('help info nosuch')).toBe("unknown command: 'info nosuch'\r\n")
    expect(await say('help nosuch info')).toBe("unknown command: 'nosuch'\r\n")
    for (const line of ['help quit', 'help q', 'help quit now']) {
      expect([line, String(await say(line))]).toEqual([
        line,
        expect.stringMatching(/^quit\|q .*\r\n$/),
      ])
    }
  })
})

describe('objects', () => {
  test('tell all their properties at once, but for secrets', async () => {
    const { client } = await openNegotiated()
    await client.run('object-add', { 'qom-type': 'authz-simple', id: 'a', identity: 'CN=x' })
    await client.run('object-add', { 'qom-type': 'secret', id: 's', data: 'letmein' })
    const told = await client.run('qom-list-get', { paths: ['a', '/objects/s'] })
    expect(told).toEqual([
      {
        properties: [
          { name: 'type', type: 'string', value: 'authz-simple' },
          { name: 'identity', type: 'string', value: 'CN=x' },
          { name: 'of', type: 'IdentityKind', value: 'dn' },
        ],
      },
      {
        properties: [
          { name: 'type', type: 'string', value: 'secret' },
          { name: 'data', type: 'string' },
          { name: 'file', type: 'string', value: '' },
          { name: 'format', type: 'QCryptoSecretFormat', value: 'raw' },
          { name: 'keyid', type: 'string', value: '' },
          { name: 'iv', type: 'string', value: '' },
          { name: 'loaded', type: 'bool', value: true },
        ],
      },
    ])
    expect(await refusalOf(client, 'qom-list-get', { paths: ['a', 'b'] })).toBe(
      "Device 'b' not found",
    )
  })

  test('are loaded anew, and what is refused is told with its reason', async () => {
    const dir = makeX509Folder()
    const reports: unknown[] = []
    const { client } = await openNegotiated({ onReload: (report) => reports.push(report) })
    const credentials = { 'qom-type': 'tls-creds-x509', id: 't', endpoint: 'server', dir }
    await client.run('object-add', credentials)
    expect(await client.run('x-objects-reload')).toEqual({
      complete: true,
      objects: [{ id: 't', type: 'tls-creds-x509', outcome: 'unchanged', messages: [] }],
    })
    await client.run('display-reload', { type: 'vnc', 'tls-certs': true })
    expect(reports).toHaveLength(2)
    await client.run('display-reload', { type: 'vnc', 'tls-certs': false })
    await client.run('display-reload', { type: 'vnc' })
    expect(reports).toHaveLength(2)
    rmSync(join(dir, 'server-cert.pem'))
    expect(await client.run('x-objects-reload')).toMatchObject({
      complete: false,
      objects: [{ id: 't', outcome: 'refused', messages: [expect.stringContaining(dir)] }],
    })
    expect(await refusalOf(client, 'display-reload', { type: 'vnc', 'tls-certs': true })).toContain(
      `${dir}/server-cert.pem`,
    )
    await client.run('object-add', { 'qom-type': 'tls-creds-anon', id: 'a', endpoint: 'server' })
    expect(await client.run('x-objects-reload')).toMatchObject({
      complete: false,
      objects: [{ outcome: 'refused' }, { outcome: 'unchanged' }],
    })
  })
})

test('a configuration of priority strings that cannot be read any more is told, although no object is refused', async () => {
  let isBroken = false
  const readConfig = () => {
    if (isBroken) fail(FILE_KINDS.missing, { path: '/etc/priorities' })
    return parseSystemConfig({ name: 'config', text: '[priorities]\nQEMU=NORMAL\n' })
  }
  const { client } = await openNegotiated({ context: { readConfig } })
  await client.run('object-add', { 'qom-type': 'tls-creds-anon', id: 't', endpoint: 'server' })
  const object = { id: 't', type: 'tls-creds-anon', outcome: 'unchanged', messages: [] }
  expect(await client.run('x-objects-reload')).toEqual({ complete: true, objects: [object] })
  isBroken = true
  const messages = ['/etc/priorities does not exist']
  const told = { complete: false, messages, objects: [object] }
  expect(await client.run('x-objects-reload')).toEqual(told)
  const line = { 'command-line': 'x-objects-reload' }
  expect(await client.run('human-monitor-command', line)).toBe(
    '/etc/priorities does not exist\r\nt: unchanged\r\n',
  )
  expect(await refusalOf(client, 'display-reload', { type: 'vnc', 'tls-certs': true })).toBe(
    '/etc/priorities does not exist',
  )
})

test('a missing file of credentials or of a secret is told in the words of QEMU 7.2', async () => {
  const { client } = await openNegotiated()
  const keys = { 'qom-type': 'tls-creds-psk', id: 'p', endpoint: 'client', dir: '/no' }
  expect(await refusalOf(client, 'object-add', keys)).toBe(
    'Unable to access credentials /no/keys.psk: No such file or directory',
  )
  const secret = { 'qom-type': 'secret', id: 's', file: '/no/x' }
  expect(await refusalOf(client, 'object-add', secret)).toBe(
    'Unable to read /no/x: Failed to open file “/no/x”: No such file or directory',
  )
})

describe('block nodes', () => {
  test('are told with sizes of three digits, as `qemu-img info` of 7.2 tells them', async () => {
    const { client } = await openNegotiated()
    for (const [size, printed] of [
      [512, '512 B'],
      [1536, '1.5 KiB'],
      [102_912, '100 KiB'],
      [103_936, '102 KiB'],
      [1_023_488, '1e+03 KiB'],
      [1_024_000, '0.977 MiB'],
    ] as const) {
      await client.run('blockdev-add', { driver: 'memory', 'node-name': `m${size}`, size })
      const line = { 'command-line': `info block -v m${size}` }
      expect(await client.run('human-monitor-command', line)).toContain(
        `virtual size: ${printed} (${size} bytes)`,
      )
    }
  })

  test('may be memory, and are as large as that', async () => {
    const { client } = await openNegotiated()
    const node = { driver: 'memory', 'node-name': 'm' }
    expect(await refusalOf(client, 'blockdev-add', node)).toBe("Parameter 'size' is missing")
    expect(await refusalOf(client, 'blockdev-add', { ...node, size: 2 ** 53 })).toBe(
      "Parameter 'size' expects a size below 2^53",
    )
    await client.run('blockdev-add', { ...node, size: 4096 })
    expect(await client.run('query-named-block-nodes')).toMatchObject([
      { 'node-name': 'm', drv: 'memory', ro: false, image: { 'virtual-size': 4096 } },
    ])
    expect(await client.run('query-named-block-nodes')).not.toHaveProperty('0.image.actual-size')
  })

  test('of files are on disk before they are gone', async () => {
    const flush = vi.spyOn(FileStorage.prototype, 'flush')
    onTestFinished(() => flush.mockRestore())
    const { client } = await openNegotiated()
    const filename = join(scratchFolder(), 'disk')
    writeFileSync(filename, Buffer.alloc(512))
    await client.run('blockdev-add', { driver: 'file', 'node-name': 'f', filename })
    expect(flush).not.toHaveBeenCalled()
    await client.run('blockdev-del', { 'node-name': 'f' })
    expect(flush).toHaveBeenCalledOnce()
  })

  test('are not read around the cache of the system', async () => {
    const { client } = await openNegotiated()
    const node = { driver: 'null-co', 'node-name': 'n' }
    const refused = { ...node, cache: { direct: true } }
    expect(await refusalOf(client, 'blockdev-add', refused)).toMatch(/^cache.direct is not/)
    await client.run('blockdev-add', { ...node, cache: { direct: false } })
  })
})

describe('a session', () => {
  /** A command that waits until it is let go on. */
  async function openWaiting(...capabilities: readonly string[]) {
    const { host, client } = await openInProcess()
    await client.run('qmp_capabilities', { enable: capabilities })
    const gate = Promise.withResolvers<void>()
    onTestFinished(() => gate.resolve())
    host.nodes.add = () => gate.promise
    const ids: unknown[] = []
    const collect = async (count: number) => {
      while (ids.length < count) ids.push((await client.next())?.id)
      return ids
    }
    const send = (request: object) => client.socket.write(JSON.stringify(request))
    const args = { driver: 'null-co', 'node-name': 'n' }
    send({ execute: 'blockdev-add', arguments: args, id: 'waits' })
    return { send, collect, client, open: gate.resolve }
  }

  const turns = async () => {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  }

  test('answers out of band while a command waits', async () => {
    const { send, collect, open } = await openWaiting('oob')
    send({ execute: 'query-name', id: 'in order' })
    send({ 'exec-oob': 'query-yank', id: 'at once' })
    expect(await collect(1)).toEqual(['at once'])
    send({ 'exec-oob': 'query-name', id: 'refused' })
    expect(await collect(2)).toEqual(['at once', 'refused'])
    open()
    expect(await collect(4)).toEqual(['at once', 'refused', 'waits', 'in order'])
  })

  test('answers in order a client that did not ask for that', async () => {
    const { send, collect, open } = await openWaiting()
    send({ 'exec-oob': 'query-yank', id: 'refused' })
    await turns()
    open()
    expect(await collect(2)).toEqual(['waits', 'refused'])
  })

  test('reads no more while eight commands wait', async () => {
    const { send, collect, open } = await openWaiting('oob')
    await turns()
    for (let id = 1; id <= 8; id++) {
      send({ execute: 'query-name', id })
      await turns()
    }
    send({ 'exec-oob': 'query-yank', id: 'behind' })
    await turns()
    open()
    const ids = await collect(10)
    expect(ids[0]).toBe('waits')
    expect(ids.filter((id) => typeof id === 'number')).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  test('executes no more for a client that does not read, and the rest when it does', async () => {
    const { client, host } = await openNegotiated()
    const list = vi.spyOn(host.chardevs, 'list')
    const count = 2_000
    // The answers take more than such a client may leave unread.
    const id = 'x'.repeat(4_000)
    client.socket.pause()
    for (let sent = 0; sent < count; sent++) {
      client.socket.write(JSON.stringify({ execute: 'query-chardev', id }))
    }
    await turns()
    expect(list.mock.calls.length).toBeLessThan(count)
    client.socket.resume()
    for (let read = 0; read < count; read++) expect(await client.next()).toEqual({ return: [], id })
    expect(list).toHaveBeenCalledTimes(count)
  })

  test('tells a client that has ended what was wrong with its last words', async () => {
    for (const [words, told] of [
      ['{"execute": "query-name"', 'JSON parse error, premature EOI'],
      ['5', 'QMP input must be a JSON object'],
      ['-', "JSON parse error, stray '-'"],
    ] as const) {
      const { ours, theirs, ending } = await startBare()
      ours.end(words)
      expect(await ending).toBe('done')
      theirs.end()
      const all = await text(ours)
      expect(all.split('\r\n').slice(1)).toEqual([
        ...[`{"error": {"class": "GenericError", "desc": "${told}"}}`, ''],
      ])
    }
  })

  test('tells a mistake of the program as an error of the command, and goes on', async () => {
    const { host, client } = await openNegotiated()
    const args = { driver: 'null-co', 'node-name': 'n' }
    for (const mistake of [new TypeError('no such thing'), 'no such thing']) {
      host.nodes.add = () => Promise.reject(mistake)
      expect(await refusalOf(client, 'blockdev-add', args)).toBe(
        'blockdev-add failed for a reason that is not known here: no such thing',
      )
    }
    expect(await client.run('query-name')).toEqual({})
  })

  async function startBare() {
    const host = new HostEndpoints()
    const [ours, theirs] = duplexPair()
    const session = new QmpSession(host, theirs)
    const ending = session.run()
    onTestFinished(async () => {
      ours.destroy()
      theirs.destroy()
      await ending
      await host.close()
    })
    return { host, ours, theirs, session, ending }
  }

  test('answers a client that has said all', async () => {
    const host = new HostEndpoints()
    const path = join(scratchFolder(), 'monitor')
    const server = new MonitorServer(host, { kind: 'unix', path })
    await server.listen()
    const gate = Promise.withResolvers<void>()
    onTestFinished(async () => {
      gate.resolve()
      await server.close(0)
      await host.close()
    })
    host.nodes.add = () => gate.promise
    const client = await connectPlain(path)
    const args = '{"driver": "null-co", "node-name": "n"}'
    client.end(
      `{"execute": "qmp_capabilities"}{"execute": "blockdev-add", "arguments": ${args}, "id": 7}`,
    )
    const all = readAll(client)
    await once(client, 'finish')
    await turns()
    gate.resolve()
    expect(String(await all)).toContain('{"return": {}, "id": 7}')
  })

  test('greets with its release and what a client may enable', async () => {
    const { ours } = await startBare()
    const [greeting] = await once(ours, 'data')
    expect(String(greeting)).toMatch(
      /^\{"QMP": \{"version": \{"qemu": \{"micro": 0, "minor": 2, "major": 7\}, "package": "cryptopolicy [^"]+"\}, "capabilities": \["oob"\]\}\}\r\n$/,
    )
  })

  test('tells no event before the negotiation, and each after it', async () => {
    const { host, client } = await openInProcess()
    host.events.emit('EARLY')
    await client.run('qmp_capabilities')
    host.events.emit('LATE', { a: 1n })
    await client.run('query-name')
    expect(client.events).toMatchObject([{ event: 'LATE', data: { a: 1 } }])
    const [event] = client.events as readonly {
      readonly timestamp?: { readonly seconds: number }
    }[]
    // In seconds, not in milliseconds or minutes.
    const now = Date.now() / 1000
    expect(Math.abs(now - (event?.timestamp?.seconds ?? 0))).toBeLessThan(now / 2)
  })

  test('cuts a client that leaves more than 4 MiB unread, and none that leaves less', async () => {
    const { host, ours, theirs, ending } = await startBare()
    ours.write('{"execute":"qmp_capabilities"}')
    await turns()
    const text = 'x'.repeat(1_048_000)
    for (let count = 0; count < 4; count++) host.events.emit('A', { text })
    expect(theirs.destroyed).toBe(false)
    host.events.emit('A', { text: 'x'.repeat(3_000) })
    expect(theirs.destroyed).toBe(true)
    expect(await ending).toBe('it did not read what it was told')
  })

  test('that is ended executes what waits, and reads no more', async () => {
    const { ours, session, ending } = await startBare()
    ours.resume()
    ours.write('{"execute":"qmp_capabilities"}')
    await turns()
    session.end()
    expect(await ending).toBe('done')
  })

  test('asks the process to end, and tells everybody', async () => {
    let hasQuit = false
    const { client } = await openNegotiated({
      onQuit: () => {
        hasQuit = true
      },
    })
    await client.run('quit')
    expect(hasQuit).toBe(true)
    expect(client.events).toMatchObject([
      { event: 'SHUTDOWN', data: { guest: false, reason: 'host-qmp-quit' } },
    ])
  })

  test('knows the name of its process', async () => {
    const { client } = await openNegotiated({ name: 'web1' })
    expect(await client.run('query-name')).toEqual({ name: 'web1' })
  })
})

test('a line of the human monitor that only ends as help does is no question for help', async () => {
  const { client } = await openNegotiated()
  const ask = (line: string) => client.run('human-monitor-command', { 'command-line': line })
  expect(await ask('xhelp')).toMatch(/^unknown command: 'xhelp'/)
  expect(await ask('? info')).toContain('info')
})

test('the root of the objects has its type, and the place of all others', async () => {
  const { client } = await openNegotiated()
  expect(await client.run('qom-list', { path: '/' })).toEqual([
    { name: 'type', type: 'string' },
    { name: 'objects', type: 'child<container>' },
  ])
})

test('of a guest that never went no status is told', async () => {
  const { client } = await openNegotiated()
  const line = { 'command-line': 'info migrate' }
  expect(await client.run('human-monitor-command', line)).not.toContain('Migration status')
})
