import { statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import {
  parsePrometheusText,
  parseStrictly,
  type Scrape,
  scrape,
} from '../monitor/metrics/scrape.ts'
import { RawMonitor } from '../monitor/raw-monitor.ts'
import { makeX509Folder } from '../nbd/nbd-credentials.ts'
import { spawn } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { freePort } from '../peers/port.ts'
import { run, runFile, scratchFolder } from './command.ts'
import { ENDPOINT_FILE, exportUri, type Serving, serveEndpointFile } from './endpoint-process.ts'

const FILE = `${ENDPOINT_FILE}metrics: {listen: "unix:DIR/metrics.sock"}
`

const serve = (text = FILE) => serveEndpointFile(text)

async function read({ folder, service }: Serving): Promise<string> {
  const { child, log } = service
  const { status, type, text } = await scrape(join(folder, 'metrics.sock')).catch((cause) => {
    const ended = child.exitCode ?? child.signalCode ?? 'not ended'
    throw new Error(`no scrape of a service that has ${ended}, and said: ${log()}`, { cause })
  })
  expect(status).toBe(200)
  expect(type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
  return text
}

/** Scrapes until a line is there: connections are closed a moment after their client has left. */
async function until(serving: Serving, line: string): Promise<Scrape> {
  for (;;) {
    const text = await read(serving)
    if (text.includes(`${line}\n`)) return parseStrictly(text)
    await delay(50)
  }
}

const MEBIBYTE = 1_048_576

testWith('prometheus', 'a scrape tells connections, bytes each way and handshakes', async () => {
  const serving = await serve()
  const { folder } = serving
  expect(statSync(join(folder, 'metrics.sock')).mode & 0o777).toBe(0o600)
  const image = join(folder, 'image')
  writeFileSync(image, Buffer.alloc(MEBIBYTE, 7))
  const copied = runFile('nbdcopy', ['--connections=1', image, exportUri(folder)])
  expect(copied).toMatchObject({ status: 0 })
  const scraped = await until(serving, 'cryptopolicy_open_connections{endpoint="nbd"} 0')
  const count = (name: string) => scraped.get(`cryptopolicy_${name}{endpoint=nbd}`) ?? 0
  expect(count('connections_total')).toBeGreaterThan(0)
  expect(count('received_bytes_total')).toBeGreaterThan(MEBIBYTE)
  expect(count('received_bytes_total')).toBeLessThan(2 * MEBIBYTE)
  expect(count('sent_bytes_total')).toBeGreaterThan(1_000)
  expect(count('sent_bytes_total')).toBeLessThan(MEBIBYTE)
  const handshakes = [...scraped].filter(([name]) => name.startsWith('cryptopolicy_handshakes'))
  expect(handshakes).toEqual([
    [
      expect.stringMatching(
        /\{endpoint=nbd,side=server,version=TLSv1\.3,suite=TLS_AES_256_GCM_SHA384,group=\w+\}$/,
      ),
      count('connections_total'),
    ],
  ])
})

testWith('prometheus', 'bytes of a connection count while it is open', async () => {
  const serving = await serve()
  const monitor = await RawMonitor.connect(join(serving.folder, 'mon0.sock'))
  const line = 'cryptopolicy_open_connections{endpoint="monitor mon0"} 1'
  const key = 'cryptopolicy_received_bytes_total{endpoint=monitor mon0}'
  expect((await until(serving, line)).get(key)).toBe(0)
  monitor.socket.write(' '.repeat(1000))
  await until(serving, 'cryptopolicy_received_bytes_total{endpoint="monitor mon0"} 1000')
  monitor.socket.destroy()
})

testWith('prometheus', 'refused clients count by the code of their error', async () => {
  const serving = await serve()
  const { folder } = serving
  const stranger = makeX509Folder()
  const refused = runFile('nbdinfo', [
    exportUri(folder).replace(`certificates=${folder}`, `certificates=${stranger}`),
  ])
  expect(refused.status).not.toBe(0)
  const scraped = await until(serving, 'cryptopolicy_open_connections{endpoint="nbd"} 0')
  const refusals = [...scraped].filter(([name]) => name.startsWith('cryptopolicy_refusals'))
  expect(refusals).toEqual([[expect.stringMatching(/\{endpoint=nbd,code=[A-Z_]+\}$/), 1]])
})

testWith(
  'prometheus',
  'own certificates and authorities tell how long they are valid',
  async () => {
    const serving = await serve()
    const scraped = parseStrictly(await read(serving))
    for (const [use, file] of [
      ['own', 'server-cert.pem'],
      ['authority', 'ca-cert.pem'],
    ]) {
      const told = runFile('openssl', [
        ...['x509', '-noout', '-serial', '-enddate', '-dateopt', 'iso_8601'],
        ...['-in', join(serving.folder, file ?? '')],
      ])
      const [, serial] = /serial=(\w+)/.exec(told.stdout) ?? []
      const [, end = ''] = /notAfter=(.+)/.exec(told.stdout) ?? []
      const [, left] =
        [...scraped].find(
          ([name]) => name.includes(`use=${use},`) && name.includes(`serial=${serial}}`),
        ) ?? []
      const expected = (Date.parse(end.replace(' ', 'T')) - Date.now()) / 1000
      // What has passed since the scrape.
      expect(left).toBeGreaterThanOrEqual(expected)
      expect(left).toBeLessThan(expected + 3_600)
    }
  },
)

testWith(
  'prometheus',
  'reloads of the file and of its objects count by their outcome',
  async () => {
    const serving = await serve()
    const { folder, path, service } = serving
    service.child.kill('SIGHUP')
    await until(serving, 'cryptopolicy_file_reloads_total{outcome="applied"} 1')
    writeFileSync(path, 'nbd: {lissen: x}\n')
    writeFileSync(join(folder, 'ca-cert.pem'), 'broken')
    service.child.kill('SIGHUP')
    await until(serving, 'cryptopolicy_file_reloads_total{outcome="refused"} 1')
    const key = 'cryptopolicy_object_reloads_total{object="tls0",outcome="refused"}'
    const one = await until(serving, `${key} 1`)
    expect(one.get('cryptopolicy_file_reloads_total{outcome=applied}')).toBe(1)
    const monitor = await RawMonitor.connect(join(folder, 'mon0.sock'))
    await monitor.run('qmp_capabilities')
    await monitor.run('x-objects-reload')
    await until(serving, `${key} 2`)
    monitor.socket.destroy()
  },
)

testWith('prometheus', 'Prometheus scrapes a loopback port', async () => {
  const [port, own] = [await freePort(), await freePort()]
  await serve(FILE.replace('unix:DIR/metrics.sock', `tcp:127.0.0.1:${port}`))
  const folder = scratchFolder()
  const config = join(folder, 'prometheus.yml')
  writeFileSync(
    config,
    `scrape_configs: [{job_name: host, scrape_interval: 100ms, scrape_timeout: 100ms, static_configs: [{targets: ["127.0.0.1:${port}"]}]}]`.replaceAll(
      '100ms',
      '1s',
    ),
  )
  const prometheus = spawn(
    'prometheus',
    [
      ...[`--config.file=${config}`, `--storage.tsdb.path=${folder}/data`],
      `--web.listen-address=127.0.0.1:${own}`,
    ],
    { stdio: 'ignore' },
  )
  const ask = async (query: string): Promise<string> => {
    const path = `/api/v1/query?query=${encodeURIComponent(query)}`
    for (;;) {
      const answer = await scrape(own, path).catch(() => undefined)
      const parsed = answer?.status === 200 ? JSON.parse(answer.text) : undefined
      const value = parsed?.data?.result?.[0]?.value?.[1]
      if (value !== undefined) return value
      if (prometheus.exitCode !== null) throw new Error('prometheus has ended')
      await delay(100)
    }
  }
  expect(await ask('up == 1')).toBe('1')
  expect(await ask('cryptopolicy_build_info')).toBe('1')
  expect(
    Number(await ask('cryptopolicy_certificate_remaining_seconds{use="own"} / 86400')),
  ).toBeGreaterThan(0)
  const metadata = JSON.parse((await scrape(own, '/api/v1/metadata')).text).data
  expect(metadata.cryptopolicy_connections).toMatchObject([{ type: 'counter' }])
  expect(metadata.cryptopolicy_received_bytes).toMatchObject([{ type: 'counter', unit: 'bytes' }])
})

const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
const DRAFT = 'application/openmetrics-text; version=0.0.1; charset=utf-8'
const TEXT = 'text/plain; version=0.0.4; charset=utf-8'

/** What scrapers ask for, as they write it. */
const ASKED = [
  ['any', '*/*', OPEN_METRICS],
  ['Prometheus 2.4', 'text/plain;version=0.0.4;q=1,*/*;q=0.1', TEXT],
  [
    'Prometheus 2.30',
    'application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    DRAFT,
  ],
  [
    'Prometheus 2.42',
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    OPEN_METRICS,
  ],
  [
    'Prometheus 3',
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1',
    `${OPEN_METRICS}; escaping=allow-utf-8`,
  ],
  [
    'Prometheus 1',
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;version=0.0.4;q=0.3,*/*;q=0.1',
    TEXT,
  ],
  ['an agent', 'text/plain;version=0.0.4;q=0.3,application/json;q=0.2', TEXT],
  ['text without a version', 'text/plain', TEXT],
  ['no OpenMetrics', 'application/openmetrics-text;q=0,*/*', TEXT],
  ['nothing that is there', 'application/json', TEXT],
  ['garbage', ',;q=;;=/*,\u00ff', TEXT],
] as const

testWith(
  'promtool',
  'a scraper gets the form that it asks for, and promtool reads it',
  async () => {
    const { folder } = await serve()
    const socket = join(folder, 'metrics.sock')
    for (const [who, accept, expected] of ASKED) {
      const { status, type, text } = await scrape(socket, '/metrics', 'GET', accept)
      expect({ who, status, type }).toEqual({ who, status: 200, type: expected })
      const read = expected === TEXT ? parsePrometheusText(text) : parseStrictly(text)
      expect(read.get(`cryptopolicy_connections_total{endpoint=metrics}`)).toBeGreaterThan(0)
      expect([...read.keys()].filter((name) => name.startsWith('cryptopolicy_build'))).toHaveLength(
        1,
      )
    }
  },
)

test('other paths are not found, and metrics are only read', async () => {
  const { folder } = await serve()
  const socket = join(folder, 'metrics.sock')
  expect(await scrape(socket, '/')).toMatchObject({ status: 404 })
  expect(await scrape(socket, '/metrics/../x')).toMatchObject({ status: 404 })
  expect(await scrape(socket, '/metrics?format=x')).toMatchObject({ status: 200 })
  expect(await scrape(socket, '/metrics', 'HEAD')).toMatchObject({ status: 200, text: '' })
  expect(await scrape(socket, '/metrics', 'POST')).toMatchObject({ status: 405 })
})

test('a place that other hosts reach is refused', () => {
  const folder = scratchFolder()
  const path = join(folder, 'host.yaml')
  for (const place of ['tcp::9100', 'tcp:0.0.0.0:9100', 'tcp:[::]:9100', 'tcp:192.0.2.1:9100']) {
    writeFileSync(path, `metrics: {listen: "${place}"}\n`)
    const { status, stderr } = run('cryptopolicy', ['endpoint', 'check', path])
    expect(status).toBe(65)
    expect(stderr).toContain(`${path}:1:19: error[METRICS_OPEN]`)
  }
})

/** What the server says until it ends the connection. */
function say(path: string, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    let said = ''
    const socket = connect({ path, allowHalfOpen: true })
    socket.on('data', (data) => {
      said += data
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(said))
    socket.on('end', () => socket.destroy())
    socket.write(bytes)
  })
}

test('garbage and long heads are refused, and silent scrapers hold no other up', async () => {
  const { folder, service } = await serve()
  const socket = join(folder, 'metrics.sock')
  expect(await say(socket, '\u0016\u0003\u0001garbage\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
  const long = `GET /metrics HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(1_000_000)}`
  expect(await say(socket, long)).toMatch(/^HTTP\/1\.1 431 |^$/)
  const twice = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2)
  expect((await say(socket, twice)).match(/HTTP\/1\.1 200/g)).toHaveLength(1)
  // More than are served at the same time: these are cut in time, and the next is served.
  const silent = Array.from({ length: 16 }, () => say(socket, 'GET /met'))
  expect((await scrape(socket)).status).toBe(200)
  await Promise.all(silent)
  expect(await service.stop()).toBe(0)
})
