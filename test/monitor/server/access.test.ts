/** Where endpoints of a host may listen, and for whom. */
import { expect, test } from 'vitest'
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import { readLegacyAddress } from '../../../src/monitor/commands/socket-address.ts'
import {
  type DialableAddress,
  type HostAddress,
  listenOptionsOf,
} from '../../../src/monitor/host/listen-address.ts'
import { requireOwnHost } from '../../../src/monitor/metrics/metrics-server.ts'
import { requireKnownClients } from '../../../src/monitor/server/monitor-server.ts'

function codeOf(step: () => unknown): string {
  try {
    step()
    return 'taken'
  } catch (error) {
    return error instanceof DiagnosticError ? (error.diagnostics[0]?.code ?? '') : String(error)
  }
}

const inet = (host: string): DialableAddress => ({ kind: 'inet', host, port: '1' })
const BOTH = { credentials: 'tls0', authorization: 'auth0' }
const unix = (isAbstract?: boolean): DialableAddress => ({
  ...{ kind: 'unix', path: '/run/m' },
  ...(isAbstract === undefined ? {} : { isAbstract }),
})

const MONITORS: readonly (readonly [DialableAddress, object, string])[] = [
  [unix(), {}, 'taken'],
  [unix(false), {}, 'taken'],
  [unix(true), {}, 'MONITOR_ABSTRACT'],
  [unix(), BOTH, 'MONITOR_UNIX_TLS'],
  [unix(), { credentials: 'tls0' }, 'MONITOR_UNIX_TLS'],
  [unix(), { authorization: 'auth0' }, 'MONITOR_UNIX_TLS'],
  [inet('127.0.0.1'), {}, 'MONITOR_OPEN'],
  [inet(''), { credentials: 'tls0' }, 'MONITOR_OPEN'],
  [inet('::1'), { authorization: 'auth0' }, 'MONITOR_OPEN'],
  [inet('192.0.2.1'), BOTH, 'taken'],
]

test('a monitor is for its owner alone, or for clients with certificates that an authorization allows', () => {
  for (const [address, access, code] of MONITORS) {
    const told = codeOf(() => requireKnownClients(address, access))
    expect([address, access, told]).toEqual([address, access, code])
  }
})

const METRICS: readonly (readonly [DialableAddress, string])[] = [
  [unix(), 'taken'],
  [unix(true), 'METRICS_OPEN'],
  [inet('127.0.0.1'), 'taken'],
  [inet('::1'), 'taken'],
  [inet('localhost'), 'taken'],
  [inet(''), 'METRICS_OPEN'],
  [inet('0.0.0.0'), 'METRICS_OPEN'],
  [inet('::'), 'METRICS_OPEN'],
  [inet('192.0.2.1'), 'METRICS_OPEN'],
]

test('metrics are for this host alone', () => {
  for (const [address, code] of METRICS) {
    expect([address, codeOf(() => requireOwnHost(address))]).toEqual([address, code])
  }
})

type Inet = Omit<Extract<HostAddress, { readonly kind: 'inet' }>, 'kind'>

const at = (options: Inet) => listenOptionsOf({ kind: 'inet', ...options })

const ANY: readonly (readonly [Pick<Inet, 'ipv4' | 'ipv6'>, object])[] = [
  [{}, { host: '::' }],
  [{ ipv4: true }, { host: '0.0.0.0' }],
  [{ ipv4: false }, { host: '::', ipv6Only: true }],
  [{ ipv6: true }, { host: '::', ipv6Only: true }],
  [{ ipv6: false }, { host: '0.0.0.0' }],
  [{ ipv4: true, ipv6: true }, { host: '::' }],
  [{ ipv4: true, ipv6: false }, { host: '0.0.0.0' }],
  [
    { ipv4: false, ipv6: true },
    { host: '::', ipv6Only: true },
  ],
]

test('all addresses are those of the families that are asked for', () => {
  for (const [families, place] of ANY) {
    const options = { host: '', port: '1', ...families }
    expect([families, at(options)]).toEqual([families, [{ ...place, port: 1 }]])
  }
})

test('a command says the families and the last port', () => {
  for (const [families, place] of ANY) {
    const data = { host: '', port: '1', to: 2, ...families }
    const places = listenOptionsOf(readLegacyAddress({ type: 'inet', data }))
    const expected = [1, 2].map((port) => ({ ...place, port }))
    expect([families, places]).toEqual([families, expected])
  }
  const alone = readLegacyAddress({ type: 'inet', data: { host: 'h', port: '1' } })
  expect(listenOptionsOf(alone)).toEqual([{ host: 'h', port: 1 }])
})

test('a command says whether the name of a socket is abstract', () => {
  const placeOf = (data: { readonly path: string; readonly abstract?: boolean }) =>
    listenOptionsOf(readLegacyAddress({ type: 'unix', data }))
  expect(placeOf({ path: 'a' })).toEqual([{ path: 'a' }])
  expect(placeOf({ path: 'a', abstract: false })).toEqual([{ path: 'a' }])
  expect(placeOf({ path: 'a', abstract: true })).toEqual([{ path: '\0a' }])
})

test('the ports that are tried end with the last that there is', () => {
  const ports = (port: string, to?: number) =>
    at({ host: 'h', port, ...(to === undefined ? {} : { to }) }).map((one) => one.port)
  expect(ports('0')).toEqual([0])
  expect(ports('65535')).toEqual([65_535])
  expect(ports('5', 7)).toEqual([5, 6, 7])
  expect(ports('5', 5)).toEqual([5])
  expect(ports('5', 4)).toEqual([5])
  expect(ports('65534', 70_000)).toEqual([65_534, 65_535])
  for (const port of ['', '-1', '65536', '1x', '+1', '0x1', '000001', ' 1']) {
    expect([port, codeOf(() => ports(port))]).toEqual([port, 'MONITOR_PORT_UNKNOWN'])
  }
})

test('other places are as node:net has them', () => {
  expect(listenOptionsOf({ kind: 'fd', descriptor: 3 })).toEqual([{ fd: 3 }])
  expect(listenOptionsOf({ kind: 'unix', path: 'a' })).toEqual([{ path: 'a' }])
  expect(listenOptionsOf({ kind: 'unix', path: 'a', isAbstract: true })).toEqual([{ path: '\0a' }])
})
