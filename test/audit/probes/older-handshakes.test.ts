/** What whole handshakes before TLS 1.3 show: RFC 5246 section 7.3, RFC 5077, RFC 5746. */
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Answer } from '../../../src/audit/model.ts'
import {
  clientCertificateOf,
  requiredCertificate,
} from '../../../src/audit/probes/client-certificates.ts'
import { featuresOf } from '../../../src/audit/probes/features.ts'
import {
  type OlderFacts,
  probeOlderHandshakes,
} from '../../../src/audit/probes/older-handshakes.ts'
import { probeSuites } from '../../../src/audit/probes/suites.ts'
import type { AcceptedVersion } from '../../../src/audit/probes/unknown-values.ts'
import {
  ACCEPTED,
  CLOSED,
  ENDED_UNSAID,
  MAY_INSIST,
  NOT_OFFERED,
  NOT_SEEN,
  REFUSED,
  TIMED_OUT,
} from '../answers.ts'
import { CUT_FLIGHT } from '../scripted/flights.ts'
import type { Behind, Script } from '../scripted/script.ts'
import { type Scripted, scripted } from '../scripted/server.ts'

const [TLS13, TLS12, TLS11, SSL3, SSL2] = [0x0304, 0x0303, 0x0302, 0x0300, 0x0002]
const ECDHE = 0xc02f

const NOT_COMPUTABLE: Answer = {
  answer: 'unknown',
  because: 'Node.js can compute with none of the suites before TLS 1.3',
}

const TICKET = { lifetimeHint: 300, ticket: Buffer.alloc(40, 9) }
const SECURE = [0xff01, 23, 35]

const SCRIPT: Script = {
  ...{ versions: [TLS12], suites: [ECDHE], groups: [29], schemes: [0x0804] },
  ...{ extensions: SECURE, namesSessions: true },
}
const ACCEPTS: AcceptedVersion = { number: TLS12, suites: [ECDHE], groups: [29] }

async function facts(
  script: Partial<Script>,
  accepted: readonly AcceptedVersion[] = [ACCEPTS],
  options?: Parameters<typeof scripted>[1],
): Promise<OlderFacts & Scripted> {
  const audit = scripted({ ...SCRIPT, ...script }, options)
  const others = Promise.resolve()
  return { ...(await probeOlderHandshakes(audit.server, accepted, others)), ...audit }
}

describe('resumption', () => {
  const both = { byId: true, byTicket: true }

  test.each<[string, Partial<Script>, Answer, Answer]>([
    ['by nothing', { namesSessions: false }, NOT_OFFERED, NOT_OFFERED],
    ['by nothing, though it names sessions', {}, NOT_OFFERED, NOT_OFFERED],
    ['by session ID', { resumes: both }, NOT_OFFERED, ACCEPTED],
    ['by ticket', { ticket: TICKET, resumes: { byTicket: true } }, ACCEPTED, NOT_OFFERED],
    ['by both', { ticket: TICKET, resumes: both }, ACCEPTED, ACCEPTED],
    [
      'by session ID, though it gives tickets',
      { ticket: TICKET, resumes: { byId: true } },
      NOT_OFFERED,
      ACCEPTED,
    ],
    [
      'by ticket alone, as it names no session',
      { ticket: TICKET, resumes: both, namesSessions: false },
      ACCEPTED,
      NOT_OFFERED,
    ],
    [
      'by no ticket, as it gives an empty one',
      { ticket: { ...TICKET, ticket: Buffer.alloc(0) } },
      NOT_OFFERED,
      NOT_OFFERED,
    ],
  ])('%s', async (_, script, ticketResumption, sessionIdResumption) => {
    for (const version of [TLS12, TLS11]) {
      const suites = [version === TLS12 ? ECDHE : 0xc013]
      const accepted = [{ number: version, suites, groups: [29] }]
      const { features } = await facts({ ...script, suites, versions: [version] }, accepted)
      expect(features).toMatchObject({ ticketResumption, sessionIdResumption })
    }
  })

  test('a server that names no session is not asked for one', async () => {
    for (const [script, claims] of [
      [{}, ['renegotiation']],
      [
        { ticket: TICKET, resumes: both },
        ['finish before TLS1.3 without ticket', 'resumption by ticket'],
      ],
    ] as const) {
      const audit = await facts({ ...script, namesSessions: false })
      expect(audit.claims).toEqual(['finish before TLS1.3', ...claims])
    }
  })

  test('the lifetime of a ticket is what the server says of it', async () => {
    expect((await facts({ ticket: TICKET })).ticketLifetimeHint).toBe(300)
    const unsaid = await facts({ ticket: { ...TICKET, lifetimeHint: 0 } })
    expect(unsaid.ticketLifetimeHint).toBe(0)
    expect((await facts({})).ticketLifetimeHint).toBeNull()
    const empty = await facts({ ticket: { ...TICKET, ticket: Buffer.alloc(0) } })
    expect(empty.ticketLifetimeHint).toBeNull()
  })

  const at =
    (
      claims: RegExp,
      reaction: 'close' | 'silence' | { alert: number },
    ): NonNullable<Script['quirk']> =>
    ({ claim }) =>
      claims.test(claim) && !claim.endsWith('control') ? reaction : undefined

  test.each<[RegExp, Answer, Answer, Answer]>([
    [/by ticket/, REFUSED, ACCEPTED, NOT_OFFERED],
    [/by session ID/, ACCEPTED, REFUSED, ACCEPTED],
    [/without ticket/, ACCEPTED, REFUSED, ACCEPTED],
    [/by ticket|^renegotiation/, REFUSED, ACCEPTED, REFUSED],
  ])('questions that fail at %s leave the others alone', async (claims, ...answers) => {
    const [ticketResumption, sessionIdResumption, clientRenegotiation] = answers
    const { features } = await facts({
      ...{ ticket: TICKET, resumes: both, renegotiation: 'accept' },
      quirk: at(claims, { alert: 40 }),
    })
    expect(features).toMatchObject({ ticketResumption, sessionIdResumption })
    const isAsked = clientRenegotiation !== NOT_OFFERED
    expect(features.clientRenegotiation).toEqual(isAsked ? clientRenegotiation : ACCEPTED)
  })

  test('a question without an answer is told as such', async () => {
    const hangs = await facts({ resumes: both, quirk: at(/by session ID|^reneg/, 'silence') })
    expect(hangs.features).toEqual({
      ticketResumption: NOT_OFFERED,
      sessionIdResumption: TIMED_OUT,
      clientRenegotiation: TIMED_OUT,
    })
  })
})

describe('renegotiation by the client', () => {
  const LEFT: Answer = { answer: 'unknown', because: 'it left a request without an answer' }
  const NO: Answer = { answer: 'refused', alert: 100, name: 'no_renegotiation' }

  test.each<[string, Partial<Script>, Answer]>([
    ['accepts it', { renegotiation: 'accept' }, ACCEPTED],
    ['accepts it without its proof', { renegotiation: 'accept', extensions: [23] }, ACCEPTED],
    ['sends a warning', { renegotiation: { alert: 100, level: 1 } }, NO],
    ['refuses it', { renegotiation: { alert: 100 } }, NO],
    ['closes', { renegotiation: 'close' }, CLOSED],
    ['leaves it without an answer', { renegotiation: 'ignore' }, LEFT],
  ])('a server that %s', async (_, script, clientRenegotiation) => {
    for (const more of [
      {},
      { resumes: { byId: true } },
      { ticket: TICKET, resumes: { byTicket: true } },
      { namesSessions: false },
    ]) {
      const { features } = await facts({ ...script, ...more })
      expect(features).toMatchObject({ clientRenegotiation })
    }
  })

  test('is asked for on the last connection that there is, which waits for all other questions', async () => {
    const order: string[] = []
    const audit = scripted({
      ...{ ...SCRIPT, ticket: TICKET, resumes: { byTicket: true, byId: true } },
      quirk: ({ claim }) => void order.push(claim),
    })
    let end = () => {}
    const others = new Promise<void>((resolve) => {
      end = resolve
    })
    const done = probeOlderHandshakes(audit.server, [ACCEPTS], others)
    await expect.poll(() => order).toHaveLength(3)
    expect(order).toEqual([
      'finish before TLS1.3',
      'finish before TLS1.3 without ticket',
      'resumption by session ID',
    ])
    end()
    await done
    expect(order.slice(3)).toEqual(['resumption by ticket'])
    expect(audit.silences.get('resumption by ticket')).toEqual([2000])
    expect(audit.silences.get('resumption by session ID')).toEqual([])
  })

  test('without tickets it waits too', async () => {
    const audit = scripted(SCRIPT)
    let end = () => {}
    const others = new Promise<void>((resolve) => {
      end = resolve
    })
    const done = probeOlderHandshakes(audit.server, [ACCEPTS], others)
    await expect.poll(() => audit.claims).toHaveLength(1)
    for (let turn = 0; turn < 500; turn++) await Promise.resolve()
    expect(audit.claims).toEqual(['finish before TLS1.3'])
    end()
    await done
    expect(audit.claims).toContain('resumption by session ID')
  })
})

describe('a certificate of the client', () => {
  const request = {
    ...{ context: Buffer.alloc(0), types: [1, 64], schemes: [0x0804] },
    authorities: [Buffer.from('300e310c300a06035504030c03666f6f', 'hex')],
  }
  const FIRST = Buffer.from('x')

  test.each<[Partial<Script>, Buffer | undefined, Answer]>([
    [{ withoutCertificate: { alert: 40 } }, undefined, ACCEPTED],
    [{ withoutCertificate: { alert: 80 } }, undefined, ENDED_UNSAID],
    [{ withoutCertificate: 'close' }, undefined, ENDED_UNSAID],
    [{ withoutCertificate: 'reset' }, undefined, ENDED_UNSAID],
    [{ behind: [{ alert: 42 }] }, undefined, ACCEPTED],
    [{ behind: ['close'] }, undefined, ENDED_UNSAID],
    [{ behind: ['data'] }, undefined, NOT_OFFERED],
    [{ behind: [] }, undefined, NOT_OFFERED],
    [{ behind: ['echo'] }, FIRST, NOT_OFFERED],
    [{ behind: [] }, FIRST, MAY_INSIST],
    [{ behind: ['close'] }, FIRST, ENDED_UNSAID],
  ])('is required by a server with %j, to %j: %j', async (script, firstRequest, required) => {
    const { admission, features, server } = await facts(
      ...([{ ...script, request }, [ACCEPTS]] as const),
      firstRequest ? { firstRequest } : {},
    )
    expect(admission).toEqual(required)
    expect(requiredCertificate(server, admission)).toEqual(required)
    if (required === ACCEPTED || script.withoutCertificate) {
      expect(features).toEqual({
        ...{ ticketResumption: NOT_SEEN, sessionIdResumption: NOT_SEEN },
        clientRenegotiation: NOT_SEEN,
      })
    }
  })

  test('is not required where none is asked for, whatever comes behind the handshake', async () => {
    expect((await facts({})).admission).toEqual(NOT_OFFERED)
    for (const behind of ['garbage', { alert: 80 }, 'reset'] as const) {
      expect((await facts({ behind: [behind] })).admission).toEqual(NOT_OFFERED)
    }
  })

  test('silence tells soon, by how fast the server was from its request on', async () => {
    let time = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (time += 40))
    onTestFinished(() => clock.mockRestore())
    const { silences } = await facts({ request, behind: [] })
    expect(silences.get('finish before TLS1.3')).toEqual([1000, 150 + 10 * 40])
  })

  test.each<[string, Partial<Script>, Answer]>([
    ['refuses the client without asking', { quirk: () => ({ alert: 40 }) }, REFUSED],
    ['closes without asking', { quirk: () => 'close' }, CLOSED],
    ['hangs', { quirk: () => 'silence' }, TIMED_OUT],
    ['chooses compression', { compression: 1 }, NOT_COMPUTABLE],
  ])('is not known of a server that %s', async (_, script, answer) => {
    const { admission, features, ticketLifetimeHint } = await facts(script)
    expect({ admission, ticketLifetimeHint, features }).toEqual({
      ...{ admission: answer, ticketLifetimeHint: null },
      features: {
        ...{ ticketResumption: answer, sessionIdResumption: answer, clientRenegotiation: answer },
      },
    })
  })

  test('what is asked for is told of flights too', async () => {
    const { server } = scripted({ ...SCRIPT, request })
    await probeSuites(server, TLS12, 'TLS1.2')
    expect(clientCertificateOf(server, ACCEPTED)).toEqual({
      ...{ asked: ACCEPTED, required: ACCEPTED, authorities: ['CN=foo'] },
      schemes: [{ number: 0x0804, name: 'rsa_pss_rsae_sha256' }],
      types: [
        { number: 1, name: 'rsa_sign' },
        { number: 64, name: 'ecdsa_sign' },
      ],
    })
  })

  test.each<[string, Partial<Script>, Answer]>([
    ['with a certificate of its own has asked for none', {}, NOT_OFFERED],
    ['without a certificate may not ask for one', { suites: [0xc018] }, NOT_SEEN],
    ['whose flight breaks off may have wanted to ask', { quirk: () => CUT_FLIGHT }, NOT_SEEN],
  ])('a server %s', async (_, script, asked) => {
    const { server } = scripted({ ...SCRIPT, ...script })
    await probeSuites(server, TLS12, 'TLS1.2')
    expect(clientCertificateOf(server, ACCEPTED)).toMatchObject({ asked, required: asked })
  })
})

describe('which handshake is done', () => {
  test.each<[string, readonly AcceptedVersion[]]>([
    ['TLS 1.3 alone', [{ ...ACCEPTS, number: TLS13, suites: [0x1301] }]],
    [
      'SSL 3.0 and older',
      [
        { ...ACCEPTS, number: SSL3 },
        { ...ACCEPTS, number: SSL2 },
      ],
    ],
    ['nothing', []],
  ])('none with %s', async (_, accepted) => {
    const { claims, admission, features, ticketLifetimeHint } = await facts({}, accepted)
    expect({ claims, admission, features, ticketLifetimeHint }).toEqual({
      ...{ claims: [], admission: undefined, features: {}, ticketLifetimeHint: null },
    })
  })

  test('none where there is no suite to compute with', async () => {
    const psk = { ...ACCEPTS, suites: [0x008c, 0x0004] }
    const { claims, admission } = await facts({}, [psk])
    expect([claims, admission]).toEqual([[], NOT_COMPUTABLE])
  })

  test('the newest version, the cheapest suites and groups first, and nothing that disturbs', async () => {
    const { heard } = await facts({ versions: [TLS12, TLS11], groups: [29, 23] }, [
      { ...ACCEPTS, number: TLS13, suites: [0x1301] },
      { number: TLS12, suites: [0x009e, 0x009c, 0x008c, ECDHE], groups: [0x7777, 24, 29] },
      { ...ACCEPTS, number: TLS11 },
    ])
    const hello = heard[0]?.hello
    expect(hello).toMatchObject({
      ...{ version: TLS12, compressions: [0], suites: [ECDHE, 0x009c, 0x009e] },
    })
    const groups = hello?.extensions?.find(({ type }) => type === 10)?.data
    expect(groups?.toString('hex')).toBe('0006001d00187777')
    expect(hello?.extensions?.map(({ type }) => type)).not.toContain(15)
  })
})

describe('features before TLS 1.3', () => {
  const featuresAfter = async (script: Partial<Script>, knowsTls13 = false, version = TLS12) => {
    const { server } = scripted({ ...SCRIPT, extensions: [], namesSessions: false, ...script })
    await probeSuites(server, version, 'TLS1.2')
    return featuresOf(server, knowsTls13, undefined)
  }
  const none = {
    ...{
      extendedMasterSecret: NOT_OFFERED,
      encryptThenMac: NOT_OFFERED,
      secureRenegotiation: NOT_OFFERED,
    },
    ...{
      sessionTickets: NOT_OFFERED,
      sessionIds: NOT_OFFERED,
      compression: NOT_OFFERED,
      heartbeat: NOT_OFFERED,
    },
  }

  test.each<[string, Partial<Script>, object]>([
    ['none', {}, {}],
    ['extendedMasterSecret', { extensions: [23] }, { extendedMasterSecret: ACCEPTED }],
    ['encryptThenMac', { extensions: [22] }, { encryptThenMac: ACCEPTED }],
    ['secureRenegotiation', { extensions: [0xff01] }, { secureRenegotiation: ACCEPTED }],
    ['sessionTickets', { extensions: [35] }, { sessionTickets: ACCEPTED }],
    ['sessionIds', { namesSessions: true }, { sessionIds: ACCEPTED }],
    ['compression', { compression: 1 }, { compression: ACCEPTED }],
    ['heartbeat', { extensions: [15] }, { heartbeat: ACCEPTED }],
  ])('%s', async (_, script, found) => {
    expect(await featuresAfter(script)).toEqual({ ...none, ...found })
  })

  test('SSL 3.0 has no extensions, but it has the proof of renegotiations', async () => {
    const ssl3 = { versions: [SSL3], suites: [0x002f], extensions: [0xff01] }
    expect(await featuresAfter(ssl3, false, SSL3)).toEqual({
      ...{ ...none, secureRenegotiation: ACCEPTED },
      ...{ extendedMasterSecret: NOT_SEEN, encryptThenMac: NOT_SEEN },
      ...{ sessionTickets: NOT_SEEN, heartbeat: NOT_SEEN },
    })
  })

  test('the mark of a downgrade is looked for where the server knows TLS 1.3', async () => {
    const marked = await featuresAfter({ hasDowngradeMark: true }, true)
    expect(marked.downgradeMark).toEqual(ACCEPTED)
    expect((await featuresAfter({}, true)).downgradeMark).toEqual(NOT_OFFERED)
    expect(await featuresAfter({ hasDowngradeMark: true })).not.toHaveProperty('downgradeMark')
  })
})

test('messages behind a handshake before TLS 1.3 are waited past only so long', async () => {
  const { admission } = await facts({
    request: { context: Buffer.alloc(0), types: [1], schemes: [], authorities: [] },
    behind: Array<Behind>(9).fill('message'),
  })
  expect(admission).toEqual(MAY_INSIST)
})
