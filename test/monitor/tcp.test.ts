/** A monitor on TCP: for clients that are known, and for no others. */
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { openMonitor } from '../../src/monitor/client/open-monitor.ts'
import { HostEndpoints } from '../../src/monitor/host/host-endpoints.ts'
import { MonitorServer } from '../../src/monitor/server/monitor-server.ts'
import { TlsObjects } from '../../src/tls/objects/tls-objects.ts'
import { makeX509Folder } from '../nbd/nbd-credentials.ts'

const ADDRESS = { kind: 'inet', host: '127.0.0.1', port: '0' } as const

function makeHost(identity = 'CN=client') {
  const dir = makeX509Folder()
  const server = { endpoint: 'server', dir }
  const host = new HostEndpoints({
    objects: [
      { type: 'tls-creds-x509', id: 'tls0', properties: server },
      { type: 'tls-creds-x509', id: 'open0', properties: { ...server, 'verify-peer': false } },
      { type: 'authz-simple', id: 'authz0', properties: { identity } },
    ],
  })
  return { dir, host }
}

async function startTcp(identity?: string) {
  const { dir, host } = makeHost(identity)
  const server = new MonitorServer(host, ADDRESS, { credentials: 'tls0', authorization: 'authz0' })
  const { port } = (await server.listen()) as AddressInfo
  onTestFinished(async () => {
    await server.close(1000)
    await host.close()
  })
  return { dir, port }
}

function connect(port: number, dir: string) {
  const properties = { endpoint: 'client', dir }
  const objects = TlsObjects.create([{ type: 'tls-creds-x509', id: 'c0', properties }])
  const credentials = objects.credentials('c0', 'client')
  const address = { kind: 'tcp', host: '127.0.0.1', port } as const
  return openMonitor(address, { credentials, hostname: 'localhost', timeout: 30_000 })
}

test('it needs credentials and an authorization that can decide', () => {
  const { host } = makeHost()
  const create = (options: object) => () => new MonitorServer(host, ADDRESS, options)
  expect(create({})).toThrow('needs tls-creds and tls-authz')
  expect(create({ credentials: 'tls0' })).toThrow('needs tls-creds and tls-authz')
  expect(create({ authorization: 'authz0' })).toThrow('needs tls-creds and tls-authz')
  expect(create({ credentials: 'open0', authorization: 'authz0' })).toThrow('could not decide')
  const abstract = { kind: 'unix', path: 'monitor', isAbstract: true } as const
  expect(() => new MonitorServer(host, abstract)).toThrow('abstract socket')
})

test('a client with a certificate that is allowed is served', async () => {
  const { dir, port } = await startTcp()
  const client = await connect(port, dir)
  expect(await client.execute('query-status')).toMatchObject({ running: true })
  client.close()
})

test('another one, one of another authority and one in clear are not', async () => {
  const { dir, port } = await startTcp('CN=other')
  await expect(connect(port, dir)).rejects.toThrow(/closed|not let in|denied|reset/i)
  await expect(connect(port, makeX509Folder())).rejects.toThrow(/certificate|closed|issuer/i)
  const address = { kind: 'tcp', host: '127.0.0.1', port } as const
  await expect(openMonitor(address, { timeout: 500 })).rejects.toThrow(/did not answer|closed/)
})
