/** nginx with converted directives: it takes them, and its servers negotiate nothing else. */

import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished } from 'vitest'
import { allowedTls } from '../../../src/priority/evaluate.ts'
import { findProgram } from '../../../src/system/consumers/consumer.ts'
import { findInstalledRelease } from '../../../src/system/installed-library.ts'
import { type ChildProcess, spawn, spawnSync } from '../../peers/child-process.ts'
import { testWith } from '../../peers/peer.ts'
import { freePort } from '../../peers/port.ts'
import { type KeyKind, makeIdentity } from '../../tls/certificates.ts'
import { enumerateProbed } from '../../tls/prober/enumerate-server.ts'
import { findLooser } from '../../tls/prober/negotiated.ts'
import { probePort } from '../../tls/prober/probe-server.ts'
import { drawStrings } from './draw-strings.ts'
import { tryConversion } from './judge.ts'

/** Keys that a security level accepts of the server itself. */
const KEYS: readonly (readonly KeyKind[])[] = [
  ['rsa-2048', 'ec-prime256v1'],
  ['rsa-2048', 'ec-prime256v1'],
  ['rsa-2048', 'ec-prime256v1'],
  ['rsa-3072', 'ec-prime256v1'],
  ['ec-secp384r1'],
  ['ec-secp521r1'],
]

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

testWith(
  'nginx',
  'servers of nginx negotiate nothing that the string does not allow',
  async () => {
    const releases = findInstalledRelease('nginx', 'openssl')
    const cases = drawStrings(6).flatMap(([text, evaluation]) => {
      const conversion = tryConversion(evaluation, 'nginx', releases)
      return conversion ? [{ text, evaluation, conversion }] : []
    })
    const ports = await startNginx(cases.map(({ conversion }) => conversion.text))
    let answering = 0
    for (const [index, { text, evaluation }] of cases.entries()) {
      const negotiated = await enumerateProbed([probePort(ports[index] ?? 0)])
      const looser = findLooser(negotiated, allowedTls(evaluation))
      expect({ text, looser }).toEqual({ text, looser: [] })
      if (negotiated.size > 0) answering++
    }
    // A string that signs on one curve only has nothing for the other keys of this test.
    expect(answering).toBeGreaterThan(cases.length * 0.7)
  },
  600_000,
)

/** One process with a server for each text; gives their ports. */
async function startNginx(texts: readonly string[]): Promise<readonly number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cryptopolicy-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const ports: number[] = []
  for (const _ of texts) ports.push(await freePort())
  const servers = texts.map((text, index) => serverBlock(text, ports[index] ?? 0, folder))
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, configuration(folder, servers))
  const program = findProgram('nginx') ?? 'nginx'
  const args = ['-c', file, '-p', folder, '-e', join(folder, 'error.log')]
  const test = spawnSync(program, [...args, '-t'], { encoding: 'utf8', timeout: 60_000 })
  expect(
    test.stderr.replace(/^nginx: the configuration .*\n|^nginx: conf.* successful\n/gm, ''),
  ).toBe('')
  const child = spawn(program, args, { stdio: 'ignore', detached: true })
  onTestFinished(() => stop(child))
  for (const port of ports) await waitFor(port, child)
  return ports
}

function configuration(folder: string, servers: readonly string[]): string {
  return [
    ...['daemon off;', 'master_process off;', `pid ${folder}/pid;`, 'events {}', 'http {'],
    'access_log off;',
    ...TEMPORARY.map((name) => `${name}_temp_path ${folder}/${name};`),
    ...servers,
    '}',
  ].join('\n')
}

function serverBlock(text: string, port: number, folder: string): string {
  const level = Number(/@SECLEVEL=(\d)/.exec(text)?.[1])
  const keys = (KEYS[level] ?? []).map((kind) => {
    const { certificate, key } = makeIdentity('localhost', kind)
    writeFileSync(join(folder, `${kind}.pem`), certificate + key, { mode: 0o600 })
    return `ssl_certificate ${folder}/${kind}.pem; ssl_certificate_key ${folder}/${kind}.pem;`
  })
  return `server { listen 127.0.0.1:${port} ssl;\n${keys.join('\n')}\n${text}}`
}

/** Waits until the port is open; an nginx that ended is no reason to wait on. */
async function waitFor(port: number, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return
    } catch {
      await sleep(20)
    } finally {
      socket.destroy()
    }
  }
  throw new Error('nginx ended')
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return
  const ended = once(child, 'exit')
  process.kill(-child.pid, 'SIGKILL')
  await ended
}
