/** What entries of each section take and refuse, and what is told of guests and channels. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { DiagnosticError, diagnose } from '../../../src/diagnostics/diagnostic.ts'
import { ENDPOINT_KINDS } from '../../../src/endpoint/endpoint-diagnostics.ts'
import { readEndpointFile } from '../../../src/monitor/file/endpoint-file.ts'
import { entryEventToJson, printEntryEvent } from '../../../src/monitor/file/event-report.ts'
import type { EndpointEvent } from '../../../src/monitor/host/host-endpoints.ts'
import { clearTextWarning } from '../../../src/monitor/sections/section.ts'

/** What the entries take, or the codes of what is refused. */
function read(text: string): unknown {
  try {
    const { entries } = readEndpointFile({ name: 'host.yaml', text })
    return entries.flatMap(({ takes = [] }) =>
      takes.flatMap(({ property, candidates }) =>
        candidates.map((one) => {
          if (one.kind === 'socket') return { property, ...one.options }
          return { property, what: one.kind === 'file' ? one.path : one.name }
        }),
      ),
    )
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    return error.diagnostics.map(({ code }) => code)
  }
}

const listen = 'listen'
const NBD = 'nbd: {listen: "unix:/n"}'
const AT_N = { property: listen, path: '/n' }
const CREDENTIALS = 'objects: [{qom-type: tls-creds-anon, id: t, endpoint: server}]'

const FILES: readonly (readonly [string, unknown])[] = [
  ['nbd: {listen: "unix:/n"}', [AT_N]],
  ['nbd: {listen: "fd:3"}', [{ property: listen, fd: 3 }]],
  ['nbd: {listen: "tcp::5"}', [{ property: listen, host: '::', port: 5 }]],
  ['nbd: {listen: "tcp:h:5,to=6"}', [5, 6].map((port) => ({ property: listen, host: 'h', port }))],
  ['nbd: {listen: "tcp::5,ipv4=on"}', [{ property: listen, host: '0.0.0.0', port: 5 }]],
  ['nbd: {listen: "tcp::5,ipv6=on"}', [{ property: listen, host: '::', port: 5, ipv6Only: true }]],
  ['nbd: {listen: "exec:x"}', ['OBJECT_WRONG_VALUE']],
  ['nbd: {listen: "file:/x"}', ['OBJECT_WRONG_VALUE']],
  ['nbd: {}', ['OBJECT_MISSING_PROPERTY']],
  ['nbd: {listen: "unix:/n", handshake-limit: 2147483}', [AT_N]],
  ['nbd: {listen: "unix:/n", handshake-limit: 2147484}', ['OBJECT_WRONG_VALUE']],
  ['nbd: {listen: "unix:/n", tls-authz: a}', ['ENDPOINT_AUTHZ_WITHOUT_TLS']],
  [`${NBD}\nexports: [{id: e, memory: 1M}]`, [AT_N, { property: 'name', what: 'e' }]],
  [
    `${NBD}\nexports: [{id: e, file: /f, name: other}]`,
    [AT_N, { property: 'name', what: 'other' }],
  ],
  [`${NBD}\nexports: [{id: e, file: /f, memory: 1M}]`, ['OBJECT_WRONG_VALUE']],
  [`${NBD}\nexports: [{id: e}]`, ['OBJECT_MISSING_PROPERTY']],
  ['monitors: [{id: m, listen: "unix:/m"}]', [{ property: listen, path: '/m' }]],
  ['monitors: [{id: m, listen: "tcp:127.0.0.1:1"}]', ['MONITOR_OPEN']],
  [`monitors: [{id: m, listen: "tcp:h:1", tls-creds: t}]\n${CREDENTIALS}`, ['MONITOR_OPEN']],
  [`monitors: [{id: m, listen: "unix:/m", tls-creds: t}]\n${CREDENTIALS}`, ['MONITOR_UNIX_TLS']],
  ['monitors: [{id: m, listen: "fd:3"}]', ['OBJECT_WRONG_VALUE']],
  ['metrics: {listen: "unix:/m"}', [{ property: listen, path: '/m' }]],
  ['metrics: {listen: "tcp:127.0.0.1:1"}', [{ property: listen, host: '127.0.0.1', port: 1 }]],
  ['metrics: {listen: "tcp:0.0.0.0:1"}', ['METRICS_OPEN']],
  ['metrics: {listen: "fd:3"}', ['OBJECT_WRONG_VALUE']],
  [
    'receivers: [{id: r, listen: "unix:/r", file: /g, multifd: 255}]',
    [
      { property: listen, path: '/r' },
      { property: 'file', what: '/g' },
    ],
  ],
  ['receivers: [{id: r, listen: "unix:/r", file: /g, multifd: 256}]', ['OBJECT_WRONG_VALUE']],
  ['receivers: [{id: r, listen: "unix:/r"}]', ['OBJECT_MISSING_PROPERTY']],
  ['receivers: [{id: r, listen: "exec:x", file: /g}]', ['OBJECT_WRONG_VALUE']],
  [
    'receivers: [{id: r, listen: "unix:/r", file: /g, idle-limit: 2147484}]',
    ['OBJECT_WRONG_VALUE'],
  ],
  [
    `relays: [{id: r, listen: "tcp:h:1,to=2", to: "tcp:h:3", tls-creds: t}]\n${CREDENTIALS}`,
    [1, 2].map((port) => ({ property: listen, host: 'h', port })),
  ],
  [
    `relays: [{id: r, listen: "unix:/r", to: "tcp:h:3", tls-creds: t, handshake-limit: 2147484}]\n${CREDENTIALS}`,
    ['OBJECT_WRONG_VALUE'],
  ],
  ['chardevs: [{id: c, backend: "null"}]', []],
  ['chardevs: [{id: c, backend: stdio}]', ['OBJECT_WRONG_VALUE']],
  [
    'chardevs: [{id: c, backend: socket, path: /c, server: on}]',
    [{ property: 'path', path: '/c' }],
  ],
  ['chardevs: [{id: c, backend: socket, path: /c}]', []],
  ['chardevs: [{id: c, backend: "null", join: d}]', ['ENDPOINT_FILE_UNMET']],
  ['chardevs: [{id: d, backend: "null"}, {id: c, backend: "null", join: d}]', []],
]

for (const [text, expected] of FILES) {
  test(`${text.split('\n').join(' ')}: what it takes`, () => {
    expect(read(text)).toEqual(expected)
  })
}

test('only what other hosts reach without TLS is warned of', () => {
  const codes = (place: string, credentials?: string) =>
    clearTextWarning(place, credentials).map(({ code }) => code)
  expect(codes('192.0.2.1:5')).toEqual(['ENDPOINT_CLEAR_TEXT'])
  expect(codes('0.0.0.0:5')).toEqual(['ENDPOINT_CLEAR_TEXT'])
  expect(codes('192.0.2.1:5', 'tls0')).toEqual([])
  expect(codes('127.0.0.1:5')).toEqual([])
  expect(codes('/run/n')).toEqual([])
})

describe('what is told of an entry', () => {
  const guest = (way: 'in' | 'out' | 'through', status: string, diagnostics: object[] = []) =>
    ({
      ...{ event: 'guest', way, status, place: 'P', diagnostics },
      ...(way === 'in' ? { path: '/g' } : {}),
    }) as EndpointEvent

  const GUESTS: readonly (readonly [EndpointEvent, string])[] = [
    [guest('in', 'setup'), 'a guest is waited for at P'],
    [guest('in', 'active'), 'a guest comes at P'],
    [guest('in', 'completed'), 'the guest is stored at /g'],
    [guest('in', 'failed'), 'a guest comes at P: failed'],
    [guest('out', 'setup'), 'the stored guest is to go to P'],
    [guest('out', 'active'), 'the stored guest goes to P'],
    [guest('out', 'completed'), 'the stored guest has gone to P'],
    [guest('out', 'cancelled'), 'the stored guest goes to P: cancelled'],
    [guest('through', 'setup'), 'the guest that is waited for is to be passed on to P'],
    [guest('through', 'active'), 'a guest is passed on to P'],
    [guest('through', 'completed'), 'the guest was passed on to P'],
    [guest('through', 'cancelling'), 'a guest is passed on to P: cancelling'],
  ]
  const AT = new Date(0)
  const reason = diagnose(ENDPOINT_KINDS.brokenProtocol, { what: 'x' })

  test('is how far a guest is', () => {
    for (const [event, line] of GUESTS) {
      expect(printEntryEvent('migration', event)).toBe(`migration: ${line}`)
    }
    expect(printEntryEvent('migration', guest('in', 'failed', [reason, reason]))).toMatch(
      /: failed: the client broke .*\[ENDPOINT_CLIENT_BROKE_PROTOCOL\]; the client broke/,
    )
    const json = JSON.parse(entryEventToJson('migration', guest('in', 'failed', [reason]), AT))
    expect(json).toMatchObject({
      ...{ entry: 'migration', time: '1970-01-01T00:00:00.000Z', event: 'guest', way: 'in' },
      ...{ status: 'failed', diagnostics: [{ code: 'ENDPOINT_CLIENT_BROKE_PROTOCOL' }] },
    })
  })

  test('is who connects to it', () => {
    const event = { event: 'connected', connection: 3, from: '192.0.2.7:5' } as EndpointEvent
    expect(printEntryEvent('nbd', event)).toBe('nbd #3 192.0.2.7:5: connected')
    expect(JSON.parse(entryEventToJson('nbd', event, AT))).toMatchObject({
      ...{ entry: 'nbd', event: 'connected', connection: 3, from: '192.0.2.7:5' },
    })
    const ofChardev = { ...event, chardev: 's0' } as EndpointEvent
    expect(printEntryEvent('chardev s0', ofChardev)).toMatch(/^chardev s0 #3 192\.0\.2\.7:5: /)
    const reached = { ...event, event: 'reached', to: 'h:1' } as EndpointEvent
    expect(printEntryEvent('relay r', reached)).toMatch(/^relay r #3 /)
    expect(JSON.parse(entryEventToJson('relay r', reached, AT))).toMatchObject({
      ...{ entry: 'relay r', event: 'reached' },
    })
  })
})

test('a socket that was handed over is named, where one alone has the name', () => {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = process.env
  const before = { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES }
  onTestFinished(() => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })
  const handedOver = { LISTEN_PID: `${process.pid}`, LISTEN_FDS: '3', LISTEN_FDNAMES: 'a:b:b' }
  Object.assign(process.env, handedOver)
  expect(read('nbd: {listen: "fd:a"}')).toEqual([{ property: listen, fd: 3 }])
  expect(read('nbd: {listen: "fd:b"}')).toEqual(['OBJECT_WRONG_VALUE'])
  expect(read('nbd: {listen: "fd:c"}')).toEqual(['OBJECT_WRONG_VALUE'])
})
