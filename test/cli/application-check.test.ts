/** The text of an application is read by its program before it is put in force. */
import { chmodSync, existsSync, globSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { findConsumer } from '../../src/system/consumers/all-consumers.ts'
import { findProgram } from '../../src/system/consumers/consumer.ts'
import { testWith } from '../peers/peer.ts'
import { ROOT, scratchFolder } from './command.ts'
import { Host } from './host.ts'
import { whereRead } from './where-read.ts'

const LAUNCHER = join(ROOT, 'bin', 'update-policies')

type Server = {
  /** As CI names it. */
  readonly peer: string
  readonly program: string
  readonly backend: string
  /** A setting that is written, which an old release does not know. */
  readonly setting: string
  /** The line that leads the program to the file, and where it stands. */
  readonly include: string
  readonly configuration: string
}

const SERVERS: readonly Server[] = [
  {
    ...{ peer: 'nginx', program: 'nginx', backend: 'nginx', setting: 'ssl_conf_command' },
    include: 'http { include FILE; }',
    configuration: '/etc/nginx/nginx.conf',
  },
  {
    ...{ peer: 'apache2', program: 'apache2', backend: 'apache', setting: 'SSLOpenSSLConfCmd' },
    include: 'IncludeOptional FILE',
    configuration: '/etc/apache2/apache2.conf',
  },
  {
    ...{ peer: 'haproxy', program: 'haproxy', backend: 'haproxy' },
    setting: 'ssl-default-bind-curves',
    include: 'CONFIG="FILE -f /etc/haproxy/haproxy.cfg"',
    configuration: '/etc/default/haproxy',
  },
  {
    ...{ peer: 'doveconf', program: 'doveconf', backend: 'dovecot', setting: 'ssl_curve_list' },
    include: '!include FILE',
    configuration: '/etc/dovecot/conf.d/10-ssl.conf',
  },
  {
    ...{ peer: 'pg_ctlcluster', program: 'postgres', backend: 'postgresql' },
    setting: 'ssl_max_protocol_version',
    include: "include 'FILE'",
    configuration: globSync('/etc/postgresql/*/*/postgresql.conf')[0] ?? '',
  },
]

for (const server of SERVERS) {
  const { peer, backend, include, configuration } = server
  testWith(peer, `refuses what a server would not start with: ${backend}`, () => {
    const host = new Host(filesFor(server))
    const path = `BASE/back-ends/applications/web/${backend}.config`
    const set = setWithOldRelease(host, server)
    const refused = whereRead(host, configuration, include.replace('FILE', path), set)
    expect(refused.status, refused.stderr).toBe(1)
    expect(refused.stderr).toMatch(
      /back-ends\/applications\/web\/\w+\.config:\d+:1: error\[HOST_PROGRAM_STOPS\]: /,
    )
    expect(refused.stderr).toContain('unknown_setting')
    expect(existsSync(host.path('config'))).toBe(false)
  })
}

testWith('nginx', 'only warns where no configuration of the program names the file', () => {
  const [server] = SERVERS
  if (!server) throw new Error('no server')
  const host = new Host(filesFor(server))
  const other = 'http { include BASE/back-ends/applications/other/nginx.config; }'
  const set = setWithOldRelease(host, server)
  const { status, stderr } = whereRead(host, server.configuration, other, set)
  expect(status, stderr).toBe(0)
  expect(stderr).toContain('warning[HOST_PROGRAM_STOPS]: nginx ')
  expect(stderr).toContain('no configuration of it leads there now')
})

testWith('nginx', 'names the one of many applications whose text is refused', () => {
  const [server] = SERVERS
  if (!server) throw new Error('no server')
  const host = new Host({
    ...filesFor(server),
    'applications/mail.pmod': '# %back_ends=nginx\nprotocol@TLS = -TLS1.2\n',
  })
  const set = setWithOldRelease(host, { ...server, setting: 'ssl_protocols TLSv1.2' })
  const { stderr } = whereRead(host, server.configuration, '# nothing', set)
  expect(stderr).toContain('applications/web/nginx.config, line 1: unknown directive')
  expect(stderr).not.toContain('applications/mail/nginx.config')
})

testWith('nginx', 'says nothing of texts that the programs take', () => {
  const backends = SERVERS.map(({ backend }) => backend).join(',')
  const host = new Host({ 'applications/web.pmod': `# %back_ends=${backends},postfix\n` })
  const { status, stderr } = host.update(['--set', 'DEFAULT', '--no-reload'])
  expect(status, stderr).toBe(0)
  expect(stderr).not.toContain('HOST_PROGRAM')
})

function filesFor({ backend }: Server) {
  return { 'applications/web.pmod': `# %back_ends=${backend}\ncipher = -AES-128-CBC\n` }
}

/** The command of a run that finds a release of the program which does not know the setting. */
function setWithOldRelease(host: Host, { program, backend, setting }: Server): string {
  const consumer = findConsumer(`applications/web/${backend}`)
  const real = consumer?.find ? consumer.find() : findProgram(program)
  const folder = scratchFolder()
  const path = join(folder, program)
  const script = `#!/bin/sh
for text in $(printf '%s\\n' "$@" | grep -o '/[^=]*/cryptopolicy-[^/]*' | sort -u); do
  sed -i 's/^\\( *\\)${setting}/\\1unknown_setting/' "$text"/*-snippet
done
exec ${real} "$@"
`
  writeFileSync(path, script)
  chmodSync(path, 0o755)
  return `PATH=${folder}:$PATH ${LAUNCHER} --base-dir ${host.base} --set DEFAULT --no-reload`
}
