/** Servers under the files that are written for a policy: held against it, and against another one. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ALLOWED_LISTS, compareAllowed } from '../../../src/algorithms/compare-allowed.ts'
import { compareTls } from '../../../src/audit/compare/compare-tls.ts'
import type { Finding } from '../../../src/audit/compare/finding.ts'
import { policyYardstick } from '../../../src/audit/compare/policy-yardstick.ts'
import { DEFAULT_LIMITS, DialedSource } from '../../../src/audit/connection/dialed-source.ts'
import { scan } from '../../../src/audit/scan/scan.ts'
import type { ScanResult } from '../../../src/audit/scan-result.ts'
import { gnutls } from '../../../src/backends/gnutls.ts'
import { allowedByPolicy } from '../../../src/policy/allowed-by-policy.ts'
import type { TlsPurpose } from '../../../src/policy/scope.ts'
import { launchNbd } from '../../nbd/our-server.ts'
import { testWith } from '../../peers/peer.ts'
import { SEED } from '../../seed.ts'
import { shippedPolicy } from '../../shipped-policies.ts'
import { makeIdentity } from '../../tls/certificates.ts'
import { NEWER } from '../policy/gnutls-judge.ts'
import { startPeer } from '../tls-peer.ts'
import { keyFiles } from './audited-server.ts'
import { scratchFolder } from './ssh-server.ts'

/** `POLICY_LOOP=all` takes all shipped policies that leave a server something. */
const POLICIES =
  process.env.POLICY_LOOP === 'all'
    ? ['LEGACY', 'DEFAULT', 'FUTURE', 'FIPS', 'NEXT', 'BSI', 'FEDORA42', 'FEDORA43']
    : ['DEFAULT', 'FUTURE']

async function auditPort(port: number, scheme = 'tls'): Promise<ScanResult> {
  const address = { kind: 'tcp', host: '127.0.0.1', port } as const
  const limits = { ...DEFAULT_LIMITS, connecting: 60_000, silence: 60_000, duration: 120_000 }
  const target = { text: 'test', scheme, address, serverName: 'localhost' }
  return scan(target, {
    source: new DialedSource(address, limits),
    seed: Buffer.alloc(32, SEED),
  })
}

/** What is forbidden and accepted, by kind and name, each once. */
function forbidden(findings: readonly Finding[]): readonly string[] {
  const codes = ['AUDIT_VERSION_FORBIDDEN', 'AUDIT_SUITE_FORBIDDEN', 'AUDIT_GROUP_FORBIDDEN']
  const found = findings.filter(({ code }) => codes.includes(code))
  return [...new Set(found.map(({ item }) => `${item.kind} ${item.name}`))].toSorted()
}

/** What a policy allows and another does not, of what the server was seen to accept. */
function differences({ tls }: ScanResult, own: string, other: string, purpose: TlsPurpose) {
  const [first, second] = [other, own].map((name) =>
    allowedByPolicy(shippedPolicy(name).policy, purpose),
  )
  if (!first || !second || !tls) throw new Error('nothing to compare')
  const difference = compareAllowed(first, second)
  const isShared = (version: string) => first.versions.some(({ name }) => name === version)
  const accepted = [
    ...tls.versions.flatMap(({ name, result }) =>
      result.answer === 'accepted' ? `version ${name}` : [],
    ),
    ...tls.suites
      .filter(({ version }) => isShared(version))
      .flatMap(({ items }) => items.map(({ name }) => `suite ${name}`)),
    ...tls.groups
      .filter(({ version }) => isShared(version))
      .flatMap(({ items }) => items.map(({ name }) => `group ${name}`)),
  ]
  const kinds = {
    versions: 'version',
    suites: 'suite',
    groups: 'group',
    signatureSchemes: 'signature scheme',
  } as const
  const extra = ALLOWED_LISTS.flatMap((list) =>
    difference[list].extra.map((name) => `${kinds[list]} ${name}`),
  )
  return extra.filter((item) => accepted.includes(item)).toSorted()
}

/** No finding by its own policy, and by every other what that forbids of its own. */
function expectLoop(result: ScanResult, name: string): void {
  const { tls } = result
  if (!tls) throw new Error('there is no result')
  const own = compareTls(tls, policyYardstick(shippedPolicy(name).policy, 'gnutls'))
  expect(
    own.filter(({ severity }) => severity !== 'info'),
    name,
  ).toEqual([])
  for (const other of POLICIES) {
    const yardstick = policyYardstick(shippedPolicy(other).policy, 'gnutls')
    const told = forbidden(compareTls(tls, yardstick))
    expect(told, `${name} by ${other}`).toEqual(differences(result, name, other, 'gnutls'))
  }
}

describe('a server under the file of a policy has no finding by it, and by another the differences', () => {
  testWith(
    'gnutls-serv',
    'GnuTLS',
    async () => {
      const folder = scratchFolder()
      const [rsa, ec] = keyFiles(['rsa-3072', 'ec-P-384'])
      for (const name of POLICIES) {
        const { policy } = shippedPolicy(name)
        const config = join(folder, `${name}.config`)
        writeFileSync(config, gnutls.generate(policy).replaceAll(NEWER, ''))
        const port = await startPeer(
          'gnutls-serv',
          (free) => [
            ...['-p', String(free), '--priority', '@SYSTEM', '--http', '--quiet'],
            ...[rsa, ec].flatMap((files) => [
              `--x509certfile=${files?.certificate}`,
              `--x509keyfile=${files?.key}`,
            ]),
          ],
          { GNUTLS_SYSTEM_PRIORITY_FILE: config },
        )
        const result = await auditPort(port)
        expectLoop(result, name)
      }
    },
    300_000,
  )

  test('nbd serve, which serves no client without TLS', async () => {
    for (const name of POLICIES) {
      const port = await serveUnder(name)
      const result = await auditPort(port, 'nbd')
      expect(result.clearText?.kind).toBe('refused')
      const accepted = { answer: 'accepted' }
      expect(result.tls?.clientCertificate).toMatchObject({ asked: accepted, required: accepted })
      expectLoop(result, name)
    }
  }, 300_000)
})

/** `nbd serve` with the priority of the system, under the file of a policy; gives its port. */
async function serveUnder(name: string): Promise<number> {
  const folder = scratchFolder()
  const authority = makeIdentity('Root CA', 'rsa-3072')
  const { certificate, key } = makeIdentity('localhost', 'rsa-3072', authority)
  writeFileSync(join(folder, 'ca-cert.pem'), authority.certificate)
  writeFileSync(join(folder, 'server-cert.pem'), certificate)
  writeFileSync(join(folder, 'server-key.pem'), key, { mode: 0o600 })
  mkdirSync(join(folder, 'back-ends'))
  const config = gnutls.generate(shippedPolicy(name).policy)
  writeFileSync(join(folder, 'back-ends', 'gnutls.config'), config)
  const credentials = `tls-creds-x509,id=tls0,endpoint=server,dir=${folder},priority=@SYSTEM`
  const server = launchNbd(
    [
      ...['-b', '127.0.0.1', '-p', '0', '-t', '--memory', '1M', '--base-dir', folder],
      ...['--object', credentials, '--tls-creds', 'tls0'],
    ],
    { ownPlace: true },
  )
  const [, port] = /^ready: \S+:(\d+) /m.exec(await server.says(/^(ready|error).*/m)) ?? []
  if (port === undefined) throw new Error(server.log())
  return Number(port)
}
