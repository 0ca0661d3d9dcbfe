/** Endpoints of this program and others under the file that is written for a policy. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { priorityTextOf } from '../../../src/backends/applications/converted.ts'
import { gnutls } from '../../../src/backends/gnutls.ts'
import { opensslcnf } from '../../../src/backends/opensslcnf.ts'
import { evaluatePolicy } from '../../../src/policy/effective-policy.ts'
import type { Policy } from '../../../src/policy/policy.ts'
import { purpose } from '../../../src/policy/scope.ts'
import { evaluatePriority } from '../../../src/priority/evaluate.ts'
import { findProgram } from '../../../src/system/consumers/consumer.ts'
import { findInstalledRelease } from '../../../src/system/installed-library.ts'
import { launchService, untilReady } from '../../cli/service-process.ts'
import { makeIdentity } from '../../tls/certificates.ts'
import { tryConversion } from '../convert/judge.ts'
import { NEWER } from '../policy/gnutls-judge.ts'
import { startPeer } from '../tls-peer.ts'
import { type KeyFiles, keyFiles } from './audited-server.ts'
import { scratchFolder } from './ssh-server.ts'

/** Those that a server has beside each other: an RSA key and one of an elliptic curve. */
export function serverKeys(): readonly KeyFiles[] {
  return keyFiles(['rsa-3072', 'ec-P-384'])
}

/** gnutls-serv with the priority of the system; gives its port. */
export async function startGnutls(policy: Policy, keys: readonly KeyFiles[]): Promise<number> {
  const config = join(scratchFolder(), 'gnutls.config')
  writeFileSync(config, gnutls.generate(policy).replaceAll(NEWER, ''))
  return startPeer(
    'gnutls-serv',
    (free) => [
      ...['-p', String(free), '--priority', '@SYSTEM', '--http', '--quiet'],
      ...keys.flatMap((files) => [
        `--x509certfile=${files.certificate}`,
        `--x509keyfile=${files.key}`,
      ]),
    ],
    { GNUTLS_SYSTEM_PRIORITY_FILE: config },
  )
}

const OPENSSL_HEAD =
  'openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = system\n[system]\n'

/** `openssl s_server` with the settings of the system; gives its port. */
export async function startOpenssl(policy: Policy, keys: readonly KeyFiles[]): Promise<number> {
  const config = join(scratchFolder(), 'openssl.cnf')
  writeFileSync(config, `${OPENSSL_HEAD}${opensslcnf.generate(policy)}`)
  const [first, second] = keys
  return startPeer(
    'openssl',
    (free) => [
      ...['s_server', '-accept', `127.0.0.1:${free}`, '-quiet'],
      ...['-cert', first?.certificate ?? '', '-key', first?.key ?? ''],
      ...['-dcert', second?.certificate ?? '', '-dkey', second?.key ?? ''],
    ],
    { OPENSSL_CONF: config },
  )
}

/** nginx with directives that are converted from the policy, since its own settings replace those of the system. */
export async function startNginx(policy: Policy, keys: readonly KeyFiles[]): Promise<number> {
  const text = priorityTextOf(evaluatePolicy(policy, purpose('openssl').scopes))
  const outcome = evaluatePriority({ name: '<policy>', text })
  if (!outcome.ok) throw new Error(text)
  const releases = findInstalledRelease('nginx', 'openssl')
  const conversion = tryConversion(outcome.evaluation, 'nginx', releases)
  if (!conversion) throw new Error(`nothing is left of ${text}`)
  const folder = scratchFolder()
  const file = join(folder, 'nginx.conf')
  const identities = keys.map(
    ({ certificate, key }) => `ssl_certificate ${certificate}; ssl_certificate_key ${key};`,
  )
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return startPeer(findProgram('nginx') ?? 'nginx', (free) => {
    const lines = [
      ...['daemon off;', 'master_process off;', `pid ${folder}/pid;`, 'events {}', 'http {'],
      ...temporary.map((name) => `${name}_temp_path ${folder}/${name};`),
      ...['access_log off;', `server { listen 127.0.0.1:${free} ssl;`, ...identities],
      ...[conversion.text, '}', '}'],
    ]
    writeFileSync(file, lines.join('\n'))
    return ['-c', file, '-p', folder, '-e', join(folder, 'error.log')]
  })
}

/** A folder of QEMU's credentials that is a host's folder too, with the file of the policy. */
function hostFolder(policy: Policy): string {
  const folder = scratchFolder()
  const authority = makeIdentity('Root CA', 'rsa-3072')
  const { certificate, key } = makeIdentity('localhost', 'rsa-3072', authority)
  writeFileSync(join(folder, 'ca-cert.pem'), authority.certificate)
  writeFileSync(join(folder, 'server-cert.pem'), certificate)
  writeFileSync(join(folder, 'server-key.pem'), key, { mode: 0o600 })
  mkdirSync(join(folder, 'back-ends'))
  writeFileSync(join(folder, 'back-ends', 'gnutls.config'), gnutls.generate(policy))
  return folder
}

/** Endpoints of this program, by the scheme of their audit. */
const ENDPOINTS = {
  nbd: () => [
    ...['nbd', 'serve', '-b', '127.0.0.1', '-p', '0', '-t', '--memory', '1M'],
    ...['--tls-creds', 'tls0'],
  ],
  chardev: () => [
    ...['chardev', 'listen', '--to', 'null', '--chardev'],
    'socket,host=127.0.0.1,port=0,mux=on,wait=off,tls-creds=tls0',
  ],
  migration: () => [
    ...['migrate', 'receive', '--listen', 'tcp:127.0.0.1:0', '--tls-creds', 'tls0'],
    join(scratchFolder(), 'guest'),
  ],
} as const

export type EndpointScheme = keyof typeof ENDPOINTS

/** With the priority of the system, under the file of a policy; gives its port. */
export async function startEndpoint(scheme: EndpointScheme, policy: Policy): Promise<number> {
  const folder = hostFolder(policy)
  const credentials = `tls-creds-x509,id=tls0,endpoint=server,dir=${folder},priority=@SYSTEM`
  const service = launchService([
    ...[...ENDPOINTS[scheme](), '--base-dir', folder, '--object', credentials],
  ])
  const log = await untilReady(service)
  const [, port] = /^ready: \S*?:(\d+)\b/m.exec(log) ?? []
  if (port === undefined) throw new Error(log)
  return Number(port)
}
