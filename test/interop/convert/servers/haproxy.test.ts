/** HAProxy with converted settings: it takes them, and its servers negotiate nothing else. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { findProgram } from '../../../../src/system/consumers/consumer.ts'
import { spawn, spawnSync } from '../../../peers/child-process.ts'
import { testWith } from '../../../peers/peer.ts'
import { probePort } from '../../../tls/prober/probe-server.ts'
import { judgeServers, type ServerSettings } from './judge-server.ts'
import { freePorts, testFolder, waitFor, writeIdentity } from './server-process.ts'

testWith(
  'haproxy',
  'servers of HAProxy negotiate what is allowed, told and claimed',
  () => judgeServers('haproxy', startHaproxy, { hasOneKey: true }),
  600_000,
)

/** A process for each text, since its settings are those of a process. */
async function startHaproxy(settings: readonly ServerSettings[]) {
  const folder = testFolder()
  const program = findProgram('haproxy') ?? 'haproxy'
  const ports = await freePorts(settings.length)
  for (const [index, { text, keys }] of settings.entries()) {
    const port = ports[index] ?? 0
    const identities = keys.map((kind) => writeIdentity(folder, kind))
    const files = [DISTRIBUTION, text, frontend(port, identities)].map((part, order) => {
      const path = join(folder, `${index}-${order}.cfg`)
      writeFileSync(path, part)
      return path
    })
    const args = files.flatMap((path) => ['-f', path])
    const check = spawnSync(program, ['-c', '-q', ...args], { encoding: 'utf8' })
    expect({ text, said: check.stderr }).toEqual({ text, said: '' })
    await waitFor(port, spawn(program, ['-db', ...args], { stdio: 'ignore' }))
  }
  return ports.map(probePort)
}

/** As distributions set it up: what comes later counts, and bind lines take what came before them. */
const DISTRIBUTION = `global
  nbthread 1
  tune.ssl.cachesize 0
  ssl-default-bind-options ssl-min-ver TLSv1.0 no-tls-tickets
  ssl-default-bind-ciphers ALL:@SECLEVEL=0
  ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384
`

function frontend(port: number, identities: readonly string[]): string {
  const certificates = identities.map((path) => `crt ${path}`).join(' ')
  return `defaults
  mode http
  timeout client 60s
  timeout server 1s
  timeout connect 1s
frontend test
  bind 127.0.0.1:${port} ssl ${certificates}
`
}
