/** nginx with converted directives: it takes them, and its servers negotiate nothing else. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { findProgram } from '../../../../src/system/consumers/consumer.ts'
import { spawn, spawnSync } from '../../../peers/child-process.ts'
import { testWith } from '../../../peers/peer.ts'
import { probePort } from '../../../tls/prober/probe-server.ts'
import { judgeServers, type ServerSettings } from './judge-server.ts'
import { freePorts, testFolder, waitFor, writeIdentity } from './server-process.ts'

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

testWith(
  'nginx',
  'servers of nginx negotiate what is allowed and claimed',
  () => judgeServers('nginx', startNginx),
  600_000,
)

/** One process with a server for each text. */
async function startNginx(settings: readonly ServerSettings[]) {
  const folder = testFolder()
  const ports = await freePorts(settings.length)
  const servers = settings.map((one, index) => serverBlock(one, ports[index] ?? 0, folder))
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, configuration(folder, servers))
  const program = findProgram('nginx') ?? 'nginx'
  const args = ['-c', file, '-p', folder, '-e', join(folder, 'error.log')]
  const test = spawnSync(program, [...args, '-t'], { encoding: 'utf8' })
  expect(
    test.stderr.replace(/^nginx: the configuration .*\n|^nginx: conf.* successful\n/gm, ''),
  ).toBe('')
  const server = spawn(program, args, { stdio: 'ignore' })
  for (const port of ports) await waitFor(port, server)
  return ports.map(probePort)
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

function serverBlock({ text, keys }: ServerSettings, port: number, folder: string): string {
  const identities = keys.map((kind) => {
    const path = writeIdentity(folder, kind)
    return `ssl_certificate ${path}; ssl_certificate_key ${path};`
  })
  return `server { listen 127.0.0.1:${port} ssl;\n${identities.join('\n')}\n${text}}`
}
