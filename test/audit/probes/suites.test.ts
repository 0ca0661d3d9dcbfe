/** Which suites of one version are found, and what a server means that closes without a word. */
import { describe, expect, test } from 'vitest'
import { EVERY_GROUP } from '../../../src/audit/messages/iana-groups.ts'
import type { Answer } from '../../../src/audit/model.ts'
import { SERVER_FAILED } from '../../../src/audit/probes/answers.ts'
import { probeSuites } from '../../../src/audit/probes/suites.ts'
import { CLOSED, NO_VERSION, REFUSED } from '../answers.ts'
import { listIn } from '../scripted/choice.ts'
import type { Script } from '../scripted/script.ts'
import { scripted } from '../scripted/server.ts'
import { BASE, ECDHE_RSA, FAILURE, RSA, TLS10, TLS11, TLS12, TLS13 } from './version-suites.ts'

describe('suites of one version', () => {
  test.each<[string, Script, readonly number[], Answer]>([
    ['has them', BASE, [ECDHE_RSA, RSA], REFUSED],
    ['has only an older version', { ...BASE, versions: [TLS11] }, [], { answer: 'not-offered' }],
    ['has only a newer version', { ...BASE, versions: [TLS13] }, [], NO_VERSION],
    ['closes', { ...BASE, quirk: () => 'close' }, [], CLOSED],
    ['resets', { ...BASE, quirk: () => 'reset' }, [], CLOSED],
    ['says nothing', { ...BASE, quirk: () => 'silence' }, [], { answer: 'timed-out' }],
    ['fails', { ...BASE, quirk: () => FAILURE }, [], SERVER_FAILED],
    ['has no curve of the client', { ...BASE, groups: [0x7777] }, [RSA], REFUSED],
    ['has no scheme of the client', { ...BASE, schemes: [0x7777] }, [RSA], REFUSED],
    [
      'answers with no record',
      { ...BASE, quirk: () => Buffer.from('HTTP/1.1 400') },
      [],
      { answer: 'unknown', because: 'the server sent what is no record of TLS (485454502f)' },
    ],
  ])('a server that %s', async (_, script, items, end) => {
    const { server } = scripted(script)
    expect(await probeSuites(server, TLS12, 'TLS1.2')).toMatchObject({ items, end })
  })

  test('a server that chooses suites by its own order, and one that does not', async () => {
    const found = (order: 'server' | 'client') =>
      probeSuites(scripted({ ...BASE, suites: [RSA, ECDHE_RSA], order }).server, TLS12, 'TLS1.2')
    expect(await found('server')).toMatchObject({ items: [RSA, ECDHE_RSA], order: 'server' })
    expect(await found('client')).toMatchObject({ order: 'client' })
  })

  test('small messages stay small, and find as much', async () => {
    const { server, heard } = scripted(BASE, { isSmall: true })
    expect(await probeSuites(server, TLS12, 'TLS1.2')).toMatchObject({
      ...{ items: [ECDHE_RSA, RSA], order: 'server', end: REFUSED },
    })
    expect(heard.length).toBeGreaterThan(10)
    expect(Math.max(...heard.map(({ size }) => size))).toBeLessThan(256)
  })
})

describe('a server that closes without a word', () => {
  /** Whatever offers ECDHE is answered, in the first version alone. */
  const closing = (
    isAnswering: (suites: readonly number[], groups: number) => boolean,
  ): Script => ({
    ...BASE,
    suites: [ECDHE_RSA],
    quirk: ({ hello }) =>
      isAnswering(hello.suites, listIn(hello, 10)?.length ?? 0) ? undefined : 'close',
  })

  test('refuses, where it still answers what it has answered before', async () => {
    // It wants all groups too: no other offer than the first one has its answer.
    const script = closing(
      (suites, groups) => suites.includes(ECDHE_RSA) && groups === EVERY_GROUP.length,
    )
    const { server, claims } = scripted(script)
    const found = await probeSuites(server, TLS12, 'TLS1.2')
    expect(found).toMatchObject({ items: [ECDHE_RSA], end: CLOSED })
    expect(claims.filter((claim) => claim.endsWith('control'))).toHaveLength(1)
  })

  test('refuses, where it answers a common offer', async () => {
    const { server, heard } = scripted(closing((suites) => suites.includes(0x1301)))
    await server.connections.ask('anything', (exchange) => exchange.read(0))
    expect((await probeSuites(server, TLS12, 'TLS1.2')).end).toEqual(CLOSED)
    const control = heard.find(({ claim }) => claim.endsWith('control'))
    expect(control?.size).toBeLessThan(256)
    expect(control && listIn(control.hello, 43, 1)).toEqual([TLS13, TLS12, TLS11, TLS10])
    expect(control && listIn(control.hello, 51)).toEqual([])
  })

  test('refuses no more, where it answers nothing any more', async () => {
    let count = 0
    const { server } = scripted({ ...BASE, quirk: () => (count++ > 0 ? 'close' : undefined) })
    const found = await probeSuites(server, TLS12, 'TLS1.2')
    expect(found).toMatchObject({ items: [ECDHE_RSA], end: { answer: 'rate-limited' } })
  })
})
