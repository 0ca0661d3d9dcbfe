/** What a preflight says of another side that is not there, of another release, in clear, or of another time. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { NO_TLS } from '../../../src/endpoint/security.ts'
import { findListener } from '../../../src/migration/preflight/find-listener.ts'
import type { PreflightServerHello, ServerVerdict } from '../../../src/migration/preflight/hello.ts'
import { type PreflightRequest, runPreflight } from '../../../src/migration/preflight/preflight.ts'
import { sayDone } from '../../../src/migration/preflight/preflight-connection.ts'
import { PreflightListener } from '../../../src/migration/preflight/preflight-listener.ts'
import { measureRate } from '../../../src/migration/preflight/rate.ts'
import { NO_CONFIG } from '../../../src/priority/system-config.ts'
import { CRYPTOPOLICY } from '../../cli/service-process.ts'
import { refusal } from '../../diagnostic-code.ts'
import { execFile } from '../../peers/child-process.ts'
import { freePort } from '../../peers/port.ts'
import { credentialFolder } from '../../tls/objects/folder.ts'
import { objectsOf } from '../../tls/objects/meeting.ts'

/** A message: `CPPF`, the length in 32 bits, JSON. */
function message(value: object): Buffer {
  const text = Buffer.from(JSON.stringify(value))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(text.length)
  return Buffer.concat([Buffer.from('CPPF'), length, text])
}

/** A side that answers each connection with a hello and a verdict. */
async function answering(hello: Partial<PreflightServerHello>): Promise<number> {
  const server = createServer((socket) => {
    onTestFinished(() => void socket.destroy())
    socket.on('error', () => {})
    socket.once('data', () => {
      const whole = { version: 1, time: Date.now(), tls: false, refusals: [], ...hello }
      socket.write(Buffer.concat([message(whole), message({ refusals: [] })]))
    })
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

test('a side that takes connections and says nothing is waited for once', async () => {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    onTestFinished(() => void socket.destroy())
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { status } = await execFile(CRYPTOPOLICY, [
    ...['migrate', 'preflight', '--to', `127.0.0.1:${port}`, '--connect', '--timeout', '1'],
  ])
  expect(status).toBe(1)
  expect(connections).toBe(1)
})

/** The checks that found something, with its codes. */
async function findingsOf(hello: Partial<PreflightServerHello>, hasCredentials = false) {
  const port = await answering(hello)
  const objects = objectsOf(`tls-creds-x509,id=c,endpoint=client,dir=${credentialFolder()}`)
  const request: PreflightRequest = {
    ...{ host: '127.0.0.1', port, hostnames: ['localhost'], config: NO_CONFIG },
    ...{ isTrusted: true, timeout: 240_000 },
    credentials: hasCredentials ? objects.credentials('c', 'client') : undefined,
  }
  const { checks } = await runPreflight(request)
  return checks.flatMap(({ name, outcome, diagnostics }) =>
    diagnostics.map(({ code }) => `${name}: ${outcome}: ${code}`),
  )
}

test('a side whose clock goes right and that is as new as this one has no findings', async () => {
  expect(await findingsOf({})).toEqual([])
})

test('a clock that is more than a minute off is told, in both directions', async () => {
  for (const seconds of [-120, 120]) {
    const findings = await findingsOf({ time: Date.now() + seconds * 1000 })
    expect(findings).toEqual([expect.stringMatching(/^clock: \w+: PREFLIGHT_CLOCK_SKEW$/)])
  }
})

test('a side that speaks another version of the protocol is told', async () => {
  const findings = await findingsOf({ version: 2 })
  expect(findings).toEqual(['connection: failed: PREFLIGHT_OTHER_VERSION'])
})

test('a side without credentials is told to one that has them', async () => {
  const findings = await findingsOf({ tls: false }, true)
  expect(findings).toContain('certificate for localhost: failed: PREFLIGHT_NO_TLS_THERE')
})

describe('a side that ends each handshake', () => {
  type Told = Pick<ServerVerdict, 'refusals'>['refusals']

  /** Each time that it is asked for its verdict it tells the next one of these. */
  const checksOf = async (...verdicts: readonly Told[]) => {
    let asked = 0
    const purposes: string[] = []
    const server = createServer((socket) => {
      onTestFinished(() => void socket.destroy())
      socket.on('error', () => {})
      socket.once('data', (bytes: Buffer) => {
        const { purpose } = JSON.parse(String(bytes.subarray(8)))
        purposes.push(purpose)
        socket.write(message({ version: 1, time: Date.now(), tls: true, refusals: [] }))
        if (purpose === 'check') socket.once('data', () => socket.destroy())
        // The first one of this purpose is the greeting of the preflight itself.
        else socket.write(message({ refusals: asked++ === 0 ? [] : (verdicts[asked - 2] ?? []) }))
      })
    }).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const objects = objectsOf(`tls-creds-x509,id=c,endpoint=client,dir=${credentialFolder()}`)
    const { checks, agreed } = await runPreflight({
      ...{ host: '127.0.0.1', port, hostnames: ['localhost'], config: NO_CONFIG },
      ...{ isTrusted: true, timeout: 240_000, credentials: objects.credentials('c', 'client') },
    })
    expect(agreed).toBeUndefined()
    const failed = checks.filter(({ outcome }) => outcome === 'failed')
    return { failed, purposes, server: `127.0.0.1:${port}` }
  }

  test('and says why is told with its words, its code and its hint', async () => {
    const refused = { code: 'TLS_NOT_AUTHORIZED', message: 'CN=x may not', hint: 'ask' }
    const { failed, purposes } = await checksOf([], [], [refused])
    expect(failed).toMatchObject([
      {
        name: 'this host there',
        diagnostics: [
          {
            ...{ code: 'TLS_NOT_AUTHORIZED', message: 'the other side says: CN=x may not' },
            ...{ severity: 'error', fault: 'answer', hint: 'ask' },
          },
        ],
      },
    ])
    expect(purposes).toEqual(['verdict', 'check', 'verdict', 'verdict', 'verdict'])
  })

  test.each(['x', 'lower_case', '', 'A'.repeat(65), 'A-B', 'A\n'])(
    'with a code that is none, %j, is told without it',
    async (code) => {
      const { failed } = await checksOf([{ code, message: 'm' }])
      const [diagnostic] = failed[0]?.diagnostics ?? []
      expect(diagnostic).toMatchObject({ code: 'PREFLIGHT_REFUSED_THERE' })
      expect(diagnostic).not.toHaveProperty('hint')
    },
  )

  test('and does not say why is asked five times', async () => {
    const { failed, purposes, server } = await checksOf()
    expect(failed).toMatchObject([
      {
        name: 'this host there',
        diagnostics: [
          { code: 'PREFLIGHT_REFUSED_THERE', message: expect.stringContaining(server) },
        ],
      },
    ])
    expect(purposes).toEqual(['verdict', 'check', ...Array.from({ length: 5 }, () => 'verdict')])
  })
})

test('a port whose datagrams another program takes is refused, and left to others', async () => {
  // Its number is free for connections, so that only datagrams are taken.
  const port = await freePort()
  const socket = createSocket('udp4').bind(port, '127.0.0.1')
  onTestFinished(() => void socket.close())
  await once(socket, 'listening')
  const listener = new PreflightListener({ security: NO_TLS, config: NO_CONFIG })
  await expect(listener.listen('127.0.0.1', port)).rejects.toThrow(
    expect.objectContaining({ message: expect.stringContaining(`UDP 127.0.0.1:${port}`) }),
  )
  const other = createServer().listen(port, '127.0.0.1')
  onTestFinished(() => void other.close())
  await once(other, 'listening')
})

test('a listener that has ended answers no question', async () => {
  const listener = new PreflightListener({ security: NO_TLS, config: NO_CONFIG })
  const { port } = await listener.listen('127.0.0.1', 0)
  const options = { isTrusted: false, patience: 240_000 }
  expect(await findListener('127.0.0.1', port, options)).toBe('127.0.0.1')
  await listener.drain(0)
  await expect(findListener('127.0.0.1', port, { isTrusted: false, patience: 1 })).rejects.toThrow(
    refusal('PREFLIGHT_NOT_LISTENING'),
  )
})

test('without credentials on either side, a rate is measured and the listener is done', async () => {
  let done = 0
  const listener = new PreflightListener({
    ...{ security: NO_TLS, config: NO_CONFIG, onDone: () => void done++ },
  })
  const { port } = await listener.listen('127.0.0.1', 0)
  onTestFinished(() => listener.drain(0))
  const target = { address: '127.0.0.1', port, timeout: 240_000 }
  const rate = await measureRate(target, { channels: 1, seconds: 0.01 })
  expect(rate).toMatchObject({ channels: 1, suite: undefined })
  expect(rate.cpu.here).toBeGreaterThan(0)
  const request = { host: '127.0.0.1', port, hostnames: [], config: NO_CONFIG, isTrusted: false }
  const { checks, target: found } = await runPreflight({ ...request, timeout: 240_000 })
  expect(checks.map(({ name, outcome }) => `${name}: ${outcome}`)).toEqual([
    ...['listener: passed', 'connection: passed', 'clock: passed', 'TLS: not checked'],
  ])
  expect(checks[0]?.found).toBe(`a preflight answers at 127.0.0.1:${port}`)
  expect(found).toEqual(target)
  // Where credentials are named, the other side has none to let them in by.
  const client = objectsOf(`tls-creds-x509,id=c,endpoint=client,dir=${credentialFolder()}`)
  const agreed = { credentials: client.credentials('c', 'client'), hostname: 'localhost' }
  expect(await measureRate(target, { channels: 1, seconds: 0.01, agreed })).toMatchObject({
    suite: undefined,
  })
  await sayDone(target)
  await expect.poll(() => done).toBe(1)
})

test('a clock is told by the second, and with the time of a question', async () => {
  const port = await answering({ time: Date.now() + 30_000 })
  const { checks } = await runPreflight({
    ...{ host: '127.0.0.1', port, hostnames: [], config: NO_CONFIG },
    ...{ isTrusted: true, timeout: 240_000 },
  })
  const [listener, , clock] = checks
  expect(listener?.found).toBe('not asked (--connect)')
  expect(clock?.found).toMatch(/^differs by \d+ s, round trip \d+ ms$/)
})

test('a name that no resolver knows is told', async () => {
  // RFC 6761 section 6.4.
  await expect(findListener('host.invalid', 1, { isTrusted: true })).rejects.toThrow(
    expect.objectContaining({
      diagnostics: [expect.objectContaining({ code: 'PREFLIGHT_UNKNOWN_HOST' })],
    }),
  )
})
