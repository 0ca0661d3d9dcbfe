/** `migrate preflight` and `migrate bench` on the command line. */
import { rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../peers/port.ts'
import { scratchFolder } from './command.ts'
import { runInProcess, serveInProcess } from './in-process.ts'
import { parseEnvelope, resultOf } from './json-output.ts'
import { launchService, untilReady } from './service-process.ts'

/** A folder with all that both sides need. */
async function makePki(): Promise<string> {
  const dir = join(scratchFolder(), 'pki')
  for (const words of [
    ['init', dir],
    ['issue', 'server', dir, '--dns', 'localhost'],
    ['issue', 'client', dir, '--cn', 'source'],
  ]) {
    const made = await runInProcess(['pki', ...words, '--key', 'ecdsa'])
    expect(made.status, made.stderr).toBe(0)
  }
  rmSync(join(dir, 'ca-key.pem'))
  return dir
}

function credentials(dir: string, endpoint: string): readonly string[] {
  const object = `tls-creds-x509,id=tls0,dir=${dir},endpoint=${endpoint},verify-peer=on`
  return ['--object', object, '--tls-creds', 'tls0']
}

async function listen(command: string, args: readonly string[]) {
  const port = await freePort()
  const place = ['--listen', `127.0.0.1:${port}`]
  return { ...(await serveInProcess(['migrate', command, ...place, ...args])), port }
}

test('a preflight tells what fits, measures, and lets the listener end', async () => {
  const dir = await makePki()
  const port = await freePort()
  // As a process of its own: one process has one result as JSON.
  const listener = launchService(
    [
      ...['migrate', 'preflight', '--listen', `127.0.0.1:${port}`, ...credentials(dir, 'server')],
      ...['--tls-hostname', 'localhost', '--tls-hostname', 'other.example', '--once'],
    ],
    { stdout: 'pipe' },
  )
  const said = text(listener.child.stdout!)
  await untilReady(listener)
  const { status, stdout } = await runInProcess([
    ...['migrate', 'preflight', '--to', `localhost:${port}`, ...credentials(dir, 'client')],
    ...['--channels', '1', '--json'],
  ])
  const { checks, rates } = resultOf(stdout)
  const failed = checks.filter(({ outcome }: { outcome: string }) => outcome === 'failed')
  expect(failed).toEqual([])
  expect(status).toBe(0)
  expect(rates.length).toBeGreaterThan(1)
  expect(await listener.ended).toBe(0)
  expect(await said).toContain('ok      own certificate for localhost')
  expect(await said).toContain('FAILED  own certificate for other.example')
})

test.each([
  [[], 64, 'USAGE_MISSING_OPTION'],
  [['--tls-hostname', 'host.example'], 64, 'USAGE_MISSING_OPTION'],
  [['--object', 'secret,id=s,data=x'], 64, 'USAGE_MISSING_OPTION'],
  [['--json'], 64, 'USAGE_MISSING_OPTION'],
  [['--tls-creds', 'tls0'], 66, 'OBJECT_NOT_FOUND'],
  [
    ['--tls-creds', 'tls0', '--object', 'tls-creds-psk,id=tls1,dir=/,endpoint=client'],
    ...[66, 'OBJECT_NOT_FOUND'],
  ],
])(
  '%j checks nothing, and does not say that nothing stands in the way',
  async (args, status, code) => {
    const outcome = await runInProcess(['migrate', 'preflight', ...args])
    expect(outcome.status).toBe(status)
    expect(outcome.stdout + outcome.stderr).toContain(code)
    expect(outcome.stdout).not.toContain('nothing stands in the way')
  },
)

test('a reload is told in the form of --log, as by the other services', async () => {
  const dir = await makePki()
  const { says } = await listen('preflight', [...credentials(dir, 'server'), '--log', 'json'])
  writeFileSync(join(dir, 'server-cert.pem'), 'broken')
  const log = await says('"event":"reloaded"')
  const [, line = ''] = /^(\{.*"reloaded".*\})$/m.exec(log) ?? []
  expect(JSON.parse(line).objects).toMatchObject([{ id: 'tls0', outcome: 'refused' }])
})

test('as text, a stranger and a policy that is gone are told in words', async () => {
  const dir = await makePki()
  const policy = join(dir, 'policy')
  writeFileSync(policy, '[priorities]\nSYSTEM=NORMAL\n')
  const { port, says, signal, stop } = await listen('preflight', [
    ...[...credentials(dir, 'server'), '--config', policy],
  ])
  const stranger = connect(port, '127.0.0.1').on('error', () => {})
  onTestFinished(() => void stranger.destroy())
  stranger.end('GET / HTTP/1.1\r\n\r\n')
  await says(/^#1 127\.0\.0\.1:\d+: ended: /m)
  rmSync(policy)
  signal('SIGHUP')
  const log = await says('the old policy stays')
  expect(log).toContain('error[FILE_MISSING]')
  expect((await stop()).stderr).not.toMatch(/^\{/m)
})

test('a host where no preflight listens is connected to only where that is asked for', async () => {
  const to = `localhost:${await freePort()}`
  const words = ['migrate', 'preflight', '--to', to, ...credentials(await makePki(), 'client')]
  const { stdout, stderr } = await runInProcess(words)
  expect(`${stdout}${stderr}`).toMatch(/PREFLIGHT_NOT_LISTENING.*no connection was made/)
  const asked = await runInProcess([...words, '--connect'])
  expect(asked.stdout).toContain('not asked (--connect)')
})

test('a bench says how many channels to use', async () => {
  const { port } = await listen('bench', [])
  const { status, stdout } = await runInProcess([
    ...['migrate', 'bench', '--to', `tcp:127.0.0.1:${port}`, '--channels', '1,2', '--json'],
  ])
  expect(status).toBe(0)
  const { rates, advisedChannels } = resultOf(stdout)
  expect(rates.map(({ channels }: { channels: number }) => channels)).toEqual([1, 2])
  expect([1, 2]).toContain(advisedChannels)
})

test('a bench of one number of channels does not say that others are no faster', async () => {
  const { port } = await listen('bench', ['--once'])
  const { status, stdout } = await runInProcess([
    ...['migrate', 'bench', '--to', `127.0.0.1:${port}`, '--channels', '2'],
  ])
  expect(status).toBe(0)
  expect(stdout.trim().split('\n').length).toBe(2)
  expect(stdout).not.toContain('multifd')
})

test('a bench of one number of channels advises none', async () => {
  const { port } = await listen('bench', [])
  const { status, stdout } = await runInProcess([
    ...['migrate', 'bench', '--to', `127.0.0.1:${port}`, '--channels', '2', '--json'],
  ])
  expect(status).toBe(0)
  expect(resultOf(stdout).advisedChannels).toBe(null)
})

test('a bench over TLS measures in clear too, and one without credentials is refused', async () => {
  const dir = await makePki()
  const { port, says } = await listen('bench', [...credentials(dir, 'server')])
  const args = ['migrate', 'bench', '--to', `localhost:${port}`, '--channels', '1,2', '--json']
  const stranger = await runInProcess(args)
  expect(stranger.status).toBe(1)
  expect(parseEnvelope(stranger.stdout).diagnostics).toMatchObject([
    { code: 'PREFLIGHT_RATE_NEEDS_TLS' },
  ])
  await says('PREFLIGHT_RATE_REFUSED')
  const { status, stdout } = await runInProcess([...args, ...credentials(dir, 'client')])
  expect(status).toBe(0)
  const { rates } = resultOf(stdout)
  expect(rates.map(({ suite }: { suite: string | null }) => suite !== null)).toEqual([
    ...[false, false],
    ...[true, true],
  ])
})

test('a preflight measures only the suites that the other host has too, and none where a check fails', async () => {
  const dir = await makePki()
  const tls13 = 'NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM'
  const withPriority = (endpoint: string, priority: string) => [
    ...['--object', `tls-creds-x509,id=tls0,dir=${dir},endpoint=${endpoint},priority=${priority}`],
    ...['--tls-creds', 'tls0'],
  ]
  const { port } = await listen('preflight', withPriority('server', tls13))
  const ask = async (...more: readonly string[]) => {
    const words = ['migrate', 'preflight', '--to', `localhost:${port}`, '--seconds', '1']
    const own = withPriority('client', `${tls13}:+AES-256-GCM`)
    const { status, stdout } = await runInProcess([
      ...[...words, ...own, '--channels', '1', '--json', ...more],
    ])
    const { rates } = resultOf(stdout)
    return [status, rates.map(({ suite }: { suite: string }) => suite)]
  }
  expect(await ask()).toEqual([0, ['TLS_AES_128_GCM_SHA256']])
  expect(await ask('--tls-hostname', 'other.example')).toEqual([1, []])
})

test('a preflight tells its rates as a table, and none where none were measured', async () => {
  const { port } = await listen('preflight', [])
  const ask = async (...more: readonly string[]) => {
    const place = ['--to', `localhost:${port}`, '--channels', '1', '--seconds', '1']
    const { stdout } = await runInProcess(['migrate', 'preflight', ...place, ...more])
    return stdout.split('\n').map((line) => line.split(/ {2,}/)[0])
  }
  const all = await ask()
  expect(all.slice(-4)).toEqual(['channels', '1', 'nothing stands in the way', ''])
  expect(await ask('--no-rate')).toEqual([...all.slice(0, -4), ...all.slice(-2)])
})

test('the files of a client bear no name that is asked for', async () => {
  const dir = await makePki()
  const words = [...credentials(dir, 'client'), '--tls-hostname', 'a.example', '--json']
  const { status, stdout } = await runInProcess(['migrate', 'preflight', ...words])
  const names = resultOf(stdout).checks.map(({ name }: { name: string }) => name)
  expect([status, names]).toEqual([0, ['files of tls0']])
})

test('without another host the files of this one are checked', async () => {
  const dir = await makePki()
  const args = [
    'migrate',
    'preflight',
    ...credentials(dir, 'server'),
    '--tls-hostname',
    'a.example',
  ]
  const { status, stdout } = await runInProcess([...args, '--json'])
  expect(status).toBe(1)
  const [files, name] = resultOf(stdout).checks
  expect(files).toMatchObject({ name: 'files of tls0', outcome: 'passed' })
  expect(name.findings[0]).toMatchObject({ code: 'PKI_HOST_NOT_COVERED' })
})

test.each([
  [['preflight', '--to', 'host'], 'USAGE_INVALID_VALUE'],
  [['preflight', '--to', 'host:1', '--listen', '*:2'], 'USAGE_CONFLICTING_OPTIONS'],
  [['bench', '--to', 'host:1', '--listen', '*:2'], 'USAGE_CONFLICTING_OPTIONS'],
  [['bench'], 'USAGE_MISSING_OPTION'],
  [['bench', '--to', 'a:1', '--channels', '0'], 'USAGE_INVALID_VALUE'],
  [['bench', '--listen', '*:99999'], 'USAGE_INVALID_VALUE'],
])('%j is refused', async (args, code) => {
  const { status, stdout } = await runInProcess(['migrate', ...args, '--json'])
  expect(status).toBe(64)
  expect(parseEnvelope(stdout).diagnostics[0]).toMatchObject({ code })
})
