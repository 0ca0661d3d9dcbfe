/** Groups, primes and schemes of signatures that servers agree on a secret with. */
import { describe, expect, test } from 'vitest'
import { ffdhePrime } from '../../../src/algorithms/ffdhe-primes.ts'
import type { Answer } from '../../../src/audit/model.ts'
import type { Found } from '../../../src/audit/probes/enumerate.ts'
import { probeCurves, probeGroups13, probePrimes } from '../../../src/audit/probes/groups.ts'
import { probeSignatures12, probeSignatures13 } from '../../../src/audit/probes/signatures.ts'
import { probeSuites } from '../../../src/audit/probes/suites.ts'
import { CUT, ILLEGAL, NOT_OFFERED, REFUSED, TIMED_OUT } from '../answers.ts'
import { isGrease, listIn } from '../scripted/choice.ts'
import { CUT_FLIGHT, HANDSHAKE_ALERT, RSA_FLIGHT } from '../scripted/flights.ts'
import type { Script } from '../scripted/script.ts'
import { scripted } from '../scripted/server.ts'

const [TLS13, TLS12] = [0x0304, 0x0303]
const [X25519, P256, P384, FFDHE2048, FFDHE3072] = [29, 23, 24, 0x100, 0x101]
const [ECDHE, DHE, RSA] = [0xc02f, 0x009e, 0x009c]

const NEWER: Script = {
  ...{ versions: [TLS13], suites: [0x1301], groups: [X25519, P256], schemes: [0x0804] },
}
const OLDER: Script = {
  ...{ versions: [TLS12], suites: [ECDHE, DHE, RSA], groups: [X25519, P256] },
  schemes: [0x0804],
}

describe('groups of TLS 1.3', () => {
  const found = (script: Script) => probeGroups13(scripted(script).server, [0x1301])

  test('in the order of the server', async () => {
    const groups = [P384, FFDHE2048, X25519]
    expect(await found({ ...NEWER, groups })).toEqual({
      ...{ items: groups, order: 'server', end: REFUSED },
    })
  })

  test('where the client decides the order', async () => {
    expect(await found({ ...NEWER, order: 'client' })).toMatchObject({
      ...{ order: 'client', end: REFUSED },
    })
  })

  test('of one there is no order', async () => {
    expect(await found({ ...NEWER, groups: [P256] })).toMatchObject({
      ...{ items: [P256], order: 'unknown' },
    })
  })

  test('the first question shows that unknown values are passed over', async () => {
    const { server, claims } = scripted(NEWER)
    await probeGroups13(server, [0x1301])
    expect(server.passesUnknown).toBe(true)
    expect(claims[0]).toBe('groups TLS1.3 #1, unknown values and version')
    expect(claims).not.toContain('groups TLS1.3 #1')
  })

  test.each<[string, Script['quirk']]>([
    [
      'is stopped by unknown values',
      ({ hello }) => (hello.suites.some(isGrease) ? { alert: 47 } : undefined),
    ],
    [
      'asks for a share of an unknown group',
      ({ hello }) => {
        if (!hello.suites.some(isGrease)) return undefined
        const extensions = '002b00020304003300020a0a'
        const body = `0303cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c20${hello.sessionId.toString('hex')}130100000c${extensions}`
        const message = `020000${(body.length / 2).toString(16)}${body}`
        return Buffer.from(
          `160303${(message.length / 2).toString(16).padStart(4, '0')}${message}`,
          'hex',
        )
      },
    ],
  ])('a server that %s is asked without them', async (_, quirk) => {
    const { server, claims } = scripted({ ...NEWER, ...(quirk ? { quirk } : {}) })
    expect(await probeGroups13(server, [0x1301])).toEqual({
      ...{ items: [X25519, P256], order: 'server', end: REFUSED },
    })
    expect(server.passesUnknown).toBe(false)
    expect(claims).toContain('groups TLS1.3 #1')
  })

  test('one that other questions have shown is not asked for again', async () => {
    const { server, claims, heard } = scripted(NEWER)
    await probeSuites(server, TLS13, 'TLS1.3')
    const before = claims.length
    expect(await probeGroups13(server, [0x1301])).toEqual({
      ...{ items: [X25519, P256], order: 'server', end: REFUSED },
    })
    expect(claims.length - before).toBe(3)
    const first = heard[before]
    expect(first && listIn(first.hello, 10)?.at(-1)).toBe(X25519)
  })

  test.each<[string, Partial<Script>, Answer]>([
    ['hangs', { quirk: () => 'silence' }, TIMED_OUT],
    ['goes on with TLS 1.2', { quirk: () => RSA_FLIGHT }, NOT_OFFERED],
    ['has none of them', { groups: [] }, REFUSED],
  ])('a server that %s', async (_, change, end) => {
    expect(await found({ ...NEWER, ...change })).toMatchObject({ items: [], end })
  })
})

describe('curves before TLS 1.3', () => {
  const found = (script: Script) => probeCurves(scripted(script).server, TLS12, 'TLS1.2', [ECDHE])

  test('in the order of the server', async () => {
    expect(await found({ ...OLDER, groups: [P384, X25519, P256] })).toEqual({
      ...{ items: [P384, X25519, P256], order: 'server', end: REFUSED },
    })
    expect(await found({ ...OLDER, groups: [P384] })).toMatchObject({ order: 'unknown' })
  })

  test('with the curve of the certificate always among them, where the client decides', async () => {
    const script: Script = { ...OLDER, order: 'client', groups: [X25519, P256, P384] }
    const curves = await found({
      ...script,
      quirk: ({ hello }) => (listIn(hello, 10)?.includes(P256) ? undefined : { alert: 40 }),
    })
    expect(curves.items.toSorted()).toEqual([P256, P384, X25519])
    expect(curves).toMatchObject({ order: 'client', end: NOT_OFFERED })
  })

  test('one that other questions have shown is not asked for again, and no prime is offered', async () => {
    const { server, heard } = scripted(OLDER)
    await probeSuites(server, TLS12, 'TLS1.2')
    const before = heard.length
    const curves = await probeCurves(server, TLS12, 'TLS1.2', [ECDHE])
    expect(curves).toMatchObject({ items: [X25519, P256], order: 'server' })
    const offers = heard.slice(before).map(({ hello }) => listIn(hello, 10) ?? [])
    expect(offers).toHaveLength(3)
    expect(offers[0]?.at(-1)).toBe(X25519)
    expect(offers.flat().filter((group) => group >= 0x100 && group < 0x200)).toEqual([])
  })

  test.each<[string, Partial<Script>, Answer]>([
    ['hangs', { quirk: () => 'silence' }, TIMED_OUT],
    ['takes a suite without curve', { quirk: () => RSA_FLIGHT }, NOT_OFFERED],
    ['closes behind its ServerHello', { quirk: () => CUT_FLIGHT }, CUT],
    [
      'sends an alert behind its ServerHello',
      { quirk: () => Buffer.concat([CUT_FLIGHT, HANDSHAKE_ALERT]) },
      REFUSED,
    ],
    ['fails', { quirk: () => ({ alert: 47 }) }, ILLEGAL],
  ])('a server that %s', async (_, change, end) => {
    expect(await found({ ...OLDER, ...change })).toMatchObject({ items: [], end })
  })
})

describe('primes', () => {
  const OWN = Buffer.concat([Buffer.alloc(127, 0xff), Buffer.of(0xfb)])
  const ffdhe = (bits: number) => Buffer.from(ffdhePrime(bits).toString(16), 'hex')
  const own = { version: 'TLS1.2', bits: 1024, group: null }
  const named = (bits: number) => ({ version: 'TLS1.2', bits, group: `ffdhe${bits}` })
  const unnamed = 'groups TLS1.2, no named primes'

  const probe = async (script: Partial<Script>, isAfterSuites = false) => {
    const { server, claims, heard } = scripted({ ...OLDER, suites: [DHE], ...script })
    if (isAfterSuites) await probeSuites(server, TLS12, 'TLS1.2')
    const found = await probePrimes(server, TLS12, 'TLS1.2', [DHE])
    return { found, claims, heard }
  }

  test('of RFC 7919, and none for clients that name none', async () => {
    const { found, claims } = await probe({ namedPrimes: [FFDHE3072, FFDHE2048] })
    expect(found).toEqual({
      ...{ items: [FFDHE3072, FFDHE2048], order: 'unknown', end: REFUSED },
      primes: [named(3072), named(2048)],
    })
    expect(claims.at(-1)).toBe(unnamed)
  })

  test('of RFC 7919, and one of its own for clients that name none', async () => {
    const { found, heard } = await probe({ namedPrimes: [FFDHE2048], ownPrime: OWN })
    expect(found).toEqual({
      ...{ items: [FFDHE2048], order: 'unknown', end: REFUSED },
      primes: [named(2048), own],
    })
    const last = heard.at(-1)
    expect(last && listIn(last.hello, 10)?.includes(FFDHE2048)).toBe(false)
  })

  test('of its own for every client', async () => {
    const { found, claims } = await probe({ ownPrime: OWN })
    expect(found).toEqual({ items: [], order: 'unknown', end: NOT_OFFERED, primes: [own] })
    expect(claims).not.toContain(unnamed)
  })

  test('of RFC 7919 for every client, whatever is offered', async () => {
    const { found } = await probe({ ownPrime: ffdhe(2048) })
    expect(found).toMatchObject({ items: [FFDHE2048], end: NOT_OFFERED, primes: [named(2048)] })
  })

  test('that look like one of RFC 7919 and are none', async () => {
    const other = Buffer.concat([Buffer.alloc(255, 0xff), Buffer.of(0xfb)])
    const { found } = await probe({ ownPrime: other })
    expect(found.primes).toEqual([{ version: 'TLS1.2', bits: 2048, group: null }])
  })

  test('that are known already, smallest first, are not asked for again', async () => {
    const { found, heard } = await probe({ namedPrimes: [FFDHE3072] }, true)
    expect(found).toMatchObject({ items: [FFDHE3072], primes: [named(3072)] })
    const offers = heard.filter(({ claim }) => claim.includes('primes #'))
    expect(offers.map(({ hello }) => listIn(hello, 10)?.includes(FFDHE3072))).toEqual([false])
  })

  test('are not known where the server hangs', async () => {
    const hangs = await probe({ quirk: () => 'silence' })
    expect(hangs.found).toMatchObject({ items: [], end: TIMED_OUT, primes: [] })
    expect(hangs.claims).not.toContain(unnamed)
  })

  test('are not known where the server closes behind its ServerHello', async () => {
    const { found } = await probe({ quirk: () => CUT_FLIGHT })
    expect(found).toMatchObject({ items: [], end: CUT, primes: [] })
  })

  test('are not whole where the server hangs at a client that names none', async () => {
    const { found } = await probe({
      namedPrimes: [FFDHE2048],
      quirk: ({ claim }) => (claim === unnamed ? 'silence' : undefined),
    })
    expect(found).toMatchObject({ items: [FFDHE2048], end: TIMED_OUT, primes: [named(2048)] })
  })
})

describe('signatures of TLS 1.2', () => {
  const found = (script: Script) => probeSignatures12(scripted(script).server, [ECDHE], [X25519])

  test('are found one after the other', async () => {
    const signatures = await found({ ...OLDER, schemes: [0x0804, 0x0401, 0x0201] })
    expect(signatures).toEqual({
      ...{ items: [0x0804, 0x0401, 0x0201], order: 'unknown', end: REFUSED },
    })
  })

  test('that other questions have shown are not asked for again', async () => {
    const { server, heard } = scripted({ ...OLDER, schemes: [0x0401, 0x0804] })
    await probeSuites(server, TLS12, 'TLS1.2')
    const before = heard.length
    const { items } = await probeSignatures12(server, [ECDHE], [X25519])
    expect(items).toEqual([0x0401, 0x0804])
    const offers = heard.slice(before).map(({ hello }) => listIn(hello, 13) ?? [])
    expect(offers).toHaveLength(2)
    expect(offers.flat()).not.toContain(0x0401)
  })

  test.each<[string, Partial<Script>, readonly number[], Answer]>([
    ['hangs', { quirk: () => 'silence' }, [], TIMED_OUT],
    ['signs nothing', { quirk: () => RSA_FLIGHT }, [], NOT_OFFERED],
    ['closes behind its ServerHello', { quirk: () => CUT_FLIGHT }, [], CUT],
    [
      'signs with what it likes',
      { quirk: ({ hello }) => (listIn(hello, 13)?.includes(0x0201) ? undefined : RSA_FLIGHT) },
      [0x0201],
      NOT_OFFERED,
    ],
  ])('a server that %s', async (_, change, items, end) => {
    expect(await found({ ...OLDER, schemes: [0x0201], ...change })).toMatchObject({ items, end })
  })
})

describe('signatures of TLS 1.3', () => {
  const way = { suites: [0x1301], group: X25519 }
  const whole = (...items: readonly number[]): Found => ({ items, order: 'unknown', end: REFUSED })
  const found = (script: Script, isSmall = false) =>
    probeSignatures13(
      ...([scripted(script, { isSmall }).server, whole(0x1301), whole(X25519), way] as const),
    )

  test('are found by handshakes, which are kept', async () => {
    const { server, claims } = scripted({ ...NEWER, schemes: [0x0804, 0x0403] })
    const signatures = await probeSignatures13(server, whole(0x1301), whole(X25519), way)
    expect(signatures).toEqual({
      ...{ items: [0x0804, 0x0403], order: 'unknown', end: REFUSED },
    })
    expect(server.handshakes.map(({ scheme }) => scheme)).toEqual([0x0804, 0x0403])
    expect(claims).toHaveLength(3)
  })

  test('are found by small messages too', async () => {
    expect((await found({ ...NEWER, schemes: [0x0804, 0x0403] }, true)).items.toSorted()).toEqual([
      ...[0x0403, 0x0804],
    ])
  })

  test.each<[string, Partial<Script>, readonly number[], Answer]>([
    ['hangs', { quirk: () => 'silence' }, [], TIMED_OUT],
    ['goes on with TLS 1.2', { quirk: () => RSA_FLIGHT }, [], NOT_OFFERED],
    ['fails', { quirk: () => ({ alert: 47 }) }, [], ILLEGAL],
    ['closes in place of its Finished', { beforeFinished: 'close' }, [], CUT],
  ])('a server that %s', async (_, change, items, end) => {
    expect(await found({ ...NEWER, ...change })).toMatchObject({ items, end })
  })

  const failed: Found = { items: [], order: 'unknown', end: TIMED_OUT }
  const NOT_COMPUTABLE = {
    answer: 'unknown',
    because: 'the server accepts no group and suite of TLS 1.3 that Node.js can compute with',
  }

  test.each<[string, Found, Found, object]>([
    ['no group that is computed with', whole(0x1301), whole(0x7777), NOT_COMPUTABLE],
    ['no suite that is computed with', whole(0x00c6), whole(X25519), NOT_COMPUTABLE],
    ['no group, as questions failed', whole(0x1301), failed, TIMED_OUT],
    ['groups of which some are not known', whole(0x1301), { ...failed, items: [7] }, TIMED_OUT],
    ['suites of which some are not known', { ...failed, items: [0xc6] }, whole(X25519), TIMED_OUT],
    ['no group', whole(0x1301), whole(), NOT_COMPUTABLE],
    ['no group, and suites of which some are not known', failed, whole(), NOT_COMPUTABLE],
  ])('are not asked for where the server has %s', async (_, suites, groups, end) => {
    const { server, claims } = scripted(NEWER)
    expect(await probeSignatures13(server, suites, groups, undefined)).toEqual({
      ...{ items: [], order: 'unknown', end },
    })
    expect(claims).toEqual([])
  })
})
