/** What servers do with values that no server knows, RFC 8701 and RFC 5246 appendix E.1, and with a fallback, RFC 7507. */
import { describe, expect, test } from 'vitest'
import { findExtension } from '../../../src/audit/messages/extensions.ts'
import type { Answer } from '../../../src/audit/model.ts'
import { probeTolerance } from '../../../src/audit/probes/tolerance.ts'
import type { AcceptedVersion } from '../../../src/audit/probes/unknown-values.ts'
import { ACCEPTED, ILLEGAL, NOT_OFFERED } from '../answers.ts'
import { isGrease, listIn } from '../scripted/choice.ts'
import type { Heard, Script } from '../scripted/script.ts'
import { scripted } from '../scripted/server.ts'

const [TLS13, TLS12, TLS11, SSL3, SSL2] = [0x0304, 0x0303, 0x0302, 0x0300, 0x0002]

const newer: AcceptedVersion = { number: TLS13, suites: [0x1301], groups: [29] }
const older = (number: number): AcceptedVersion => ({ number, suites: [0xc013], groups: [29] })

const SCRIPT: Script = {
  ...{ versions: [TLS13, TLS12, TLS11], suites: [0x1301, 0xc013], groups: [29] },
  schemes: [0x0804],
}

const illegalWhere =
  (holds: (heard: Heard) => boolean): NonNullable<Script['quirk']> =>
  (heard) =>
    holds(heard) ? { alert: 47 } : undefined

const versionsIn = ({ hello }: Heard) => listIn(hello, 43, 1) ?? []
const groupsIn = ({ hello }: Heard) => listIn(hello, 10) ?? []

describe('unknown values', () => {
  test.each<[string, AcceptedVersion, Script['quirk'], Answer, Answer]>([
    ['passes over all', newer, undefined, ACCEPTED, ACCEPTED],
    ['passes over all in TLS 1.2', older(TLS12), undefined, ACCEPTED, ACCEPTED],
    ...[newer, older(TLS12)].flatMap(
      (accepted): [string, AcceptedVersion, Script['quirk'], Answer, Answer][] => [
        [
          'is stopped by a suite',
          accepted,
          illegalWhere(({ hello }) => hello.suites.some(isGrease)),
          ILLEGAL,
          ACCEPTED,
        ],
        [
          'is stopped by a group',
          accepted,
          illegalWhere((heard) => groupsIn(heard).some(isGrease)),
          ILLEGAL,
          ACCEPTED,
        ],
        [
          'is stopped by an extension without data',
          accepted,
          illegalWhere(({ hello }) =>
            (hello.extensions ?? []).some(({ type, data }) => isGrease(type) && data.length === 0),
          ),
          ILLEGAL,
          ACCEPTED,
        ],
        [
          'is stopped by an extension with data',
          accepted,
          illegalWhere(({ hello }) =>
            (hello.extensions ?? []).some(({ type, data }) => isGrease(type) && data.length > 0),
          ),
          ILLEGAL,
          ACCEPTED,
        ],
        [
          'is stopped by anything that it does not know',
          accepted,
          illegalWhere((heard) => {
            const { hello } = heard
            const isNewer = hello.version > TLS12 || versionsIn(heard).some((one) => one > TLS13)
            return isNewer || hello.suites.some(isGrease)
          }),
          ILLEGAL,
          ILLEGAL,
        ],
      ],
    ),
    [
      'is stopped by an unknown version in the list',
      newer,
      illegalWhere((heard) => versionsIn(heard).some(isGrease)),
      ACCEPTED,
      ILLEGAL,
    ],
    [
      'is stopped by a newer version in the list',
      newer,
      illegalWhere((heard) => versionsIn(heard).some((one) => one > TLS13 && !isGrease(one))),
      ACCEPTED,
      ILLEGAL,
    ],
    [
      'is stopped by a newer version of the message',
      older(TLS12),
      illegalWhere(({ hello }) => hello.version > TLS12),
      ACCEPTED,
      ILLEGAL,
    ],
  ])('a server that %s', async (_, accepted, quirk, unknownValues, unknownVersion) => {
    const { server } = scripted({ ...SCRIPT, ...(quirk ? { quirk } : {}) })
    expect(await probeTolerance(server, [accepted])).toEqual({ unknownValues, unknownVersion })
  })

  test('no message says a newer version than TLS 1.2 in its own field where it has a list', async () => {
    const { server, heard } = scripted(SCRIPT)
    await probeTolerance(server, [newer])
    expect(heard.map(({ hello }) => hello.version)).toEqual([TLS12])
    expect(versionsIn(heard[0] as Heard).at(-1)).toBe(TLS13)
  })

  test('where another question has shown it, nothing is asked', async () => {
    const { server, claims } = scripted(SCRIPT)
    server.passesUnknown = true
    expect(await probeTolerance(server, [newer])).toEqual({
      ...{ unknownValues: ACCEPTED, unknownVersion: ACCEPTED },
    })
    expect(claims).toEqual([])
  })
})

describe('the signal of a fallback', () => {
  test.each<[string, Partial<Script>, Answer]>([
    ['heeds it', { heedsFallback: true }, ACCEPTED],
    ['goes on', {}, NOT_OFFERED],
    [
      'is stopped by it',
      { quirk: illegalWhere(({ hello }) => hello.suites.includes(0x5600)) },
      ILLEGAL,
    ],
    [
      'hangs at it',
      { quirk: ({ hello }) => (hello.suites.includes(0x5600) ? 'silence' : undefined) },
      { answer: 'timed-out' },
    ],
  ])('a server that %s', async (_, change, fallbackSignal) => {
    const { server, heard } = scripted({ ...SCRIPT, ...change })
    const accepted = [newer, older(TLS12), older(TLS11)]
    expect(await probeTolerance(server, accepted)).toMatchObject({ fallbackSignal })
    const asked = heard.find(({ claim }) => claim === 'fallback')
    expect(asked?.hello.version).toBe(TLS12)
    expect(asked?.hello.suites).toEqual([0xc013, 0x5600])
    expect(findExtension(asked?.hello.extensions ?? [], 43)).toBeUndefined()
  })

  test.each<[string, readonly AcceptedVersion[], readonly string[]]>([
    ['of one version has nothing to fall back to', [older(TLS12)], []],
    ['falls back to SSL 3.0', [older(TLS12), older(SSL3)], ['fallback']],
    ['does not fall back to SSLv2', [older(TLS12), older(SSL2)], []],
  ])('a server that %s', async (_, accepted, asked) => {
    const { server, claims } = scripted(SCRIPT)
    const features = await probeTolerance(server, accepted)
    expect(claims.filter((claim) => claim === 'fallback')).toEqual(asked)
    expect('fallbackSignal' in features).toBe(asked.length > 0)
  })

  test.each([[[]], [[older(SSL3)]], [[older(SSL3), older(SSL2)]]])(
    'a server without TLS is asked nothing: %j',
    async (accepted) => {
      const { server, claims } = scripted(SCRIPT)
      expect(await probeTolerance(server, accepted)).toEqual({})
      expect(claims).toEqual([])
    },
  )
})
