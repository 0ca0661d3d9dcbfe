/** Rules on certificates decide nothing where no certificate is verified: an endpoint with both is refused. */
import { expect, test } from 'vitest'
import { refusal } from '../../diagnostic-code.ts'
import { credentialFolder } from '../objects/folder.ts'
import { meet, objectsOf, verdictOf } from '../objects/meeting.ts'

const RULES = 'authz-simple,id=guests,identity=C=UK,,CN=qemu'

test.each([
  ['tls-creds-anon', /are anonymous/],
  ['tls-creds-psk', /are shared keys/],
  ['tls-creds-x509,verify-peer=off', /have verify-peer=off/],
])('%s and an authorization', async (credentials, reason) => {
  const dir = credentialFolder({ others: { 'keys.psk': `qemu:${'a5'.repeat(32)}\n` } })
  const objects = objectsOf(
    RULES,
    `${credentials},id=s,endpoint=server,dir=${dir}`,
    `${credentials},id=c,dir=${dir}`,
  )
  const server = objects.credentials('s', 'server')
  const authorization = objects.authorization('guests')
  const check = () => server.checkAuthorization(authorization)
  expect(check).toThrow(refusal('OBJECT_USELESS_AUTHORIZATION'))
  expect(check).toThrow(reason)
  const client = objects.credentials('c', 'client')
  const met = await meet(server, client, { accept: { authorization } })
  expect(verdictOf(met.server)).toBe('OBJECT_USELESS_AUTHORIZATION')
  expect(verdictOf(met.client)).not.toBe('pass')
})

test('certificates that are verified and an authorization are taken', async () => {
  const dir = credentialFolder()
  const objects = objectsOf(
    RULES,
    `tls-creds-x509,id=s,endpoint=server,dir=${dir}`,
    `tls-creds-x509,id=c,dir=${dir}`,
  )
  const authorization = objects.authorization('guests')
  const server = objects.credentials('s', 'server')
  server.checkAuthorization(authorization)
  const met = await meet(server, objects.credentials('c', 'client'), { accept: { authorization } })
  expect(verdictOf(met.server)).toBe('pass')
})
