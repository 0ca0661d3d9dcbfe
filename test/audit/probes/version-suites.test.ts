/** Which suites of which versions are found: versions that fail, and DHE for clients that name no prime. */
import { describe, expect, test } from 'vitest'
import { EVERY_GROUP, GROUPS_WITHOUT_PRIME } from '../../../src/audit/messages/iana-groups.ts'
import type { Answer } from '../../../src/audit/model.ts'
import { SERVER_FAILED } from '../../../src/audit/probes/answers.ts'
import { withFailingVersions } from '../../../src/audit/probes/failing-versions.ts'
import { probeSuites } from '../../../src/audit/probes/suites.ts'
import { type VersionSuites, withUnnamedPrimes } from '../../../src/audit/probes/unnamed-primes.ts'
import { CLOSED, NO_VERSION, REFUSED } from '../answers.ts'
import { type Chosen, choose, listIn } from '../scripted/choice.ts'
import type { Reaction, Script } from '../scripted/script.ts'
import { type Scripted, scripted } from '../scripted/server.ts'

const [ECDHE_ECDSA, ECDHE_RSA, DHE_RSA, RSA] = [0xc009, 0xc013, 0x0033, 0x002f]
const [TLS13, TLS12, TLS11, TLS10, SSL3] = [0x0304, 0x0303, 0x0302, 0x0301, 0x0300]

const BASE: Script = {
  versions: [TLS12, TLS11],
  suites: [ECDHE_RSA, RSA],
  groups: [29, 23],
  schemes: [0x0401],
}

/** What it does where it would have chosen so. */
function where(script: Script, react: (chosen: Chosen) => Reaction | undefined): Script {
  return {
    ...script,
    quirk: ({ hello }) => {
      const chosen = choose(script, hello)
      return typeof chosen === 'number' ? undefined : react(chosen)
    },
  }
}

const FAILURE: Reaction = { alert: 80 }

async function versionsOf({ server }: Scripted, numbers: readonly number[]) {
  const versions: VersionSuites[] = []
  for (const number of numbers) {
    const name = `version ${number}`
    const found = await probeSuites(server, number, name)
    versions.push({ name, number, groups: EVERY_GROUP, found })
  }
  return versions
}

const briefly = (versions: readonly VersionSuites[]) =>
  versions.map(({ found: { items, end } }) => [items, end])

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

describe('a version in which the server fails', () => {
  const older = ({ version }: Chosen) => version === TLS11
  const signed = ({ suite }: Chosen) => suite !== RSA

  test.each<[string, Script, readonly number[], Answer]>([
    [
      'whatever is offered is refused',
      where(BASE, (chosen) => (older(chosen) ? FAILURE : undefined)),
      [],
      { answer: 'refused', alert: 80, name: 'internal_error' },
    ],
    [
      'over its signature has the suites that need none, and its list is not whole',
      where(BASE, (chosen) => (older(chosen) && signed(chosen) ? FAILURE : undefined)),
      [RSA],
      SERVER_FAILED,
    ],
    [
      'over the signature of RSA alone has those of its other key',
      where({ ...BASE, suites: [ECDHE_RSA, ECDHE_ECDSA, RSA] }, (chosen) =>
        older(chosen) && chosen.suite === ECDHE_RSA ? FAILURE : undefined,
      ),
      [ECDHE_ECDSA, RSA],
      SERVER_FAILED,
    ],
    [
      'over the signature of its other key alone has those of RSA',
      where({ ...BASE, suites: [ECDHE_ECDSA, ECDHE_RSA, RSA] }, (chosen) =>
        older(chosen) && chosen.suite === ECDHE_ECDSA ? FAILURE : undefined,
      ),
      [ECDHE_RSA, RSA],
      SERVER_FAILED,
    ],
    [
      'over the signature of RSA alone has those of its other key, which no other version shows',
      where(
        {
          ...BASE,
          suites: [ECDHE_RSA, ECDHE_ECDSA, RSA],
          suitesOf: { [TLS12]: [RSA] },
        },
        (chosen) => (older(chosen) && chosen.suite === ECDHE_RSA ? FAILURE : undefined),
      ),
      [ECDHE_ECDSA, RSA],
      SERVER_FAILED,
    ],
    [
      'over a suite without signature has those with one',
      where({ ...BASE, suites: [RSA, ECDHE_RSA] }, (chosen) =>
        older(chosen) && chosen.suite === RSA ? FAILURE : undefined,
      ),
      [ECDHE_RSA],
      SERVER_FAILED,
    ],
    [
      'and hangs at one kind of suites is not known',
      where(BASE, (chosen) => {
        if (!older(chosen)) return undefined
        return signed(chosen) ? FAILURE : 'silence'
      }),
      [],
      { answer: 'timed-out' },
    ],
  ])('%s', async (_, script, items, end) => {
    const audit = scripted(script)
    const versions = await versionsOf(audit, [TLS12, TLS11])
    expect(versions[1]?.found).toMatchObject({ items: [], end: SERVER_FAILED })
    const [newer, asked] = await withFailingVersions(audit.server, versions)
    expect(newer).toEqual(versions[0])
    expect(asked).toMatchObject({
      ...{ number: TLS11, name: 'version 770', groups: GROUPS_WITHOUT_PRIME },
      found: { items, order: 'unknown', end },
    })
  })

  test('that refuses each kind of suites has refused them, and not failed', async () => {
    const audit = scripted({
      ...BASE,
      suitesOf: { [TLS11]: [] },
      quirk: ({ hello }) =>
        hello.version === TLS11 && hello.suites.includes(RSA) && hello.suites.includes(ECDHE_RSA)
          ? FAILURE
          : undefined,
    })
    const versions = await versionsOf(audit, [TLS12, TLS11])
    const asked = await withFailingVersions(audit.server, versions)
    expect(briefly(asked)[1]).toEqual([[], REFUSED])
    expect(audit.claims.slice(-2)).toEqual([
      'suites version 770 signed #1',
      'suites version 770 not signed #1',
    ])
  })

  test('after it has signed, what it signed is not asked for again', async () => {
    const script = { ...BASE, versions: [TLS12, TLS11], suites: [ECDHE_ECDSA, ECDHE_RSA] }
    const audit = scripted({
      ...where({ ...script, suitesOf: { [TLS12]: [RSA] } }, ({ version, suite }) =>
        version === TLS11 && suite === ECDHE_RSA ? FAILURE : undefined,
      ),
    })
    const versions = await versionsOf(audit, [TLS12])
    const failing = { ...versions[0], number: TLS11, name: 'old', groups: [] }
    const found = { items: [], order: 'unknown', end: SERVER_FAILED } as const
    // The answer of a busy server: without it the one question for all would have found the suite of ECDSA.
    const asked = await withFailingVersions(audit.server, [...versions, { ...failing, found }])
    expect(briefly(asked)[1]).toEqual([[ECDHE_ECDSA], SERVER_FAILED])
    const offers = audit.heard.filter(({ claim }) => claim.includes('by other keys'))
    expect(offers.map(({ hello }) => hello.suites.includes(ECDHE_ECDSA))).toEqual([false])
  })

  test('one question more than it has suites is asked for each kind, in small messages too', async () => {
    const script = { ...BASE, suites: [ECDHE_RSA, 0xc014, RSA, 0x0035] }
    for (const isSmall of [false, true]) {
      const audit = scripted(
        {
          ...script,
          quirk: ({ hello, size }) => {
            if (isSmall && size > 255) return 'close'
            const isMixed = hello.suites.includes(RSA) && hello.suites.includes(ECDHE_RSA)
            return isMixed && hello.version === TLS11 ? FAILURE : undefined
          },
        },
        { isSmall },
      )
      const newer = await versionsOf(audit, [TLS12])
      const found = { items: [], order: 'unknown', end: SERVER_FAILED } as const
      const older = { name: 'old', number: TLS11, groups: [], found }
      const before = audit.claims.length
      const asked = await withFailingVersions(audit.server, [...newer, older])
      expect(asked[1]?.found.items.toSorted((a, b) => a - b)).toEqual([
        RSA,
        0x0035,
        ECDHE_RSA,
        0xc014,
      ])
      expect(asked[1]?.found.end).toEqual(REFUSED)
      if (!isSmall) expect(audit.claims.slice(before)).toHaveLength(6)
    }
  })

  test('of a server that has signed with both keys, each kind is asked for at once', async () => {
    const script = { ...BASE, suites: [ECDHE_RSA, ECDHE_ECDSA, RSA] }
    const audit = scripted(where(script, (chosen) => (older(chosen) ? FAILURE : undefined)))
    const versions = await versionsOf(audit, [TLS12, TLS11])
    const before = audit.claims.length
    await withFailingVersions(audit.server, versions)
    expect(audit.claims.slice(before).toSorted()).toEqual([
      'suites version 770 not signed #1',
      'suites version 770 signed by RSA #1',
      'suites version 770 signed by other keys #1',
    ])
  })

  const failed = (number: number): VersionSuites => ({
    ...{ name: 'old', number, groups: [29] },
    found: { items: [], order: 'unknown', end: SERVER_FAILED },
  })
  const accepting: VersionSuites = {
    ...{ name: 'new', number: TLS12, groups: [29] },
    found: { items: [RSA], order: 'unknown', end: REFUSED },
  }

  test.each<[string, readonly VersionSuites[]]>([
    ['where it fails in all', [failed(TLS12), failed(TLS11)]],
    ['in TLS 1.3, whose suites have no kinds', [failed(TLS13), accepting]],
    ['in SSL 3.0, whose messages are small', [accepting, failed(SSL3)]],
    [
      'where it has shown suites',
      [accepting, { ...accepting, found: { ...accepting.found, end: SERVER_FAILED } }],
    ],
    [
      'where it refuses',
      [accepting, { ...failed(TLS11), found: { ...accepting.found, items: [] } }],
    ],
  ])('is not asked again %s', async (_, versions) => {
    const { server, claims } = scripted(BASE)
    expect(await withFailingVersions(server, versions)).toEqual(versions)
    expect(claims).toEqual([])
  })

  test('is asked again in TLS 1.0 too', async () => {
    const { server, claims } = scripted({ ...BASE, versions: [TLS12, TLS11, TLS10] })
    const asked = await withFailingVersions(server, [accepting, failed(TLS10)])
    expect(asked[1]?.found.items).toEqual([ECDHE_RSA, RSA])
    expect(claims).not.toEqual([])
  })
})

describe('DHE for clients that name no prime', () => {
  const OWN = Buffer.concat([Buffer.alloc(127, 0xff), Buffer.of(0xfb)])
  const HIDING: Script = { ...BASE, suites: [DHE_RSA, RSA], namedPrimes: [], ownPrime: OWN }

  test('is found in every version of a server that knows RFC 7919 and has none of its primes', async () => {
    const audit = scripted(HIDING)
    const versions = await versionsOf(audit, [TLS12, TLS11])
    expect(briefly(versions)).toEqual([
      [[RSA], REFUSED],
      [[RSA], REFUSED],
    ])
    const more = await withUnnamedPrimes(audit.server, versions)
    expect(briefly(more)).toEqual([
      [[RSA, DHE_RSA], REFUSED],
      [[RSA, DHE_RSA], REFUSED],
    ])
    expect(more.map(({ groups }) => groups)).toEqual([GROUPS_WITHOUT_PRIME, GROUPS_WITHOUT_PRIME])
    const offered = audit.heard.filter(({ claim }) => claim.includes('without named primes'))
    expect(offered.every(({ hello }) => !hello.suites.includes(RSA))).toBe(true)
  })

  test('costs one question more than there are such suites, and is found by small messages', async () => {
    const suites = [DHE_RSA, 0x0039, RSA]
    const audit = scripted({ ...HIDING, suites })
    const versions = await versionsOf(audit, [TLS12])
    const before = audit.claims.length
    const [more] = await withUnnamedPrimes(audit.server, versions)
    expect(more?.found).toMatchObject({ items: [RSA, DHE_RSA, 0x0039], end: REFUSED })
    expect(audit.claims.slice(before)).toHaveLength(3)
    const small = scripted(
      { ...HIDING, suites, quirk: ({ size }) => (size > 255 ? 'close' : undefined) },
      { isSmall: true },
    )
    const [found] = await withUnnamedPrimes(small.server, await versionsOf(small, [TLS12]))
    expect(found?.found).toMatchObject({ items: [RSA, DHE_RSA, 0x0039], end: REFUSED })
  })

  test('is found where the server has nothing else', async () => {
    const audit = scripted({ ...HIDING, suites: [DHE_RSA] })
    const versions = await versionsOf(audit, [TLS12])
    expect(briefly(versions)).toEqual([[[], REFUSED]])
    expect(briefly(await withUnnamedPrimes(audit.server, versions))).toEqual([[[DHE_RSA], REFUSED]])
  })

  test('is asked for once of a server without DHE', async () => {
    const audit = scripted(BASE)
    const versions = await versionsOf(audit, [TLS12, TLS11])
    const before = audit.claims.length
    const same = await withUnnamedPrimes(audit.server, versions)
    expect(briefly(same)).toEqual(briefly(versions))
    expect(same.map(({ groups }) => groups)).toEqual([EVERY_GROUP, EVERY_GROUP])
    expect(audit.claims.slice(before)).toEqual(['suites version 771 without named primes #1'])
  })

  test('is asked first in a version that is accepted', async () => {
    const audit = scripted({ ...BASE, suitesOf: { [TLS12]: [] } })
    const versions = await versionsOf(audit, [TLS12, TLS11])
    const before = audit.claims.length
    await withUnnamedPrimes(audit.server, versions)
    expect(audit.claims.slice(before)).toEqual(['suites version 770 without named primes #1'])
  })

  const version = (
    number: number,
    end: Answer,
    items: readonly number[] = [RSA],
  ): VersionSuites => ({
    ...{ name: 'one', number, groups: [29] },
    found: { items, order: 'server', end },
  })

  test.each<[string, VersionSuites]>([
    ['TLS 1.3', version(TLS13, REFUSED, [0x1301])],
    ['SSL 3.0', version(SSL3, REFUSED)],
    ['a version that is refused as such', version(TLS12, NO_VERSION, [])],
    ['a version that has DHE', version(TLS12, REFUSED, [RSA, DHE_RSA])],
    ['a list that is not whole', version(TLS12, SERVER_FAILED)],
  ])('is not asked for in %s', async (_, one) => {
    const { server, claims } = scripted(HIDING)
    expect(await withUnnamedPrimes(server, [one])).toEqual([one])
    expect(claims).toEqual([])
  })

  test('that fails leaves the list not whole', async () => {
    const audit = scripted(where(HIDING, ({ suite }) => (suite === DHE_RSA ? FAILURE : undefined)))
    const versions = await versionsOf(audit, [TLS12])
    const [found] = await withUnnamedPrimes(audit.server, versions)
    expect(found?.found).toMatchObject({ items: [RSA], end: SERVER_FAILED })
  })
})
