/** Versions in which a server fails are asked for each kind of suites. */
import { describe, expect, test } from 'vitest'
import { GROUPS_WITHOUT_PRIME } from '../../../src/audit/messages/iana-groups.ts'
import type { Answer } from '../../../src/audit/model.ts'
import { SERVER_FAILED } from '../../../src/audit/probes/answers.ts'
import { withFailingVersions } from '../../../src/audit/probes/failing-versions.ts'
import type { VersionSuites } from '../../../src/audit/probes/unnamed-primes.ts'
import { REFUSED } from '../answers.ts'
import type { Chosen } from '../scripted/choice.ts'
import type { Script } from '../scripted/script.ts'
import { scripted } from '../scripted/server.ts'
import {
  BASE,
  briefly,
  ECDHE_ECDSA,
  ECDHE_RSA,
  FAILURE,
  RSA,
  SSL3,
  TLS10,
  TLS11,
  TLS12,
  TLS13,
  versionsOf,
  where,
} from './version-suites.ts'

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
