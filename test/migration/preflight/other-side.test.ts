/** What a preflight says of another side that is not there, of another release, in clear, or of another time. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { findListener } from '../../../src/migration/preflight/find-listener.ts'
import type { PreflightServerHello } from '../../../src/migration/preflight/hello.ts'
import { type PreflightRequest, runPreflight } from '../../../src/migration/preflight/preflight.ts'
import { NO_CONFIG } from '../../../src/priority/system-config.ts'
import { CRYPTOPOLICY } from '../../cli/service-process.ts'
import { execFile } from '../../peers/child-process.ts'
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

test('a name that no resolver knows is told', async () => {
  // RFC 6761 section 6.4.
  await expect(findListener('host.invalid', 1, { isTrusted: true })).rejects.toThrow(
    expect.objectContaining({
      diagnostics: [expect.objectContaining({ code: 'PREFLIGHT_UNKNOWN_HOST' })],
    }),
  )
})
