/** Servers that fail at a ClientHello above 255 bytes and answer a small one: RFC 7685 section 1. */
import { expect, test } from 'vitest'
import type { Answer, VersionResult } from '../../../src/audit/model.ts'
import { SERVER_FAILED } from '../../../src/audit/probes/answers.ts'
import { probeLargeHellos } from '../../../src/audit/probes/large-hellos.ts'
import {
  ACCEPTED,
  CLOSED,
  ILLEGAL,
  NO_VERSION,
  NOT_OFFERED,
  RATE_LIMITED,
  TIMED_OUT,
} from '../answers.ts'
import type { Script } from '../scripted/script.ts'
import { scripted } from '../scripted/server.ts'

const [TLS13, TLS12, TLS11, TLS10, SSL3] = [0x0304, 0x0303, 0x0302, 0x0301, 0x0300]

const SCRIPT: Script = {
  ...{ versions: [TLS13, TLS12], suites: [0x1301, 0xc02f], groups: [29], schemes: [0x0804] },
  quirk: ({ size }) => (size > 255 ? 'close' : undefined),
}

const results = (...list: readonly (readonly [number, Answer])[]): readonly VersionResult[] =>
  list.map(([number, result]) => ({ name: `version ${number}`, number, result }))

test.each<[string, Partial<Script>, readonly VersionResult[], Answer]>([
  ['closes in all versions', {}, results([TLS13, CLOSED], [TLS12, CLOSED]), CLOSED],
  ['says nothing', {}, results([TLS13, TIMED_OUT], [TLS12, TIMED_OUT]), TIMED_OUT],
  ['fails', {}, results([TLS13, SERVER_FAILED], [TLS12, SERVER_FAILED]), SERVER_FAILED],
  ['sends an alert', {}, results([TLS13, ILLEGAL], [TLS12, CLOSED]), ILLEGAL],
  [
    'is told by the version that the small message is answered with',
    { versions: [TLS12] },
    results([TLS13, CLOSED], [TLS12, ILLEGAL]),
    ILLEGAL,
  ],
  ['closes in TLS 1.3 alone', {}, results([TLS13, CLOSED], [TLS12, ACCEPTED]), CLOSED],
  ['closes in TLS 1.2 alone', {}, results([TLS13, ACCEPTED], [TLS12, CLOSED]), CLOSED],
  [
    'closes in TLS 1.0, its only version',
    { versions: [TLS10], suites: [0xc013] },
    results([TLS12, NO_VERSION], [TLS11, NO_VERSION], [TLS10, CLOSED]),
    CLOSED,
  ],
])('a server that %s', async (_, change, versions, answer) => {
  const { server, heard } = scripted({ ...SCRIPT, ...change })
  expect(await probeLargeHellos(server, versions)).toEqual(answer)
  expect(heard).toHaveLength(1)
  expect(heard[0]?.size).toBeLessThan(256)
})

test.each<[string, readonly VersionResult[]]>([
  ['that has all versions', results([TLS13, ACCEPTED], [TLS12, ACCEPTED])],
  ['that names the version as its reason', results([TLS13, NO_VERSION], [TLS12, ACCEPTED])],
  ['that goes on in an older version', results([TLS13, NOT_OFFERED], [TLS12, ACCEPTED])],
  ['that answers no connection any more', results([TLS13, RATE_LIMITED], [TLS12, RATE_LIMITED])],
  ['that refuses what is smaller than it accepts', results([TLS12, ACCEPTED], [TLS11, CLOSED])],
  ['that refuses SSL 3.0', results([TLS13, NO_VERSION], [TLS12, NO_VERSION], [SSL3, CLOSED])],
])('a server %s is not asked', async (_, versions) => {
  const { server, claims } = scripted(SCRIPT)
  expect(await probeLargeHellos(server, versions)).toBeUndefined()
  expect(claims).toEqual([])
})

test.each<[string, Partial<Script>, readonly VersionResult[]]>([
  ['refuses the small message too', { suites: [] }, results([TLS13, CLOSED], [TLS12, CLOSED])],
  ['closes at small ones too', { quirk: () => 'close' }, results([TLS13, CLOSED])],
  [
    'answers it in a version that was not missing',
    { versions: [TLS12] },
    results([TLS13, CLOSED], [TLS12, ACCEPTED]),
  ],
])('a server that %s does not fail at large ones', async (_, change, versions) => {
  const { server, heard } = scripted({ ...SCRIPT, ...change })
  expect(await probeLargeHellos(server, versions)).toBeUndefined()
  expect(heard.length).toBeGreaterThan(0)
})

test('the small message offers what is in doubt, and nothing of a newer version', async () => {
  const { server, heard } = scripted(SCRIPT)
  await probeLargeHellos(server, results([TLS13, CLOSED], [TLS12, ACCEPTED]))
  await probeLargeHellos(server, results([TLS12, CLOSED], [TLS11, CLOSED]))
  const [newer, older] = heard.map(({ hello }) => hello)
  const extensions = (hello = newer) => hello?.extensions?.map(({ type }) => type)
  expect(newer?.suites).toContain(0x1301)
  expect(extensions(newer)).toEqual(expect.arrayContaining([43, 51]))
  // RFC 8446 section 4.2.1: a list of one version.
  const versions = newer?.extensions?.find(({ type }) => type === 43)?.data
  expect(versions?.toString('hex')).toBe('020304')
  expect(older).toMatchObject({ version: TLS12, compressions: [0] })
  expect(older?.suites.filter((suite) => suite >> 8 === 0x13)).toEqual([])
  expect(extensions(older)).not.toContain(43)
})
