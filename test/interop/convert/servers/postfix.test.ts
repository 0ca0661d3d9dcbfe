/** Postfix with converted parameters: it takes them, and its SMTP server negotiates nothing else. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { spawn, spawnSync } from '../../../peers/child-process.ts'
import { hasPeer, testWith } from '../../../peers/peer.ts'
import { probePort } from '../../../tls/prober/probe-server.ts'
import { judgeServers, type ServerSettings } from './judge-server.ts'
import { drawServerCases } from './server-cases.ts'
import { freePorts, testFolder, waitFor, writeIdentity } from './server-process.ts'

const isRoot = process.geteuid?.() === 0

describe.skipIf(!isRoot)('Postfix [root]', () => {
  testWith(
    'postconf',
    'SMTP servers negotiate what is allowed, told and claimed',
    () => judgeServers('postfix', startPostfix),
    600_000,
  )
})

test.skipIf(!hasPeer('postconf'))(
  'Postfix takes every line, and warns of none [postconf]',
  () => {
    for (const { conversion } of drawServerCases('postfix').slice(0, 5)) {
      const folder = testFolder()
      writeFileSync(join(folder, 'main.cf'), 'compatibility_level = 3.6\n')
      writeFileSync(join(folder, 'master.cf'), '')
      const lines = conversion.text.trim().split('\n')
      const edit = spawnSync('postconf', ['-c', folder, '-e', ...lines], { encoding: 'utf8' })
      const shown = spawnSync('postconf', ['-c', folder, '-n'], { encoding: 'utf8' })
      expect([edit.stderr, shown.stderr]).toEqual(['', ''])
      const values = shown.stdout.split('\n').map((line) => line.trim())
      expect(values).toEqual(expect.arrayContaining(lines))
    }
  },
  600_000,
)

/** One Postfix, with a service for each text. */
async function startPostfix(settings: readonly ServerSettings[]) {
  const folder = testFolder()
  chmodSync(folder, 0o755)
  const ports = await freePorts(settings.length)
  const services = settings.map((one, index) => service(one, ports[index] ?? 0, folder))
  writeFileSync(join(folder, 'main.cf'), parameters(folder))
  writeFileSync(join(folder, 'master.cf'), [...services, HELPERS].join('\n'))
  makeQueue(folder)
  const daemons = spawnSync('postconf', ['-dh', 'daemon_directory'], { encoding: 'utf8' })
  const program = join(daemons.stdout.trim(), 'master')
  const server = spawn(program, ['-c', folder, '-d'], { stdio: 'ignore' })
  for (const port of ports) await waitFor(port, server)
  return ports.map(probePort)
}

/** What the SMTP server asks of others. */
const HELPERS = `postlog unix-dgram n - n - 1 postlogd
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
`

function service({ text, keys }: ServerSettings, port: number, folder: string): string {
  const files = keys.map((kind) => writeIdentity(folder, kind, 'key first'))
  const lines = [...text.trim().split('\n'), `smtpd_tls_chain_files = ${files.join(', ')}`]
  const options = lines.map((line) => `  -o { ${line} }`)
  const wrapped = '  -o smtpd_tls_wrappermode=yes'
  return [`127.0.0.1:${port} inet n - n - 2 smtpd`, wrapped, ...options].join('\n')
}

function parameters(folder: string): string {
  return `compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
maillog_file = ${folder}/queue/log
maillog_file_prefixes = ${dirname(folder)}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = localhost
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_mandatory_protocols =
smtpd_client_connection_count_limit = 0
alias_maps =
local_recipient_maps =
local_header_rewrite_clients =
smtpd_relay_restrictions = reject
`
}

const QUEUE = ['pid', 'private', 'public', 'active', 'incoming', 'maildrop', 'defer', 'deferred']

function makeQueue(folder: string): void {
  const folders = [...QUEUE.map((name) => join(folder, 'queue', name)), join(folder, 'data')]
  for (const path of folders) mkdirSync(path, { recursive: true })
  const owned = folders.filter((path) => !path.endsWith('/pid'))
  expect(spawnSync('chown', ['postfix', ...owned]).status).toBe(0)
}
