/** The Apache HTTP Server with converted directives: it takes them, and negotiates nothing else. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { findProgram } from '../../../../src/system/consumers/consumer.ts'
import { spawn, spawnSync } from '../../../peers/child-process.ts'
import { testWith } from '../../../peers/peer.ts'
import { probePort } from '../../../tls/prober/probe-server.ts'
import { judgeServers, type ServerSettings } from './judge-server.ts'
import { freePorts, testFolder, waitFor, writeIdentity } from './server-process.ts'

const MODULES = '/usr/lib/apache2/modules'

testWith(
  'apache2',
  'servers of Apache negotiate what is allowed and claimed',
  () => judgeServers('apache', startApache),
  600_000,
)

/** One process with a virtual host for each text. */
async function startApache(settings: readonly ServerSettings[]) {
  const folder = testFolder()
  const ports = await freePorts(settings.length)
  const hosts = settings.map((one, index) => virtualHost(one, ports[index] ?? 0, folder))
  const file = join(folder, 'apache.conf')
  writeFileSync(file, [configuration(folder), ...hosts].join('\n'))
  const program = findProgram('apache2') ?? 'apache2'
  const test = spawnSync(program, ['-f', file, '-t'], { encoding: 'utf8' })
  expect(test.stderr).toBe('Syntax OK\n')
  // It works in one process then, which needs no other user.
  const server = spawn(program, ['-f', file, '-X'], { stdio: 'ignore' })
  for (const port of ports) await waitFor(port, server)
  return ports.map(probePort)
}

function configuration(folder: string): string {
  return `ServerRoot ${folder}
ServerName localhost
DefaultRuntimeDir ${folder}
PidFile ${folder}/pid
ErrorLog ${folder}/error.log
LoadModule mpm_event_module ${MODULES}/mod_mpm_event.so
LoadModule ssl_module ${MODULES}/mod_ssl.so
SSLSessionCache none
SSLProtocol all
SSLCipherSuite ALL:@SECLEVEL=0
`
}

function virtualHost({ text, keys }: ServerSettings, port: number, folder: string): string {
  const path = join(folder, `${port}.config`)
  writeFileSync(path, text)
  const identities = keys.map((kind) => `SSLCertificateFile ${writeIdentity(folder, kind)}`)
  return `Listen 127.0.0.1:${port}
<VirtualHost 127.0.0.1:${port}>
SSLEngine on
${identities.join('\n')}
Include ${path}
</VirtualHost>`
}
