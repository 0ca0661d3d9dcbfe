/** Which credentials go with which words of a socket, and how long they are in use. */
import { expect, test } from 'vitest'
import { parseObject } from '../../../src/tls/objects/parse-object.ts'
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
