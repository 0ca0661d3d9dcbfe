/** HAProxy with converted settings: it takes them, and its servers negotiate nothing else. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { convertPriority } from '../../../../src/priority/convert/convert.ts'
import { allowedTls } from '../../../../src/priority/evaluate.ts'
import { requirePriority } from '../../../../src/priority/failure/failure-diagnostics.ts'
import { findProgram } from '../../../../src/system/consumers/consumer.ts'
import { findInstalledRelease } from '../../../../src/system/installed-library.ts'
import { spawn, spawnSync } from '../../../peers/child-process.ts'
import { testWith } from '../../../peers/peer.ts'
import { enumerateProbed } from '../../../tls/prober/enumerate-server.ts'
import { findLooser } from '../../../tls/prober/negotiated.ts'
import { probePort } from '../../../tls/prober/probe-server.ts'
import { judgeServers, type ServerSettings } from './judge-server.ts'
import { freePorts, testFolder, waitFor, writeIdentity } from './server-process.ts'

testWith(
  'haproxy',
  'servers of HAProxy negotiate what is allowed, told and claimed',
  () => judgeServers('haproxy', startHaproxy, { hasOneKey: true }),
  600_000,
)

const TWO_SCHEMES = 'NORMAL:-SIGN-ALL:+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-SHA256'

testWith('haproxy', 'with an openssl.cnf HAProxy keeps to the signature schemes too', async () => {
  const evaluation = requirePriority({ name: 'test', text: TWO_SCHEMES })
  const releases = findInstalledRelease('haproxy', 'openssl')
  const { text, surplus } = convertPriority(evaluation, 'haproxy', releases)
  const folder = testFolder()
  const included = join(folder, 'openssl.config')
  writeFileSync(included, convertPriority(evaluation, 'openssl', releases).text)
  const file = join(folder, 'openssl.cnf')
  writeFileSync(file, `${OPENSSL_CNF}.include ${included}\n`)
  const probes = await startHaproxy([{ text, keys: ['rsa-2048'] }], { OPENSSL_CONF: file })
  const negotiated = await enumerateProbed(probes)
  expect(surplus).toContain('rsa_pss_rsae_sha512')
  expect([...negotiated.keys()]).toEqual([0x0303, 0x0304])
  expect(findLooser(negotiated, allowedTls(evaluation))).toEqual([])
})

/** As docs/applications.5.md has it. */
const OPENSSL_CNF =
  'openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = policy\n[policy]\n'

/** A process for each text, since its settings are those of a process. */
async function startHaproxy(
  settings: readonly ServerSettings[],
  environment: Readonly<Record<string, string>> = {},
) {
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
    const { status } = spawnSync(program, ['-c', ...args])
    expect({ text, status }).toEqual({ text, status: 0 })
    const env = { ...process.env, ...environment }
    await waitFor(port, spawn(program, ['-db', ...args], { stdio: 'ignore', env }))
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
