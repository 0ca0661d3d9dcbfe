/** Dovecot with converted settings: it takes them, and its IMAP server negotiates nothing else. */
import { once } from 'node:events'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { findProgram } from '../../../../src/system/consumers/consumer.ts'
import { type ChildProcess, spawn, spawnSync } from '../../../peers/child-process.ts'
import { testWith } from '../../../peers/peer.ts'
import { type Probe, probePort } from '../../../tls/prober/probe-server.ts'
import { judgeServers, type ServerSettings } from './judge-server.ts'
import { freePorts, testFolder, waitFor, writeIdentity } from './server-process.ts'

const isRoot = process.geteuid?.() === 0

describe.skipIf(!isRoot)('Dovecot [root]', () => {
  testWith(
    'dovecot',
    'IMAP servers negotiate what is allowed, told and claimed',
    () => judgeServers('dovecot', startDovecot),
    600_000,
  )
})

/** A Dovecot for each text, started when it is asked for the first time: many at once use up what the system has. */
async function startDovecot(settings: readonly ServerSettings[]) {
  const folder = testFolder()
  chmodSync(folder, 0o755)
  const program = findProgram('dovecot') ?? 'dovecot'
  const ports = await freePorts(settings.length)
  let running: ChildProcess | undefined
  return settings.map((one, index): Probe => {
    const port = ports[index] ?? 0
    let isStarted = false
    return async (offer) => {
      if (!isStarted) {
        isStarted = true
        await stop(running)
        const file = writeConfiguration(one, port, folder)
        if (index < 5) expectNoComplaint(file)
        running = spawn(program, ['-F', '-c', file], { stdio: 'ignore' })
        await waitFor(port, running)
      }
      return probePort(port)(offer)
    }
  })
}

async function stop(server: ChildProcess | undefined): Promise<void> {
  if (!server || server.exitCode !== null) return
  const ended = once(server, 'exit')
  server.kill('SIGTERM')
  await ended
}

function expectNoComplaint(file: string): void {
  const { status, stderr } = spawnSync('doveconf', ['-n', '-c', file], { encoding: 'utf8' })
  expect({ file, status, stderr }).toEqual({ file, status: 0, stderr: '' })
}

function writeConfiguration({ text, keys }: ServerSettings, port: number, root: string): string {
  const folder = join(root, `${port}`)
  mkdirSync(folder)
  const snippet = join(folder, 'snippet.config')
  writeFileSync(snippet, text)
  const file = join(folder, 'dovecot.conf')
  const identities = keys.map((kind, index) => {
    const path = writeIdentity(root, kind)
    const prefix = index === 0 ? 'ssl' : 'ssl_alt'
    return `${prefix}_cert = <${path}\n${prefix}_key = <${path}`
  })
  writeFileSync(file, configuration(folder, port, [...identities, `!include ${snippet}`]))
  return file
}

function configuration(folder: string, port: number, lines: readonly string[]): string {
  return `base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/log
protocols = imap
ssl = yes
ssl_min_protocol = TLSv1
service imap-login {
  service_count = 0
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = ${port}
    ssl = yes
  }
}
${lines.join('\n')}
`
}
