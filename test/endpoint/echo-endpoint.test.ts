/** The shared rooms make a whole endpoint: TLS, authorization, limits, hot reload, drain, events. */

import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import type { ConnectionEvent } from '../../src/endpoint/connection-event.ts'
import { parseObject } from '../../src/tls/objects/parse-object.ts'
import { TlsObjects } from '../../src/tls/objects/tls-objects.ts'
import { scratchFolder } from '../cli/command.ts'
import { makeX509Folder, x509Credentials } from '../nbd/nbd-credentials.ts'
import { eventually } from '../nbd/server/test-server.ts'
import { spawn } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { echoEndpoint } from './echo-endpoint.ts'

async function start(limits: Parameters<typeof echoEndpoint>[2] = {}) {
  const dir = makeX509Folder()
  const rules = join(scratchFolder(), 'rules.json')
  const allow = (policy: 'allow' | 'deny') =>
    writeFileSync(rules, JSON.stringify({ rules: [], policy }))
  allow('allow')
  const objects = TlsObjects.create([
    parseObject(`tls-creds-x509,id=tls0,endpoint=server,dir=${dir},verify-peer=on`),
    parseObject(`authz-list-file,id=clients,filename=${rules},refresh=on`),
  ])
  const events: ConnectionEvent[] = []
  const endpoint = echoEndpoint(objects, (event) => void events.push(event), limits)
  const { port } = (await endpoint.listen({ host: '127.0.0.1', port: 0 })) as AddressInfo
  onTestFinished(async () => {
    objects.close()
    await endpoint.drain(0)
  })
  const open = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return socket
  }
  const secure = async () => {
    const { socket } = await x509Credentials(dir).connect(await open(), { hostname: 'localhost' })
    socket.on('error', () => {})
    return socket
  }
  const names = () => events.map(({ event }) => event)
  return { dir, port, objects, events, names, endpoint, allow, open, secure }
}

testWith('openssl', 'secures, authorizes, echoes and tells', async () => {
  const { dir, port, events, names } = await start()
  const files = ['-CAfile', 'ca-cert.pem', '-cert', 'client-cert.pem', '-key', 'client-key.pem']
  const args = ['s_client', '-quiet', '-verify_return_error', '-connect', `127.0.0.1:${port}`]
  const client = spawn('openssl', [...args, ...files], {
    cwd: dir,
    timeout: 240_000,
    killSignal: 'SIGKILL',
  })
  onTestFinished(() => void client.kill('SIGKILL'))
  client.stdin.write('hello\n')
  const [bytes] = await once(client.stdout, 'data')
  expect(String(bytes)).toBe('hello\n')
  client.kill('SIGTERM')
  await eventually(() => names().length >= 3)
  expect(names().slice(0, 2)).toEqual(['connected', 'secured'])
  expect(events[1]).toMatchObject({ peer: { distinguishedName: 'CN=client' } })
})

test('a rule that changes decides on the next client, without a restart', async () => {
  const { objects, events, allow, secure } = await start()
  objects.watch(() => {}, { interval: 20, patience: 20, quiet: 5 })
  const first = await secure()
  allow('deny')
  const isRefused = () => events.some(({ event }) => event === 'refused')
  await eventually(async () => {
    const socket = await secure().catch(() => undefined)
    if (socket) await answerOrEnd(socket)
    socket?.destroy()
    return isRefused()
  })
  first.write('still here')
  expect(String((await once(first, 'data'))[0])).toBe('still here')
})

test('silent clients are cut, those beyond the limit wait, those who leave the line are noticed', async () => {
  const { names, open, secure, endpoint } = await start({ connectionLimit: 1, handshakeLimit: 1 })
  await open()
  await eventually(() => names().includes('refused'))
  const served = await secure()
  // More than the line is long come and leave.
  for (let count = 0; count < 300; count++) {
    const socket = await open()
    socket.on('error', () => {})
    socket.end()
    socket.resume()
    await once(socket, 'close')
  }
  const refusals = names().filter((name) => name === 'refused').length
  const waiting = secure()
  served.destroy()
  const next = await waiting
  next.write('my turn')
  expect(String((await once(next, 'data'))[0])).toBe('my turn')
  expect(names().filter((name) => name === 'refused')).toHaveLength(refusals)
  expect(endpoint.connectionCount).toBe(1)
})

test('draining ends each connection in order', async () => {
  const { events, endpoint, secure } = await start()
  const socket = await secure()
  socket.write('x')
  await once(socket, 'data')
  const closed = once(socket, 'close')
  socket.resume()
  await endpoint.drain(240_000)
  await closed
  expect(events.at(-1)).toMatchObject({ event: 'left', ending: 'drained' })
})

/** TLS 1.3 tells a client that it was refused after its handshake. */
async function answerOrEnd(socket: Duplex): Promise<void> {
  socket.write('?')
  await Promise.race([once(socket, 'close'), once(socket, 'data')])
}

test('an endpoint without clients is drained at once, whatever the limit', async () => {
  const { endpoint, names } = await start()
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const before = timers()
  await endpoint.drain(2 ** 31 - 1)
  expect(names()).toEqual([])
  // Nothing waits for the limit any more.
  expect(timers()).toBeLessThanOrEqual(before)
})

test('a path where a file stands is refused in words, and the file stays', async () => {
  const { endpoint } = await start()
  const path = join(scratchFolder(), 'image')
  writeFileSync(path, 'mine')
  await expect(endpoint.listen({ path })).rejects.toMatchObject({
    diagnostics: [
      {
        code: 'ENDPOINT_CANNOT_LISTEN',
        message: `cannot listen at ${path}: a file stands there that is no socket`,
        hint: expect.stringContaining('name a path where nothing is yet'),
      },
    ],
  })
  expect(readFileSync(path, 'utf8')).toBe('mine')
})
