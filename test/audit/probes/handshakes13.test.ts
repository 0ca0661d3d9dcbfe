/** What whole handshakes of TLS 1.3 show: protocols, certificates of clients, tickets, resumption. RFC 8446, RFC 7301. */
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { findExtension } from '../../../src/audit/messages/extensions.ts'
import type { Answer } from '../../../src/audit/model.ts'
import {
  clientCertificateOf,
  requiredCertificate,
} from '../../../src/audit/probes/client-certificates.ts'
import { featuresOf } from '../../../src/audit/probes/features.ts'
import { probeFinish13, wayToCompute13 } from '../../../src/audit/probes/finish.ts'
import { chosenProtocol } from '../../../src/audit/probes/offered-protocols.ts'
import { type ProtocolQuestion, probeProtocols } from '../../../src/audit/probes/protocols.ts'
import { probeResumption } from '../../../src/audit/probes/resumption.ts'
import { ProtocolError } from '../../../src/wire/protocol-error.ts'
import { ACCEPTED, CLOSED, ENDED_UNSAID, MAY_INSIST, NOT_OFFERED, NOT_SEEN } from '../answers.ts'
import { protocolsOf } from '../scripted/choice.ts'
import { RSA_FLIGHT } from '../scripted/flights.ts'
import type { Behind, Heard, Script } from '../scripted/script.ts'
import { type Scripted, scripted } from '../scripted/server.ts'

const [TLS13, TLS12] = [0x0304, 0x0303]
const WAY = { suites: [0x1301], group: 29 }

const SCRIPT: Script = {
  ...{ versions: [TLS13, TLS12], suites: [0x1301, 0xc02f], groups: [29, 23], schemes: [0x0804] },
  ...{ behind: ['ticket', 'ticket', 'echo'], pskModes: [1] },
}
const REQUEST = {
  ...{ context: Buffer.of(7, 8), types: [], schemes: [0x0403, 0x0804] },
  authorities: [Buffer.from('300e310c300a06035504030c03666f6f', 'hex'), Buffer.of(1, 2, 3)],
}

const NO_PROTOCOL: Answer = { answer: 'refused', alert: 120, name: 'no_application_protocol' }

const FINISH = 'finish TLS1.3'

const protocolsIn = ({ hello }: Heard) => protocolsOf(hello) ?? []

async function finished(
  script: Script,
  options?: Parameters<typeof scripted>[1],
): Promise<Scripted> {
  const audit = scripted(script, options)
  await probeFinish13(audit.server, WAY)
  return audit
}

test.each<[readonly number[], readonly number[], object | undefined]>([
  [[0x1302, 0x1301], [23, 29], { suites: [0x1302, 0x1301], group: 29 }],
  [[0x00c6, 0x1303], [0x100, 0x7777], { suites: [0x1303], group: 0x100 }],
  [[0x00c6], [29], undefined],
  [[0x1301], [0x7777], undefined],
  [[], [], undefined],
])('with suites %j and groups %j a handshake is computed so: %j', (suites, groups, way) => {
  expect(wayToCompute13(suites, groups)).toEqual(way)
})

describe('a handshake that is finished', () => {
  test('shows tickets and the protocol, by one question', async () => {
    const { server, claims } = await finished({ ...SCRIPT, protocols: ['http/1.1', 'h2'] })
    expect(claims).toEqual([FINISH])
    expect(server.firstProtocol).toEqual({ chosen: 1 })
    expect(server.handshakes).toHaveLength(1)
    expect(server.resumable).toBe(server.handshakes[0])
    expect(server.finished).toMatchObject({
      admission: 'admitted',
      tickets: [{ lifetime: 7200 }, { lifetime: 7201 }],
    })
  })

  test('without a protocol, where the server takes none of them', async () => {
    const { server } = await finished(SCRIPT)
    expect(server.firstProtocol).toEqual({ end: NOT_OFFERED })
  })

  test('with a protocol that was not offered', async () => {
    const { server } = await finished({ ...SCRIPT, protocols: [], otherProtocol: 'own' })
    const because = 'the server chose what was not offered'
    expect(server.firstProtocol).toEqual({ end: { answer: 'unknown', because } })
  })

  test('by a second question, without protocols, where the server refuses all', async () => {
    const { server, claims } = await finished({
      ...{ ...SCRIPT, protocols: ['own'], otherProtocol: 'refused' },
    })
    expect(claims).toEqual([FINISH, `${FINISH} without ALPN`])
    expect(server.firstProtocol).toBeUndefined()
    expect(server.finished?.tickets).toHaveLength(2)
  })

  test('by small messages without protocols', async () => {
    const { server, heard } = await finished({ ...SCRIPT, protocols: ['h2'] }, { isSmall: true })
    expect(heard.map(protocolsIn)).toEqual([[]])
    expect(server.firstProtocol).toBeUndefined()
    expect(server.finished).toBeDefined()
  })

  test('a refusal of small messages is no reason to ask again', async () => {
    const { server, claims } = await finished(
      { ...SCRIPT, quirk: () => ({ alert: 40 }) },
      { isSmall: true },
    )
    expect(claims).toEqual([FINISH])
    expect(server.handshakes).toEqual([])
  })

  test.each<[string, Script, number]>([
    ['refuses all', { ...SCRIPT, quirk: () => ({ alert: 40 }) }, 2],
    ['hangs', { ...SCRIPT, quirk: () => 'silence' }, 1],
    ['goes on with TLS 1.2', { ...SCRIPT, quirk: () => RSA_FLIGHT }, 1],
  ])('does not come about where the server %s', async (_, script, questions) => {
    const { server, claims } = await finished(script)
    expect(claims).toHaveLength(questions)
    expect(server).toMatchObject({ handshakes: [], finished: undefined, resumable: undefined })
    expect(server.firstProtocol).toBeUndefined()
  })

  test('is known as far as it came where its end cannot be read', async () => {
    const { server } = await finished({ ...SCRIPT, protocols: ['h2'], behind: ['garbage'] })
    expect(server.handshakes).toHaveLength(1)
    expect(server.firstProtocol).toEqual({ chosen: 0 })
    expect(server).toMatchObject({ finished: undefined, resumable: undefined })
  })
})

describe('a certificate of the client', () => {
  const FIRST = Buffer.from('x')

  test.each<[readonly Behind[], Buffer | undefined, Answer]>([
    [[{ alert: 116 }], undefined, ACCEPTED],
    [['ticket', { alert: 116 }], undefined, ACCEPTED],
    [['close'], undefined, ENDED_UNSAID],
    [['reset'], undefined, ENDED_UNSAID],
    [[{ alert: 0, level: 1 }], undefined, ENDED_UNSAID],
    [[{ alert: 80 }], undefined, ENDED_UNSAID],
    [['data'], undefined, NOT_OFFERED],
    [['ticket', 'data'], undefined, NOT_OFFERED],
    [['ticket'], undefined, NOT_OFFERED],
    [['message'], undefined, MAY_INSIST],
    [[], undefined, MAY_INSIST],
    [Array<Behind>(8).fill('ticket'), undefined, MAY_INSIST],
    [[...Array<Behind>(7).fill('ticket'), 'data'], undefined, NOT_OFFERED],
    [['garbage'], undefined, NOT_SEEN],
    [['ticket', 'echo'], FIRST, NOT_OFFERED],
    [['ticket'], FIRST, MAY_INSIST],
    [['ticket', 'close'], FIRST, ENDED_UNSAID],
    [['ticket', { alert: 42 }], FIRST, ACCEPTED],
  ])('is required by a server that does %j behind the handshake, to %j: %j', async (...row) => {
    const [behind, firstRequest, required] = row
    const script = { ...SCRIPT, request: REQUEST, behind }
    const { server } = await finished(script, firstRequest ? { firstRequest } : {})
    expect(requiredCertificate(server, undefined)).toEqual(required)
    expect(clientCertificateOf(server, required)).toEqual({
      ...{ asked: ACCEPTED, required, types: [] },
      schemes: [
        { number: 0x0403, name: 'ecdsa_secp256r1_sha256' },
        { number: 0x0804, name: 'rsa_pss_rsae_sha256' },
      ],
      authorities: ['CN=foo', '#010203'],
    })
  })

  test.each<Behind>(['close', 'reset', { alert: 0, level: 1 }])(
    'is required where the protocol turns clients away by an end of the connection: %j',
    async (behind) => {
      const script = { ...SCRIPT, request: REQUEST, behind: [behind] }
      const { server } = await finished(script, { refusesByEnding: true })
      expect(requiredCertificate(server, undefined)).toEqual(ACCEPTED)
    },
  )

  test('is not asked for by a server that finishes without', async () => {
    const { server } = await finished(SCRIPT)
    const required = requiredCertificate(server, undefined)
    expect(clientCertificateOf(server, required)).toEqual({
      ...{ asked: NOT_OFFERED, required: NOT_OFFERED, schemes: [], types: [], authorities: [] },
    })
  })

  test('is not known of a server that was not finished with', async () => {
    const { server } = scripted(SCRIPT)
    expect(requiredCertificate(server, undefined)).toEqual(NOT_SEEN)
    expect(clientCertificateOf(server, NOT_SEEN)).toMatchObject({
      ...{ asked: NOT_SEEN, required: NOT_SEEN },
    })
  })

  test('silence is waited for as long as the server may need', async () => {
    let time = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => (time += 40))
    onTestFinished(() => clock.mockRestore())
    const waits = async (behind: readonly Behind[], options = {}) =>
      (await finished({ ...SCRIPT, request: REQUEST, behind }, options)).silences.get(FINISH)
    expect(await waits([])).toEqual([1000])
    // Ten times as long as it took to show that it has read the Finished, and a little more.
    expect(await waits(['ticket'])).toEqual([1000, 150 + 10 * 40])
    expect(await waits(['ticket'], { firstRequest: FIRST })).toEqual([])
    expect((await finished(SCRIPT)).silences.get(FINISH)).toEqual([])
  })

  test('a server that objects to a client which it asked for none has turned it away', async () => {
    const { server } = await finished({ ...SCRIPT, behind: [{ alert: 80 }] })
    expect(server.finished?.admission).toBe('turned-away')
    const left = await finished({ ...SCRIPT, behind: ['close'] })
    expect(left.server.finished?.admission).toBe('admitted')
  })
})

describe('tickets', () => {
  const featuresAfter = async (script: Partial<Script>) => {
    const { server } = await finished({ ...SCRIPT, ...script })
    return featuresOf(server, true, await probeResumption(server))
  }

  test.each<[Partial<Script>, Answer, Answer, Answer]>([
    [{ pskModes: [1] }, ACCEPTED, NOT_OFFERED, NOT_OFFERED],
    [{ pskModes: [0] }, NOT_OFFERED, ACCEPTED, NOT_OFFERED],
    [{ pskModes: [0, 1], ticketExtensions: [42] }, ACCEPTED, ACCEPTED, ACCEPTED],
    [{ pskModes: [], ticketExtensions: [0x0a0a] }, NOT_OFFERED, NOT_OFFERED, NOT_OFFERED],
    [{ pskModes: [1], behind: ['ticket', 'echo'] }, ACCEPTED, NOT_OFFERED, NOT_OFFERED],
  ])('%j', async (script, pskDheKe, pskKe, earlyData) => {
    expect(await featuresAfter(script)).toEqual({
      ...{ tickets13: ACCEPTED, pskDheKe, pskKe, earlyData },
    })
  })

  test('that the server does not give', async () => {
    const none = {
      tickets13: NOT_OFFERED,
      pskDheKe: NOT_OFFERED,
      pskKe: NOT_OFFERED,
      earlyData: NOT_OFFERED,
    }
    expect(await featuresAfter({ behind: ['echo'] })).toEqual(none)
  })

  test('are not known where the client was turned away, or no handshake was finished', async () => {
    const hidden = { tickets13: NOT_SEEN, pskDheKe: NOT_SEEN, pskKe: NOT_SEEN, earlyData: NOT_SEEN }
    expect(await featuresAfter({ request: REQUEST, behind: ['close'] })).toEqual(hidden)
    expect(await featuresAfter({ behind: ['garbage'] })).toEqual(hidden)
    const known = await featuresAfter({ request: REQUEST, behind: ['ticket', 'close'] })
    expect(known).toMatchObject({ tickets13: ACCEPTED })
    expect(featuresOf(scripted(SCRIPT).server, false, undefined)).toEqual({})
  })

  test.each<[string, Script['quirk'], Answer]>([
    ['closes', ({ claim }) => (/resumption \S+$/.test(claim) ? 'close' : undefined), CLOSED],
    [
      'refuses',
      ({ claim }) => (/resumption \S+$/.test(claim) ? { alert: 47 } : undefined),
      { answer: 'refused', alert: 47, name: 'illegal_parameter' },
    ],
    [
      'says something else',
      ({ claim }) =>
        /resumption \S+$/.test(claim) ? Buffer.from('16030300040e000000', 'hex') : undefined,
      { answer: 'unknown', because: 'the server sent something else than a ServerHello' },
    ],
  ])('of a server that %s at them', async (_, quirk, answer) => {
    const features = await featuresAfter(quirk ? { quirk } : {})
    expect(features).toMatchObject({ pskDheKe: answer, pskKe: answer })
  })

  test('of a server that takes another one than was offered', async () => {
    const answer = { answer: 'unknown', because: 'the server sent that it took ticket 2 of one' }
    expect(await featuresAfter({ pskModes: [0, 1], takenTicket: 1 })).toMatchObject({
      ...{ pskDheKe: answer, pskKe: answer },
    })
  })

  test('each mode gets a ticket of its own, with the suite and the group of the first', async () => {
    const audit = await finished({ ...SCRIPT, suites: [0x1302], ...{ groups: [23] } })
    expect(audit.server.finished).toBeUndefined()
    const { server, heard } = scripted({ ...SCRIPT, groups: [23], suites: [0x1302] })
    await probeFinish13(server, { suites: [0x1301, 0x1302], group: 23 })
    await probeResumption(server)
    const hellos = heard.slice(1).map(({ hello }) => hello)
    expect(hellos.map(({ suites }) => suites)).toEqual([[0x1302], [0x1302]])
    const modes = hellos.map(({ extensions }) => [...(findExtension(extensions ?? [], 45) ?? [])])
    expect(modes).toEqual([
      [1, 1],
      [1, 0],
    ])
    // RFC 8446 section 4.2.11: the last one.
    expect(hellos.map(({ extensions }) => extensions?.at(-1)?.type)).toEqual([41, 41])
    const shares = hellos.map(({ extensions }) => findExtension(extensions ?? [], 51))
    expect(shares.map((share) => share?.readUInt16BE(2))).toEqual([23, 23])
  })
})

describe('protocols of ALPN', () => {
  const newer: ProtocolQuestion = { version: TLS13, suites: [0x1301], groups: [29], group: 29 }
  const older: ProtocolQuestion = {
    ...{ version: TLS12, suites: [0xc02f], groups: [29], group: undefined },
  }
  const PROTOCOLS = ['http/1.1', 'smtp', 'h2']

  describe.each([
    ['TLS 1.3', newer],
    ['TLS 1.2', older],
  ])('in %s', (_, question) => {
    test.each<[string, Partial<Script>, readonly string[], Answer]>([
      ['that refuses others', { otherProtocol: 'refused' }, PROTOCOLS, NO_PROTOCOL],
      ['that passes over others', {}, PROTOCOLS, NOT_OFFERED],
      ['that falls back to one of them', { otherProtocol: 'http/1.1' }, PROTOCOLS, NOT_OFFERED],
      [
        'that takes one which was never offered',
        { protocols: [], otherProtocol: 'own' },
        [],
        { answer: 'unknown', because: 'the server chose what was not offered' },
      ],
      ['without ALPN', { protocols: [] }, [], NOT_OFFERED],
      ['that hangs', { quirk: () => 'silence' }, [], { answer: 'timed-out' }],
    ])('of a server %s', async (__, change, items, end) => {
      const { server } = scripted({ ...SCRIPT, protocols: PROTOCOLS, ...change })
      expect(await probeProtocols(server, question)).toEqual({ items, order: 'unknown', end })
    })

    test('by small messages, few are offered at a time', async () => {
      const { server, heard } = scripted(
        { ...SCRIPT, protocols: PROTOCOLS, otherProtocol: 'refused' },
        { isSmall: true },
      )
      const { items, end } = await probeProtocols(server, question)
      expect([items.toSorted(), end]).toEqual([PROTOCOLS.toSorted(), NO_PROTOCOL])
      expect(Math.max(...heard.map((one) => protocolsIn(one).length))).toBe(6)
    })
  })

  // RFC 7301, section 3.1: the list of a server has one name.
  test.each([
    ['one name', '0003 02 6832', undefined],
    ['two names', '0006 02 6832 02 6833', 'the protocol of ALPN with 3 bytes too many'],
    ['bytes behind the list', '0003 02 6832 00', 'the protocol of ALPN with 1 bytes too many'],
    ['no name', '0000', 'the protocol of ALPN cut short after 0 bytes'],
  ])('an answer of %s', (_, hex, error) => {
    const data = Buffer.from(hex.replaceAll(' ', ''), 'hex')
    const read = () => chosenProtocol([{ type: 16, data }])
    if (error === undefined) expect(read()).toEqual({ chosen: 0 })
    else expect(read).toThrow(new ProtocolError(error))
  })

  test('the first is known of a handshake of TLS 1.3 that was finished', async () => {
    const audit = await finished({ ...SCRIPT, protocols: PROTOCOLS })
    const { items } = await probeProtocols(audit.server, newer)
    expect(items).toEqual(PROTOCOLS)
    expect(audit.claims).toEqual([FINISH, 'ALPN #2', 'ALPN #3', 'ALPN #4'])
    await probeProtocols(audit.server, older)
    expect(audit.claims).toContain('ALPN #1')
  })

  test('a server that goes on with TLS 1.2 in place of TLS 1.3 has shown none', async () => {
    const { server } = scripted({ ...SCRIPT, quirk: () => RSA_FLIGHT })
    expect(await probeProtocols(server, newer)).toMatchObject({ items: [], end: NOT_OFFERED })
  })

  test('without a group to compute with, they are asked for in clear', async () => {
    const { server } = scripted({ ...SCRIPT, quirk: () => RSA_FLIGHT })
    const question = { ...newer, group: undefined }
    expect(await probeProtocols(server, question)).toMatchObject({ items: [], end: NOT_OFFERED })
  })
})
