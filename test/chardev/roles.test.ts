/** All pairs of roles: who connects, and who is the server of TLS. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scratchFolder } from '../cli/command.ts'
import { connectPlain, readAll } from '../migration/relay/plain-ends.ts'
import { allBytes, makeChardevs } from './chardev-fixture.ts'

const PAIRS = [
  { listens: 'server,tls-authz=clients', connects: 'client' },
  { listens: 'client,tls-hostname=localhost', connects: 'server,tls-authz=clients' },
] as const

test.each(PAIRS)(
  '10 MB each way, where who listens has $listens',
  async ({ listens, connects }) => {
    const { add, registry } = makeChardevs()
    const path = join(scratchFolder(), 's')
    const port = await add(`socket,id=a,host=127.0.0.1,port=0,server=on,tls-creds=${listens}`)
    await add('exec,id=echo,command=cat')
    registry.join('a', 'echo')
    await add(`socket,id=b,host=localhost,port=${port},ipv4=on,tls-creds=${connects}`)
    await add(`socket,id=u,path=${path},server=on`)
    registry.join('u', 'b')
    const user = await connectPlain(path)
    const bytes = allBytes()
    user.end(bytes)
    expect((await readAll(user)).equals(bytes)).toBe(true)
  },
)

test('a name that the certificate does not bear, and a client that no rule allows, get no byte', async () => {
  const { add, registry, events } = makeChardevs()
  const port = await add(
    'socket,id=a,host=127.0.0.1,port=0,server=on,tls-creds=server,tls-authz=nobody',
  )
  await add('ringbuf,id=ring')
  registry.join('a', 'ring')
  const tls = 'tls-creds=client'
  await add(`socket,id=b,host=127.0.0.1,port=${port},${tls},tls-hostname=wrong.example`)
  await add('exec,id=said,command=echo a secret')
  await expect(registry.join('b', 'said').ended).rejects.toThrow('wrong.example')
  await add(`socket,id=c,host=127.0.0.1,port=${port},${tls}`)
  await add('exec,id=said2,command=echo a secret')
  await registry.join('c', 'said2').ended.catch(() => {})
  expect(registry.ring('ring').length).toBe(0)
  const refused = events.flatMap((event) =>
    event.event === 'refused' ? event.diagnostics.map(({ code }) => code) : [],
  )
  expect(refused).toContain('TLS_NOT_AUTHORIZED')
})
