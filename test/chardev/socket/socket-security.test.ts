/** Which credentials go with which words of a socket, and how long they are in use. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { parseObject } from '../../../src/tls/objects/parse-object.ts'
import { refusal } from '../../diagnostic-code.ts'
import { makeX509Folder } from '../../nbd/nbd-credentials.ts'
import { makeChardevs } from '../chardev-fixture.ts'

const HERE = 'host=127.0.0.1,port=0,server=on'
const THERE = 'host=localhost,port=1'

const REFUSED = [
  [`${HERE},tls-creds=server,tls-hostname=h`, 'tls-hostname is for credentials with endpoint=cli'],
  [`${THERE},tls-creds=server,tls-hostname=h`, 'tls-hostname is for credentials with endpoint=cli'],
  [`${THERE},tls-creds=client,tls-authz=clients`, 'use tls-hostname'],
  [`${HERE},tls-creds=client,tls-hostname=h,tls-authz=clients`, 'use tls-hostname'],
  [`${HERE},mux=on,tls-creds=client,tls-hostname=h,writer-authz=clients`, 'use tls-hostname'],
  [`${HERE},tls-creds=client`, 'chardev s needs tls-hostname'],
  [`${HERE},tls-creds=client,tls-hostname=`, 'chardev s needs tls-hostname'],
  ['host=,port=1,tls-creds=client', 'chardev s needs tls-hostname'],
  [`${HERE},tls-creds=nosuch`, 'nosuch'],
  [`${HERE},tls-creds=server,tls-authz=nosuch`, 'nosuch'],
  [`${HERE},mux=on,tls-creds=server,writer-authz=nosuch`, 'nosuch'],
  [`${HERE},mux=on,tls-creds=anyone,writer-authz=clients`, 'clients'],
] as const

const TAKEN = [
  `${THERE},tls-creds=client`,
  `${THERE},tls-creds=server,tls-authz=clients`,
  'host=,port=1,tls-creds=client,tls-hostname=h',
  `${HERE},tls-creds=client,tls-hostname=h`,
  `${HERE},tls-creds=trusting`,
  `${HERE},tls-creds=nameless`,
  `${HERE},mux=on,tls-creds=server,writer-authz=clients`,
] as const

/** With credentials `trusting`, which check no server, and `anyone` and `nameless`, which have no certificates. */
async function makeChoices() {
  const chardevs = makeChardevs()
  const { objects, dir } = chardevs
  for (const text of [
    `tls-creds-x509,id=trusting,dir=${dir},endpoint=client,verify-peer=off`,
    'tls-creds-anon,id=anyone,endpoint=server',
    'tls-creds-anon,id=nameless,endpoint=client',
  ]) {
    objects.add(parseObject(text))
  }
  return chardevs
}

test('credentials that do not go with the other words of a socket are refused, and stay free', async () => {
  const { add, registry, objects } = await makeChoices()
  for (const [options, reason] of REFUSED) {
    await expect(add(`socket,id=s,${options}`), options).rejects.toThrow(reason)
  }
  expect(registry.list()).toEqual([])
  for (const id of ['server', 'client', 'clients', 'anyone']) objects.remove(id)
})

/** A server that answers nothing, and what a chardev tells when it has dialled it. */
async function dialSilentServer(handshakeLimit: number) {
  const server = createServer((socket) => void socket.on('error', () => {}).resume())
  server.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { add, registry } = makeChardevs(makeX509Folder(), 1024, handshakeLimit)
  await add(`socket,id=s,host=127.0.0.1,port=${port},tls-creds=client,tls-hostname=localhost`)
  await add('null,id=n')
  const dialled = once(server, 'connection')
  const { ended } = registry.join('s', 'n')
  ended.catch(() => {})
  return { ended, dialled }
}

test('a server of TLS that answers nothing is given up after the limit of the handshake', async () => {
  const { ended } = await dialSilentServer(1)
  await expect(ended).rejects.toThrow(refusal('TLS_HANDSHAKE_TIMEOUT'))
})

test('where the handshake has no limit, a server of TLS is waited for', async () => {
  const { ended, dialled } = await dialSilentServer(0)
  const [connection] = (await dialled) as [Socket]
  const isOver = await Promise.race([ended.catch(() => true), delay(300, false)])
  expect(isOver).toBe(false)
  connection.destroy()
  await expect(ended).rejects.toThrow('the peer closed the connection')
})

test('a name is asked for where a certificate is checked and no host is dialled', async () => {
  const { add, registry } = await makeChoices()
  for (const options of TAKEN) {
    await add(`socket,id=s,${options}`)
    await registry.remove('s')
  }
})

test.each([
  [`${HERE},mux=on,tls-creds=server,tls-authz=nobody,writer-authz=clients`, 'server'],
  [`${HERE},mux=on,tls-creds=server,tls-authz=nobody,writer-authz=clients`, 'nobody'],
  [`${HERE},mux=on,tls-creds=server,tls-authz=nobody,writer-authz=clients`, 'clients'],
  [`${HERE},tls-creds=client,tls-hostname=h`, 'client'],
  [`${THERE},tls-creds=client`, 'client'],
])('of socket,%s the object %s is in use until it is removed', async (options, id) => {
  const { add, registry, objects } = makeChardevs()
  await add(`socket,id=s,${options}`)
  expect(() => objects.remove(id)).toThrow('in use')
  await registry.remove('s')
  objects.remove(id)
})
