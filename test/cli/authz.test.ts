import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { credentialFolder, endpoint, names } from '../tls/objects/folder.ts'
import { runInProcess } from './in-process.ts'
import { resultOf } from './json-output.ts'

const CLIENT = endpoint({ subject: 'a\u001b[31mred', names: names(['dns', 'Guest.Example']) })

function authz(...args: readonly string[]) {
  const cert = join(credentialFolder({ client: [CLIENT] }), 'client-cert.pem')
  return runInProcess(['authz', 'test', cert, ...args])
}

describe('authz test', () => {
  test('prints what rules see, and no control character of it', async () => {
    const { status, stdout } = await authz()
    expect(status).toBe(0)
    expect(stdout).toMatch(/^dn {3}CN=a.*red\nsan {2}DNS:guest\.example\nspki [\w+/]{43}=\n$/)
    expect(stdout).not.toContain('\u001b')
  })

  test('ends with 0 where all allow, with 1 where one denies', async () => {
    const allow = ['--object', 'authz-simple,id=a,of=san,identity=DNS:guest.example']
    const deny = ['--object', 'authz-list,id=b']
    expect((await authz(...allow)).status).toBe(0)
    expect((await authz(...allow, ...deny)).status).toBe(1)
    expect((await authz(...allow, ...deny, '--authz', 'a')).status).toBe(0)
  })

  test('prints JSON', async () => {
    const { stdout } = await authz(
      '--json',
      '--object',
      'authz-simple,id=a,of=san,identity=DNS:guest.example',
    )
    expect(resultOf(stdout)).toMatchObject({
      identities: { san: ['DNS:guest.example'] },
      allowed: true,
      decisions: [
        { id: 'a', allowed: true, index: 0, location: { file: '--object', line: 1, column: 35 } },
      ],
    })
  })

  test('ends with a status of its own for each mistake', async () => {
    expect((await authz('--object', 'secret,id=s,data=x')).status).toBe(64)
    expect((await authz('--object', 'authz-lists,id=s')).status).toBe(65)
    expect((await authz('--object', 'authz-list,id=s', '--authz', 't')).status).toBe(66)
    expect((await runInProcess(['authz', 'test', '/nowhere'])).status).toBe(66)
    expect((await runInProcess(['authz', 'test', '/dev/null'])).status).toBe(65)
    expect((await runInProcess(['authz', 'try', '/dev/null'])).status).toBe(64)
  })
})
