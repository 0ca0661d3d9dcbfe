import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TlsOptions } from 'node:tls'
import { expect } from 'vitest'
import type { AllowedTls } from '../../../src/algorithms/allowed-tls.ts'
import { TLS_GROUPS, type TlsGroup } from '../../../src/algorithms/tls-groups.ts'
import type { TlsSuite } from '../../../src/algorithms/tls-suites.ts'
import { priorityTextOf } from '../../../src/backends/applications/converted.ts'
import { allowedByPolicy } from '../../../src/policy/allowed-by-policy.ts'
import { evaluatePolicy } from '../../../src/policy/effective-policy.ts'
import { purpose } from '../../../src/policy/scope.ts'
import { convertPriority } from '../../../src/priority/convert/convert.ts'
import { evaluatePriority } from '../../../src/priority/evaluate.ts'
import { findHostReleases } from '../../../src/system/host-releases.ts'
import { Random } from '../../fuzz/random.ts'
import { spawn } from '../../peers/child-process.ts'
import { testWith } from '../../peers/peer.ts'
import { SEED } from '../../seed.ts'
import { type KeyKind, makeIdentity } from '../../tls/certificates.ts'
import { enumerateProbed } from '../../tls/prober/enumerate-server.ts'
import { findLooser } from '../../tls/prober/negotiated.ts'
import { type Probe, probePort, startProbing } from '../../tls/prober/probe-server.ts'
import { findMissing } from '../convert/servers/promised.ts'
import { freePorts, testFolder, waitFor, writeIdentity } from '../convert/servers/server-process.ts'
import { type Case, COUNT, drawCase, isOwnPrime } from './application-cases.ts'
import { NEWER } from './gnutls-judge.ts'

/** What a server may negotiate, and what it has to where its keys can show it. */
type Expected = {
  readonly allowed: AllowedTls
  /** Undefined where that is not known. */
  readonly claimed: AllowedTls | undefined
  readonly keys: readonly KeyKind[]
}

/** Judges a server under each of the cases; most of them have to have something to negotiate. */
async function judge(
  start: (one: Case) => Promise<readonly Probe[]>,
  expected: (one: Case) => Expected,
): Promise<void> {
  const random = new Random(SEED)
  let answering = 0
  const found: object[] = []
  for (let at = 0; at < COUNT; at++) {
    const one = drawCase(random)
    const negotiated = await enumerateProbed(await start(one))
    const { allowed, claimed, keys } = expected(one)
    const looser = findLooser(negotiated, allowed).filter((found) => !isOwnPrime(found, allowed))
    const missing = claimed ? findMissing(negotiated, claimed, keys) : []
    if (looser.length + missing.length > 0) found.push({ name: one.name, looser, missing })
    if (negotiated.size > 0) answering++
  }
  expect(found).toEqual([])
  // Random lists of a policy often have nothing in common that a key of this test could show.
  expect(answering).toBeGreaterThanOrEqual(COUNT * 0.25)
}

const KEYS: readonly KeyKind[] = ['rsa-3072', 'ec-prime256v1']

/** OpenSSL accepts its own keys by its security level. */
function keysUnder(text: string): readonly KeyKind[] {
  const level = Number(/@SECLEVEL=(\d)/.exec(text)?.[1])
  return level < 4 ? KEYS : [level === 4 ? 'ec-secp384r1' : 'ec-secp521r1']
}

function textOf({ host }: Case, file: string): string | undefined {
  const path = host.path('back-ends', 'applications', 'app', file)
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

function opensslExpected(target: 'openssl' | 'nginx' | 'node', file: string) {
  const releases = findHostReleases()
  return (one: Case): Expected => {
    const string = priorityTextOf(evaluatePolicy(one.policy, purpose('openssl').scopes))
    const outcome = evaluatePriority({ name: '<app>', text: string })
    const text = textOf(one, file)
    const claimed =
      outcome.ok && text !== undefined
        ? claimedBy(target, convertPriority(outcome.evaluation, target, releases).allowed)
        : undefined
    return { allowed: allowedByPolicy(one.policy, 'openssl'), claimed, keys: keysUnder(text ?? '') }
  }
}

/** Node.js has no Diffie-Hellman over finite fields in TLS 1.2 unless a program gives it a prime. */
function claimedBy(target: string, allowed: AllowedTls): AllowedTls {
  const isServed = ({ keyExchange = '' }: TlsSuite) =>
    target !== 'node' || !/^DHE/.test(keyExchange)
  return { ...allowed, suites: allowed.suites.filter(isServed) }
}

/** The file less the lines that the GnuTLS of these tests refuses for names of later releases. */
function gnutlsFile({ host }: Case): string {
  const path = host.path('gnutls.config')
  writeFileSync(path, host.read('back-ends', 'gnutls.config').replaceAll(NEWER, ''))
  return path
}

/**
 * What GnuTLS has of the policy, gnutls-cli tells in another test. For clients that name no group it uses a
 * curve of its own, of which `update-policies` warns.
 */
function gnutlsExpected({ policy, warnings }: Case): Expected {
  const allowed = allowedByPolicy(policy, 'gnutls')
  const defaultCurve = TLS_GROUPS.filter(({ name }) => name === 'secp256r1')
  const isWarnedOf = warnings.includes('use SECP256R1 with clients that name no group')
  const groups = [
    ...allowed.groups.filter((group) => !isBelow(group, allowed.minimumKeySizes.dh)),
    ...(isWarnedOf ? defaultCurve : []),
  ]
  return { allowed: { ...allowed, groups }, claimed: undefined, keys: KEYS }
}

function isBelow({ kind, bits }: TlsGroup, size: number): boolean {
  return kind === 'finite-field' && bits < size
}

async function startServer(
  program: string,
  argsFor: (port: number) => readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<readonly Probe[]> {
  const [port = 0] = await freePorts(1)
  const child = spawn(program, argsFor(port), { env: { ...process.env, ...env }, stdio: 'ignore' })
  await waitFor(port, child)
  return [probePort(port)]
}

testWith(
  'gnutls-serv',
  'gnutls-serv negotiates what the policy of an application allows',
  () =>
    judge((one) => {
      const folder = testFolder()
      const keys = KEYS.flatMap((kind) => {
        const path = writeIdentity(folder, kind)
        return ['--x509certfile', path, '--x509keyfile', path]
      })
      const own = ['--quiet', '--echo', '--priority', '@APP,SYSTEM', '--disable-client-cert']
      const config = gnutlsFile(one)
      return startOrNothing(() =>
        startServer('gnutls-serv', (port) => [...own, ...keys, '--port', String(port)], {
          GNUTLS_SYSTEM_PRIORITY_FILE: config,
        }),
      )
    }, gnutlsExpected),
  1_200_000,
)

/** A string that leaves nothing makes a server end at once. */
async function startOrNothing(start: () => Promise<readonly Probe[]>): Promise<readonly Probe[]> {
  try {
    return await start()
  } catch (error) {
    if (error instanceof Error && / ended$/.test(error.message)) return []
    throw error
  }
}

testWith(
  'openssl',
  'openssl s_server negotiates what the policy of an application allows',
  () =>
    judge(
      async (one) => {
        const text = textOf(one, 'openssl.config')
        if (text === undefined) return []
        const folder = testFolder()
        const file = join(folder, 'openssl.cnf')
        const path = one.host.path('back-ends', 'applications', 'app', 'openssl.config')
        const lines = [
          'openssl_conf = a',
          '[a]',
          'ssl_conf = b',
          '[b]',
          'system_default = c',
          '[c]',
        ]
        writeFileSync(file, [...lines, `.include ${path}`, ''].join('\n'))
        const [first = '', second] = keysUnder(text).map((kind) => writeIdentity(folder, kind))
        const more = second === undefined ? [] : ['-dcert', second, '-dkey', second]
        const keys = ['-cert', first, '-key', first, ...more]
        const own = ['s_server', '-quiet', ...keys]
        return startServer('openssl', (port) => [...own, '-accept', `127.0.0.1:${port}`], {
          OPENSSL_CONF: file,
        })
      },
      opensslExpected('openssl', 'openssl.config'),
    ),
  1_200_000,
)

testWith(
  'nginx',
  'nginx negotiates what the policy of an application allows',
  () =>
    judge(
      async (one) => {
        const text = textOf(one, 'nginx.config')
        if (text === undefined) return []
        const folder = testFolder()
        const identities = keysUnder(text).map((kind) => {
          const path = writeIdentity(folder, kind)
          return `ssl_certificate ${path}; ssl_certificate_key ${path};`
        })
        const path = one.host.path('back-ends', 'applications', 'app', 'nginx.config')
        const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        const file = join(folder, 'nginx.conf')
        return startServer('nginx', (port) => {
          const lines = [
            ...['daemon off;', 'master_process off;', `pid ${folder}/pid;`, 'events {}', 'http {'],
            ...temporary.map((name) => `${name}_temp_path ${folder}/${name};`),
            ...['access_log off;', `server { listen 127.0.0.1:${port} ssl;`, ...identities],
            ...[`include ${path};`, '}', '}', ''],
          ]
          writeFileSync(file, lines.join('\n'))
          return ['-c', file, '-p', folder, '-e', join(folder, 'error.log')]
        })
      },
      opensslExpected('nginx', 'nginx.config'),
    ),
  1_200_000,
)

testWith(
  'openssl',
  'a server of node:tls negotiates what the policy of an application allows',
  () =>
    judge(
      async (one) => {
        const text = textOf(one, 'node.json')
        if (text === undefined) return []
        const identities = keysUnder(text).map((kind) => makeIdentity('localhost', kind))
        const options: TlsOptions = {
          ...JSON.parse(text),
          cert: identities.map(({ certificate }) => certificate),
          key: identities.map(({ key }) => key),
        }
        return [startProbing(options)]
      },
      opensslExpected('node', 'node.json'),
    ),
  1_200_000,
)
