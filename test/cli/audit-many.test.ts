/** `cryptopolicy audit` of many targets, and one that is ended by a signal. */
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { keyFiles } from '../interop/audit/audited-server.ts'
import { startPeer } from '../interop/tls-peer.ts'
import { spawn } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { freePort } from '../peers/port.ts'
import { runInProcess, runInterrupted } from './in-process.ts'
import { expectValid } from './json-output.ts'
import { CRYPTOPOLICY } from './service-process.ts'

/** How long a process may take, in milliseconds. */
const PATIENCE = 120_000

/** Runs it with this on standard input. */
async function auditLines(input: string, ...options: readonly string[]) {
  const limits = { timeout: PATIENCE, killSignal: 'SIGKILL' } as const
  const child = spawn(CRYPTOPOLICY, ['audit', '-', ...options], limits)
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const closed = new Promise<number | null>((resolve) => void child.once('close', resolve))
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { status: await closed, stdout, stderr }
}

async function startOpenssl(): Promise<number> {
  const [rsa] = keyFiles(['rsa-2048'])
  return startPeer('openssl', (free) => [
    ...['s_server', '-accept', `127.0.0.1:${free}`, '-quiet'],
    ...['-cert', rsa?.certificate ?? '', '-key', rsa?.key ?? ''],
  ])
}

testWith(
  'openssl',
  'each target has a line of JSON, and one that is named twice has one',
  async () => {
    const port = await startOpenssl()
    const closed = await freePort()
    const hosts = [
      `127.0.0.1:${port}`,
      `127.0.0.1:${closed} # closed`,
      '',
      '# none',
      'no-such.invalid',
    ]
    const input = `${[...hosts, hosts[0]].join('\r\n')}\n`
    const { status, stdout, stderr } = await auditLines(input, '--jsonl', '--timeout', '60')
    expect({ status, stderr }).toMatchObject({ status: 69 })
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    for (const line of lines) expectValid('audit.v1.json#/$defs/line', line)
    expect(lines.map(({ target }) => target.text)).toEqual([
      ...[`127.0.0.1:${port}`, `127.0.0.1:${closed}`, 'no-such.invalid'],
    ])
    expect(lines.map(({ tls }) => tls !== undefined)).toEqual([true, false, false])
    expect(lines[1].diagnostics[0].code).toBe('AUDIT_UNREACHABLE')
  },
)

/** A server that gives each connection to this. */
async function serve(meet: (client: Socket) => void): Promise<number> {
  const server = createServer((client) => {
    client.on('error', () => {})
    meet(client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

test('a server that is silent holds up no other, and the order of the targets is kept', async () => {
  const waiting: Socket[] = []
  let isOtherAsked = false
  const silent = await serve((client) => {
    if (isOtherAsked) client.end()
    else waiting.push(client)
  })
  const other = await serve((client) => {
    isOtherAsked = true
    for (const one of waiting.splice(0)) one.end()
    client.end()
  })
  const targets = [silent, other].map((port) => `127.0.0.1:${port}`)
  const { stdout } = await auditLines(targets.join('\n'), '--jsonl', '--timeout', '60')
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines.map(({ target }) => target.text)).toEqual(targets)
  expect(lines[0].tls.versions[0].result).toEqual({ answer: 'refused', alert: null, name: null })
})

test('standard input without a target is refused', async () => {
  const { status, stderr } = await auditLines('# nothing\n')
  expect({ status, stderr }).toMatchObject({
    status: 64,
    stderr: expect.stringContaining('USAGE_MISSING_OPTION'),
  })
})

test('a name that no hello has room for is refused', async () => {
  for (const name of ['a'.repeat(256), 'a b', '', 'bücher']) {
    const { status, stderr } = await runInProcess(['audit', 'host:1', '--server-name', name])
    expect({ status, stderr }).toMatchObject({
      status: 64,
      stderr: expect.stringContaining('AUDIT_BAD_TARGET'),
    })
  }
})

/** Leads to a port; from one connection on, clients get no answer, and that is told. */
async function leadTo(port: number, most: number, tell: () => void): Promise<number> {
  let connections = 0
  const entrance = createServer((client) => {
    client.on('error', () => {})
    if (++connections > most) return tell()
    const server = connect(port, '127.0.0.1')
    server.on('error', () => client.destroy()).on('close', () => client.destroySoon())
    client.on('close', () => server.destroy())
    client.pipe(server).pipe(client)
  })
  entrance.listen(0, '127.0.0.1')
  await once(entrance, 'listening')
  onTestFinished(() => void entrance.close())
  return (entrance.address() as AddressInfo).port
}

testWith('openssl', 'a signal ends the questions: what was learnt is told and kept', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'audit-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const evidence = join(folder, 'evidence')
  const isSilent = Promise.withResolvers<void>()
  const port = await leadTo(await startOpenssl(), 20, isSilent.resolve)
  const args = ['audit', `127.0.0.1:${port}`, '--timeout', '60', '--evidence', evidence]
  const { status, stdout, stderr } = await runInterrupted(args, isSilent.promise)
  expect([status, stderr]).toEqual([130, expect.stringContaining('interrupted: ')])
  expect(stdout).toMatch(/^ {2}TLS1.3 +accepted$/m)
  expect(stdout).toContain('unknown: interrupted')
  expect(readFileSync(evidence, 'utf8')).toContain('"interrupted"')
  expect((await runInProcess(['audit', 'replay', evidence])).stdout).toBe(stdout)
})
