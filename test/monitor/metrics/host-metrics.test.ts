/** What is counted of a host, and how it is told. */
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { EndpointEvent } from '../../../src/monitor/host/host-endpoints.ts'
import { HostMetrics } from '../../../src/monitor/metrics/host-metrics.ts'
import { chooseFormat } from '../../../src/monitor/metrics/metrics-format.ts'
import { MetricsServer } from '../../../src/monitor/metrics/metrics-server.ts'
import { printOpenMetrics } from '../../../src/monitor/metrics/open-metrics.ts'
import { processFamilies } from '../../../src/monitor/metrics/process-metrics.ts'
import { printPrometheusText } from '../../../src/monitor/metrics/prometheus-text.ts'
import { validityFamilies } from '../../../src/monitor/metrics/validity-metrics.ts'
import { scratchFolder } from '../../cli/command.ts'

const ORIGIN = { connection: 1, from: 'unix' }
const SESSION = { protocol: 'TLSv1.3', suite: 'S', group: 'x25519' }

/** What the families of events tell, by their names. */
function countsOf(metrics: HostMetrics): Record<string, unknown> {
  const told = metrics.families().filter(({ samples }) => samples.length > 0)
  return Object.fromEntries(told.map(({ name, samples }) => [name, samples]))
}

test('handshakes, refusals and failures are counted apart for each entry and each kind', () => {
  const metrics = new HostMetrics()
  const diagnostic = (code: string) => ({ code }) as never
  const events: readonly object[] = [
    { event: 'connected' },
    { event: 'secured', ...SESSION, peer: {} },
    { event: 'secured', ...SESSION, peer: {} },
    { event: 'secured', ...SESSION, group: undefined, peer: {} },
    { event: 'reached', tls: SESSION },
    { event: 'reached' },
    { event: 'refused', diagnostics: [diagnostic('A'), diagnostic('B')] },
    { event: 'failed', diagnostic: diagnostic('C') },
  ]
  for (const event of events) metrics.tell('nbd', { ...ORIGIN, ...event } as EndpointEvent)
  const labels = { endpoint: 'nbd', version: 'TLSv1.3', suite: 'S' }
  expect(countsOf(metrics)).toEqual({
    cryptopolicy_handshakes: [
      { labels: { ...labels, side: 'server', group: 'x25519' }, value: 2 },
      { labels: { ...labels, side: 'server', group: '' }, value: 1 },
      { labels: { ...labels, side: 'client', group: 'x25519' }, value: 1 },
    ],
    cryptopolicy_refusals: [
      { labels: { endpoint: 'nbd', code: 'A' }, value: 1 },
      { labels: { endpoint: 'nbd', code: 'B' }, value: 1 },
    ],
    cryptopolicy_failures: [{ labels: { endpoint: 'nbd', code: 'C' }, value: 1 }],
  })
  metrics.keepOnly(['nbd'])
  expect(Object.keys(countsOf(metrics))).toHaveLength(3)
  metrics.keepOnly(['other'])
  expect(countsOf(metrics)).toEqual({})
})

test('a policy that a reload refused is counted beside those that were applied', () => {
  const metrics = new HostMetrics()
  const report = (...diagnostics: readonly object[]) => ({ objects: [], diagnostics }) as never
  for (const one of [report(), report({ code: 'A' }, { code: 'B' }), report()]) {
    metrics.tellReload(one)
  }
  expect(countsOf(metrics)).toEqual({
    cryptopolicy_policy_reloads: [
      { labels: { outcome: 'applied' }, value: 2 },
      { labels: { outcome: 'refused' }, value: 1 },
    ],
  })
})

test('loads of objects are counted while the objects are there', () => {
  const metrics = new HostMetrics()
  const report = (...ids: readonly string[]) =>
    ({ objects: ids.map((id) => ({ id, outcome: 'unchanged' })), diagnostics: [] }) as never
  metrics.tellReload(report('a', 'b'))
  metrics.tellReload(report('b'))
  metrics.tellFile('applied')
  metrics.tellFile('applied')
  metrics.tellFile('refused')
  expect(countsOf(metrics)).toMatchObject({
    cryptopolicy_object_reloads: [{ labels: { object: 'b', outcome: 'unchanged' }, value: 2 }],
    cryptopolicy_file_reloads: [
      { labels: { outcome: 'applied' }, value: 2 },
      { labels: { outcome: 'refused' }, value: 1 },
    ],
  })
})

test('the traffic of an entry goes on when it starts anew, and is forgotten when it is gone', () => {
  const metrics = new HostMetrics()
  expect(metrics.trafficOf('nbd')).toBe(metrics.trafficOf('nbd'))
  const [gauge] = metrics.families()
  expect(gauge).toMatchObject({
    ...{ name: 'cryptopolicy_open_connections', type: 'gauge' },
    samples: [{ labels: { endpoint: 'nbd' }, value: 0 }],
  })
  const names = metrics
    .families()
    .slice(0, 4)
    .map(({ name, unit }) => [name, unit])
  expect(names).toEqual([
    ['cryptopolicy_open_connections', undefined],
    ['cryptopolicy_connections', undefined],
    ['cryptopolicy_received_bytes', 'bytes'],
    ['cryptopolicy_sent_bytes', 'bytes'],
  ])
  metrics.keepOnly(['nbd'])
  expect(metrics.families()[0]?.samples).toHaveLength(1)
  metrics.keepOnly([])
  expect(metrics.families()[0]?.samples).toHaveLength(0)
})

test('how long certificates are valid yet is told by the first that ends', () => {
  const NOW = 1_700_000_000_000
  const until = (seconds: number) => new Date(NOW + seconds * 1000)
  const [certificates, lists] = validityFamilies(
    [
      { object: 't', use: 'server', name: 'CN=a', serial: '01', until: until(10) },
      { object: 't', use: 'server', name: 'CN=a', serial: '01', until: until(-5) },
      { object: 't', use: 'server', name: 'CN=a', serial: '01', until: until(20) },
      { object: 't', use: 'authority', name: 'CN=b', until: until(30.5) },
      { object: 't', use: 'revocation-list', name: 'CN=b', serial: '7', until: until(40) },
    ] as never,
    NOW,
  )
  const found = certificates?.samples.toSorted((a, b) => a.value - b.value)
  expect(found).toEqual([
    { labels: { object: 't', use: 'server', subject: 'CN=a', serial: '01' }, value: -5 },
    { labels: { object: 't', use: 'authority', subject: 'CN=b', serial: '' }, value: 30.5 },
  ])
  expect(lists?.samples).toEqual([
    { labels: { object: 't', issuer: 'CN=b', serial: '7' }, value: 40 },
  ])
})

test('the process tells its release, its start and its memory', () => {
  const [build, start, memory] = processFamilies()
  expect(build?.samples).toMatchObject([{ labels: { node: process.versions.node }, value: 1 }])
  expect(start?.samples).toEqual([{ value: performance.timeOrigin / 1000 }])
  expect(memory?.samples[0]?.value).toBeGreaterThan(1_000_000)
})

test('both forms name a family as their readers want it', () => {
  const families = [
    {
      name: 'a',
      type: 'counter',
      help: 'H "q" \\ \n.',
      samples: [{ labels: { x: '1', y: '' }, value: 2 }],
    },
    { name: 'b_bytes', type: 'gauge', unit: 'bytes', help: 'I.', samples: [{ value: 0.5 }] },
    { name: 'c', type: 'info', help: 'J.', samples: [{ labels: { v: '1' }, value: 1 }] },
  ] as const
  expect(printOpenMetrics(families)).toBe(
    `# TYPE a counter\n# HELP a H \\"q\\" \\\\ \\n.\na_total{x="1",y=""} 2\n# TYPE b_bytes gauge\n# UNIT b_bytes bytes\n# HELP b_bytes I.\nb_bytes 0.5\n# TYPE c info\n# HELP c J.\nc_info{v="1"} 1\n# EOF\n`,
  )
  expect(printPrometheusText(families)).toBe(
    `# HELP a_total H "q" \\\\ \\n.\n# TYPE a_total counter\na_total{x="1",y=""} 2\n# HELP b_bytes I.\n# TYPE b_bytes gauge\nb_bytes 0.5\n# HELP c_info J.\n# TYPE c_info gauge\nc_info{v="1"} 1\n`,
  )
})

test('a scraper gets the form that it asks for, and any other Prometheus own text', () => {
  const OPEN = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
  const PLAIN = 'text/plain; version=0.0.4; charset=utf-8'
  const ACCEPTED: readonly (readonly [string | undefined, string])[] = [
    [undefined, OPEN],
    ['*/*', OPEN],
    ['text/plain', PLAIN],
    ['text/plain;version=0.0.4', PLAIN],
    ['application/json', PLAIN],
    ['application/openmetrics-text;version=1.0.0,text/plain;q=0.5', OPEN],
    ['application/openmetrics-text;version=0.0.1', OPEN.replace('1.0.0', '0.0.1')],
    ['application/openmetrics-text;version=1.0.0;q=0.1,text/plain;q=0.5', PLAIN],
  ]
  for (const [accept, type] of ACCEPTED) {
    const { type: chosen } = chooseFormat(accept)
    expect([accept, chosen.replace(/; escaping=.*/, '')]).toEqual([accept, type])
  }
})

test('only GET and HEAD of /metrics are answered with them', async () => {
  const path = join(scratchFolder(), 'metrics.sock')
  const server = new MetricsServer({ kind: 'unix', path }, { families: () => [] })
  await server.listen()
  onTestFinished(() => server.close(0))
  const ask = (request: string) =>
    new Promise<string>((resolve) => {
      let text = ''
      connect({ path })
        .on('data', (bytes) => {
          text += bytes
        })
        .on('close', () => resolve(text))
        .end(`${request} HTTP/1.1\r\nHost: x\r\n\r\n`)
    })
  const get = await ask('GET /metrics?x=1')
  expect(get).toMatch(/^HTTP\/1\.1 200 .*\r\nVary: Accept\r\n.*# EOF\n/s)
  expect(get).toMatch(/\r\nConnection: close\r\n/)
  expect(await ask('HEAD /metrics')).toMatch(/^HTTP\/1\.1 200 /)
  expect(await ask('HEAD /metrics')).not.toContain('# EOF')
  expect(await ask('POST /metrics')).toMatch(/^HTTP\/1\.1 405 .*\r\nAllow: GET, HEAD\r\n/s)
  for (const url of ['/', '/metric', '/metrics/', '/x?/metrics']) {
    expect(await ask(`GET ${url}`)).toMatch(/^HTTP\/1\.1 404 .*only \/metrics is here\n/s)
  }
})
