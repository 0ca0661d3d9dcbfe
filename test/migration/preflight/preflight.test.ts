/** What a preflight finds between two sides of this process, for each thing that can be wrong. */
import { chmodSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ConnectionEvent } from '../../../src/endpoint/connection-event.ts'
import { findSecurity } from '../../../src/endpoint/security.ts'
import { advisedChannels } from '../../../src/migration/preflight/advised-channels.ts'
import type { Check } from '../../../src/migration/preflight/check.ts'
import { type PreflightRequest, runPreflight } from '../../../src/migration/preflight/preflight.ts'
import { sayDone } from '../../../src/migration/preflight/preflight-connection.ts'
import { PreflightListener } from '../../../src/migration/preflight/preflight-listener.ts'
import { measureRate } from '../../../src/migration/preflight/rate.ts'
import { credentialsForEachSuite } from '../../../src/migration/preflight/suite-credentials.ts'
import { NO_CONFIG, parseSystemConfig } from '../../../src/priority/system-config.ts'
import { parseObject } from '../../../src/tls/objects/parse-object.ts'
import { TlsObjects } from '../../../src/tls/objects/tls-objects.ts'
import { scratchFolder, writeFiles } from '../../cli/command.ts'
import { eventually } from '../../nbd/server/test-server.ts'
import { AUTHORITY, type Description, ENDPOINT, make } from '../../x509/made-certificate.ts'

const TIMEOUT = 240_000

/** In hours: what ends within 30 days is told. */
const QUARTER = 24 * 90

const LOCALHOST = [0x82, Buffer.from('localhost')] as const

type Certificates = {
  readonly server?: Partial<Description>
  readonly client?: Partial<Description>
  readonly clientAuthority?: 'the same' | 'another'
}

/** A folder for each side. */
function makeFolders({ server = {}, client = {}, clientAuthority = 'the same' }: Certificates) {
  const authority = make({ subject: 'Preflight CA', ...AUTHORITY })
  const other = make({ subject: 'Other CA', ...AUTHORITY })
  const issuer = clientAuthority === 'the same' ? authority : other
  const ownServer = make({
    subject: 'localhost',
    issuer: authority,
    names: [LOCALHOST],
    until: QUARTER,
    ...ENDPOINT,
    ...server,
  })
  const ownClient = make({ subject: 'alice', issuer, ...ENDPOINT, ...client })
  const [there, here] = [scratchFolder(), scratchFolder()]
  writeFiles(there, {
    'ca-cert.pem': authority.certificate,
    'server-cert.pem': ownServer.certificate,
    'server-key.pem': ownServer.key,
  })
  writeFiles(here, {
    'ca-cert.pem': authority.certificate,
    'client-cert.pem': ownClient.certificate,
    'client-key.pem': ownClient.key,
  })
  chmodSync(join(there, 'server-key.pem'), 0o600)
  chmodSync(join(here, 'client-key.pem'), 0o600)
  return { there, here }
}

type Sides = Certificates & {
  readonly serverWords?: string
  readonly clientWords?: string
  readonly authorization?: string
  readonly config?: string
  /** In seconds. */
  readonly rateLimit?: number
}

/** Starts the side that listens, and gives what the other side needs. */
async function start(sides: Sides = {}) {
  const { there, here } = makeFolders(sides)
  const { serverWords = '', clientWords = '', authorization, config: text } = sides
  const config = text === undefined ? NO_CONFIG : parseSystemConfig({ name: 'gnutls.config', text })
  const words = (dir: string, endpoint: string, more: string) =>
    parseObject(`tls-creds-x509,id=tls0,dir=${dir},endpoint=${endpoint},verify-peer=on${more}`)
  const rules = authorization === undefined ? [] : [parseObject(authorization)]
  const server = TlsObjects.create([words(there, 'server', serverWords), ...rules], { config })
  const definition = words(here, 'client', clientWords)
  const objects = TlsObjects.create([definition], { config })
  const events: ConnectionEvent[] = []
  let done = 0
  const listener = new PreflightListener({
    config,
    security: findSecurity(server, {
      credentials: 'tls0',
      authorization: rules[0]?.id,
      handshakeLimit: TIMEOUT / 1000,
    }),
    onEvent: (event) => void events.push(event),
    ...(sides.rateLimit === undefined ? {} : { rateLimit: sides.rateLimit }),
    onDone: () => void done++,
  })
  const { port } = await listener.listen('127.0.0.1', 0)
  onTestFinished(() => listener.drain(0))
  const credentials = objects.credentials('tls0', 'client')
  const request: PreflightRequest = {
    ...{ host: '127.0.0.1', port, credentials, hostnames: ['localhost'], config },
    ...{ isTrusted: false, timeout: TIMEOUT },
  }
  return {
    request,
    events,
    doneTimes: () => done,
    objects,
    definition,
    listener,
    target: { address: '127.0.0.1', port, timeout: TIMEOUT },
  }
}

const codesOf = ({ diagnostics }: Check) => diagnostics.map(({ code }) => code)

/** The codes of what failed, by the name of the check. */
function failuresOf(checks: readonly Check[]): Record<string, readonly string[]> {
  const failed = checks.filter(({ outcome }) => outcome === 'failed')
  return Object.fromEntries(failed.map((check) => [check.name, codesOf(check)]))
}

test('nothing stands in the way of two hosts that fit', async () => {
  const { request } = await start()
  const { checks } = await runPreflight(request)
  expect(failuresOf(checks)).toEqual({})
  expect(checks.map(({ name }) => name)).toEqual([
    ...['listener', 'connection', 'clock', 'shared versions', 'shared cipher suites'],
    ...['shared groups', 'shared signature schemes', 'certificate for localhost'],
    ...['this host there', 'session'],
  ])
  const found = new Map(checks.map((check) => [check.name, check.found]))
  expect(found.get('this host there')).toBe('let in as CN=alice')
  expect(found.get('session')).toMatch(/^TLSv1\.3 TLS_AES_256_GCM_SHA384 /)
})

describe('what is wrong is found, with the code of the side that refuses', () => {
  const hours = { expired: { from: -48, until: -1 }, future: { from: 24, until: 48 } }
  const unchecked = { serverWords: ',sanity-check=off', clientWords: ',sanity-check=off' }
  const deny = `{"qom-type":"authz-simple","id":"clients","identity":"CN=bob"}`
  test.each<[string, Sides, Record<string, readonly string[]>]>([
    [
      'expired there',
      { ...unchecked, server: hours.expired },
      { 'certificate for localhost': ['TLS_CERTIFICATE_EXPIRED'] },
    ],
    [
      'not yet valid there',
      { ...unchecked, server: hours.future },
      { 'certificate for localhost': ['TLS_CERTIFICATE_NOT_YET_VALID'] },
    ],
    [
      'wrong name',
      { server: { names: [[0x82, Buffer.from('other.example')]] } },
      { 'certificate for localhost': ['TLS_HOST_MISMATCH'] },
    ],
    [
      'expired here',
      { ...unchecked, client: hours.expired },
      { 'this host there': ['TLS_CERTIFICATE_EXPIRED'] },
    ],
    [
      'another authority',
      { clientAuthority: 'another', clientWords: ',sanity-check=off' },
      { 'this host there': ['TLS_CERTIFICATE_NO_ISSUER'] },
    ],
    ['not authorized', { authorization: deny }, { 'this host there': ['TLS_NOT_AUTHORIZED'] }],
  ])('%s', async (_, sides, expected) => {
    const { request } = await start(sides)
    const { checks } = await runPreflight(request)
    expect(failuresOf(checks)).toEqual(expected)
  })

  test('two policies that share no group, with the lines that decided', async () => {
    const config =
      '[priorities]\nHERE=NORMAL:-GROUP-ALL:+GROUP-X25519\nTHERE=NORMAL:-GROUP-ALL:+GROUP-SECP384R1\n'
    const { request } = await start({
      ...{ config, serverWords: ',priority=@THERE', clientWords: ',priority=@HERE' },
    })
    const { checks } = await runPreflight(request)
    expect(failuresOf(checks)).toMatchObject({
      'shared groups': expect.arrayContaining(['PREFLIGHT_NOTHING_SHARED', 'PREFLIGHT_LACKING']),
    })
    const groups = checks.find(({ name }) => name === 'shared groups')
    const said = groups?.diagnostics.map(({ message }) => message).join('\n') ?? ''
    expect(said).toContain(
      'here x25519 (@HERE, gnutls.config:2:6); there secp384r1 (@THERE, gnutls.config:3:7)',
    )
    expect(said).toMatch(/here: SECP384R1 is not allowed: token -GROUP-ALL at gnutls.config:2:\d+/)
    expect(said).toMatch(/there: X25519 is not allowed: token -GROUP-ALL at gnutls.config:3:\d+/)
  })
})

describe('a listener that has credentials is done', () => {
  const endings = (events: readonly ConnectionEvent[]) =>
    events.flatMap((event) => (event.event === 'left' ? [event.ending] : []))

  test('not where a stranger says so in clear, with or without a wish for TLS', async () => {
    const { events, target, doneTimes } = await start()
    await sayDone(target)
    await eventually(() => endings(events).includes('done, which counts over TLS only'))
    const socket = connect(target.port, '127.0.0.1')
    const hello = { version: 1, purpose: 'done', nonce: '0'.repeat(32), tls: true }
    const text = Buffer.from(JSON.stringify(hello))
    socket.end(Buffer.concat([Buffer.from('CPPF'), length(text.length), text]))
    socket.resume()
    await eventually(() => events.some(({ event }) => event === 'refused'))
    expect(doneTimes()).toBe(0)
  })

  test('not where a client that is not authorized says so over TLS', async () => {
    const authorization = `{"qom-type":"authz-simple","id":"clients","identity":"CN=bob"}`
    const { request, events, target, doneTimes } = await start({ authorization })
    const { credentials } = request
    if (!credentials) throw new Error('no credentials')
    await sayDone(target, { credentials, hostname: 'localhost' })
    await eventually(() => events.some(({ event }) => event === 'refused'))
    expect(doneTimes()).toBe(0)
  })

  test('where a client says so that had a session, whichever of its names led to it', async () => {
    const { request, target, doneTimes } = await start()
    const names = ['wrong.example', 'localhost']
    const { agreed } = await runPreflight({ ...request, hostnames: names })
    expect(agreed).toMatchObject({ hostname: 'localhost' })
    await sayDone(target, agreed)
    await eventually(() => doneTimes() === 1)
  })

  test('not by a client whose names all fail', async () => {
    const { request } = await start()
    const { agreed } = await runPreflight({ ...request, hostnames: ['wrong.example'] })
    expect(agreed).toBeUndefined()
  })
})

test('what ends soon is told', async () => {
  const { request } = await start({ server: { until: 24 * 3 } })
  const { checks } = await runPreflight(request)
  expect(failuresOf(checks)).toEqual({})
  const told = checks.find(({ outcome }) => outcome === 'warning')
  expect(told && codesOf(told)).toEqual(['PREFLIGHT_EXPIRES_SOON'])
})

test('each name is checked in a handshake of its own', async () => {
  const { request } = await start()
  const { checks } = await runPreflight({ ...request, hostnames: ['wrong.example', 'localhost'] })
  expect(failuresOf(checks)).toEqual({ 'certificate for wrong.example': ['TLS_HOST_MISMATCH'] })
  expect(checks.find(({ name }) => name === 'certificate for localhost')?.outcome).toBe('passed')
})

test('what answers no question is not connected to', async () => {
  const { request } = await start()
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const { checks, target } = await runPreflight({ ...request, port })
  expect(checks[0]?.diagnostics.map(({ code }) => code)).toEqual(['PREFLIGHT_NOT_LISTENING'])
  expect(checks.slice(1).every(({ outcome }) => outcome === 'not checked')).toBe(true)
  expect(target).toBeUndefined()
  expect(connections).toBe(0)
})

describe('what is no preflight', () => {
  test.each<[string, Buffer, string]>([
    [
      'another protocol',
      Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
      'PREFLIGHT_PEER_BROKE_PROTOCOL',
    ],
    ['a huge message', Buffer.from('43505046ffffffff', 'hex'), 'PREFLIGHT_PEER_BROKE_PROTOCOL'],
    [
      'no JSON',
      Buffer.concat([Buffer.from('4350504600000003', 'hex'), Buffer.from('{{{')]),
      'PREFLIGHT_PEER_BROKE_PROTOCOL',
    ],
    [
      'another shape',
      Buffer.concat([Buffer.from('4350504600000002', 'hex'), Buffer.from('[]')]),
      'PREFLIGHT_PEER_BROKE_PROTOCOL',
    ],
    ['nothing', Buffer.alloc(0), 'PREFLIGHT_CONNECTION_LOST'],
  ])('%s', async (_, bytes, code) => {
    const { request } = await start()
    const server = createServer((socket) => void socket.end(bytes))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const { checks } = await runPreflight({ ...request, port, isTrusted: true })
    expect(failuresOf(checks)).toEqual({ connection: [code] })
  })
})

test('a client that sends anything else is refused, and others are served', async () => {
  const { request, events, target } = await start()
  for (const bytes of ['GET / HTTP/1.0\r\n\r\n', 'CPPF\xff\xff\xff\xff', 'CPPF\0\0\0\x02{}']) {
    const socket = connect(target.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.end(Buffer.from(bytes, 'latin1'))
    socket.resume()
  }
  const refused = () => events.filter(({ event }) => event === 'refused').length
  await eventually(() => refused() === 3)
  expect(failuresOf((await runPreflight(request)).checks)).toEqual({})
})

test('a rate that is under way when the listener ends is told as cut by the listener', async () => {
  const { events, listener, target, objects, definition } = await start()
  const [{ credentials } = {}] = credentialsForEachSuite(objects, definition)
  const hostname = 'localhost'
  const rate = measureRate(target, { channels: 1, seconds: 600, credentials, hostname })
  const lost = expect(rate).rejects.toThrow('127.0.0.1')
  await eventually(() => events.some(({ event }) => event === 'secured'))
  await listener.drain(0)
  await lost
  await eventually(() => events.some(({ event }) => event === 'refused'))
  expect(events.at(-1)).toMatchObject({
    diagnostics: [{ message: 'the connection broke: this side cut it, since it ends' }],
  })
})

test.each(['in clear', 'over TLS'])('a client that sends on and on %s is ended', async (how) => {
  const { events, target, objects, definition } = await start({ rateLimit: 0.2 })
  const [{ credentials } = {}] = credentialsForEachSuite(objects, definition)
  const agreed = credentials && { credentials, hostname: 'localhost' }
  const more = how === 'in clear' ? { agreed } : agreed
  await expect(measureRate(target, { channels: 1, seconds: 600, ...more })).rejects.toThrow(
    '127.0.0.1',
  )
  await eventually(() => events.some(({ event }) => event === 'refused'))
  expect(events.at(-1)).toMatchObject({ diagnostics: [{ code: 'PREFLIGHT_RATE_TIME' }] })
})

test('rates are measured in clear and with each suite, over several channels', async () => {
  const { objects, definition, target, events } = await start()
  const each = credentialsForEachSuite(objects, definition)
  const [{ credentials: first } = {}] = each
  const agreed = first && { credentials: first, hostname: 'localhost' }
  const plain = await measureRate(target, { channels: 2, seconds: 0.1, agreed })
  expect(plain).toMatchObject({ channels: 2, suite: undefined })
  const measured = () =>
    events.filter((event) => event.event === 'left' && event.ending === 'measured')
  await eventually(() => measured().length === 2)
  expect(events.filter(({ event }) => event === 'connected')).toHaveLength(4)
  expect(plain.bytes % (256 * 1024)).toBe(0)
  expect(plain.bytes).toBeGreaterThan(0)
  expect(each.map(({ suite }) => suite)).toContain('TLS_CHACHA20_POLY1305_SHA256')
  for (const { suite, credentials } of each) {
    const options = { channels: 1, seconds: 0.05, credentials, hostname: 'localhost' }
    expect(await measureRate(target, options)).toMatchObject({ suite })
  }
})

test.each([
  ['no ticket', {}],
  ['a ticket that was not given', { ticket: 'ab'.repeat(16) }],
])('a stranger with %s has no rate measured in clear', async (_, more) => {
  const { events, target } = await start()
  const socket = connect(target.port, '127.0.0.1').on('error', () => {})
  onTestFinished(() => void socket.destroy())
  const hello = { version: 1, purpose: 'rate', nonce: '12'.repeat(16), tls: false, ...more }
  const text = Buffer.from(JSON.stringify(hello))
  socket.write(Buffer.concat([Buffer.from('CPPF'), length(text.length), text]))
  socket.write(Buffer.alloc(1 << 20))
  socket.resume()
  await new Promise((resolve) => socket.once('close', resolve))
  await eventually(() => events.some(({ event }) => event === 'refused'))
  expect(events.at(-1)).toMatchObject({ diagnostics: [{ code: 'PREFLIGHT_RATE_REFUSED' }] })
})

test.each(['takes nothing', 'says nothing'])(
  'a rate ends with an error where the peer %s',
  async (how) => {
    const greeting = { version: 1, time: 0, tls: false, refusals: [] }
    const text = Buffer.from(JSON.stringify(greeting))
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => {
        if (how === 'takes nothing') socket.pause()
        else socket.resume()
        socket.write(Buffer.concat([Buffer.from('CPPF'), length(text.length), text]))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const target = { address: '127.0.0.1', port, timeout: 500 }
    const rate = measureRate(target, { channels: 1, seconds: 0.1 })
    await expect(rate).rejects.toThrow('did not answer within 0.5 seconds')
  },
)

function length(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

test('as many channels are advised as help', () => {
  const rates = [100, 180, 190, 185].map((speed, index) => ({
    ...{ channels: 2 ** index, suite: undefined, bytes: speed, seconds: 1 },
    cpu: { here: 0, there: 0 },
  }))
  expect(advisedChannels(rates)).toBe(4)
  expect(advisedChannels(rates.slice(0, 2))).toBe(2)
  expect(advisedChannels(rates.slice(2, 4))).toBe(4)
  expect(advisedChannels(rates.slice(0, 1))).toBe(undefined)
})
