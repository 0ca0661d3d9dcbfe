/** DHE of servers that have a prime for clients which name none: RFC 7919 section 4. */
import { describe, expect, test } from 'vitest'
import { EVERY_GROUP, GROUPS_WITHOUT_PRIME } from '../../../src/audit/messages/iana-groups.ts'
import type { Answer } from '../../../src/audit/model.ts'
import { SERVER_FAILED } from '../../../src/audit/probes/answers.ts'
import { type VersionSuites, withUnnamedPrimes } from '../../../src/audit/probes/unnamed-primes.ts'
import { NO_VERSION, REFUSED } from '../answers.ts'
import type { Script } from '../scripted/script.ts'
import { scripted } from '../scripted/server.ts'
import {
  BASE,
  briefly,
  DHE_RSA,
  FAILURE,
  RSA,
  SSL3,
  TLS11,
  TLS12,
  TLS13,
  versionsOf,
  where,
} from './version-suites.ts'

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

  test('is found in a version that has nothing else, although a newer one has none', async () => {
    const suitesOf = { [TLS12]: [RSA], [TLS11]: [DHE_RSA] }
    const audit = scripted({ ...HIDING, suitesOf })
    const versions = await versionsOf(audit, [TLS12, TLS11])
    expect(briefly(versions)).toEqual([
      [[RSA], REFUSED],
      [[], REFUSED],
    ])
    expect(briefly(await withUnnamedPrimes(audit.server, versions))).toEqual([
      [[RSA], REFUSED],
      [[DHE_RSA], REFUSED],
    ])
  })

  test('is asked first in a version that is accepted', async () => {
    const audit = scripted({ ...BASE, suitesOf: { [TLS12]: [] } })
    const versions = await versionsOf(audit, [TLS12, TLS11])
    const before = audit.claims.length
    await withUnnamedPrimes(audit.server, versions)
    expect(audit.claims.slice(before)).toEqual([
      'suites version 770 without named primes #1',
      'suites version 771 without named primes #1',
    ])
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

  test('is asked for in the next version where one has not said that it has none', async () => {
    let isFirst = true
    const audit = scripted({
      ...{ ...HIDING, suitesOf: { [TLS12]: [RSA], [TLS11]: [DHE_RSA, RSA] } },
      quirk: ({ claim }) => {
        if (!claim.includes('without named primes') || !isFirst) return undefined
        isFirst = false
        return FAILURE
      },
    })
    const more = await withUnnamedPrimes(audit.server, await versionsOf(audit, [TLS12, TLS11]))
    expect(briefly(more)).toEqual([
      [[RSA], SERVER_FAILED],
      [[RSA, DHE_RSA], REFUSED],
    ])
  })

  test('that fails leaves the list not whole', async () => {
    const audit = scripted(where(HIDING, ({ suite }) => (suite === DHE_RSA ? FAILURE : undefined)))
    const versions = await versionsOf(audit, [TLS12])
    const [found] = await withUnnamedPrimes(audit.server, versions)
    expect(found?.found).toMatchObject({ items: [RSA], end: SERVER_FAILED })
  })
})
