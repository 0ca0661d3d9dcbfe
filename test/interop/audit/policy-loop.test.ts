/**
 * Servers under the files that are written for a policy: held against it, and against another one.
 *
 * `POLICY_LOOP=all` takes all shipped policies that leave a server something, and some modules.
 */
import { describe, expect, test } from 'vitest'
import {
  GROUPS_IN_TLS,
  policyNamesOf,
  SCHEMES_OF_SIGNATURES,
} from '../../../src/algorithms/policy-names-in-tls.ts'
import { findTlsSuiteByName } from '../../../src/algorithms/tls-suites.ts'
import { compareTls } from '../../../src/audit/compare/compare-tls.ts'
import type { Finding } from '../../../src/audit/compare/finding.ts'
import { policyYardstick } from '../../../src/audit/compare/policy-yardstick.ts'
import { DEFAULT_LIMITS, DialedSource } from '../../../src/audit/connection/dialed-source.ts'
import type { TlsScan } from '../../../src/audit/model.ts'
import { scan } from '../../../src/audit/scan/scan.ts'
import type { ScanResult } from '../../../src/audit/scan-result.ts'
import { findLooseness } from '../../../src/backends/looseness/looseness.ts'
import { runInProcess } from '../../cli/in-process.ts'
import { resultOf } from '../../cli/json-output.ts'
import { execFileSync } from '../../peers/child-process.ts'
import { testWith } from '../../peers/peer.ts'
import { SEED } from '../../seed.ts'
import { shippedPolicy } from '../../shipped-policies.ts'
import {
  type EndpointScheme,
  serverKeys,
  startEndpoint,
  startGnutls,
  startNginx,
  startOpenssl,
} from './policy-endpoints.ts'

const IS_WHOLE = process.env.POLICY_LOOP === 'all'
const POLICIES = IS_WHOLE
  ? [
      ...['LEGACY', 'DEFAULT', 'FUTURE', 'FIPS', 'NEXT', 'BSI', 'FEDORA42', 'FEDORA43'],
      ...['DEFAULT:ECDHE-ONLY', 'LEGACY:NO-SHA1', 'FIPS:OSPP'],
    ]
  : ['DEFAULT', 'FUTURE']

/** The whole loop starts dozens of servers. */
const PATIENCE = IS_WHOLE ? 3_600_000 : 300_000

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

type Library = 'gnutls' | 'openssl'
type Change = { readonly kind: string; readonly property: string; readonly value: string }

/** `cipher AES-128-GCM` of all that `cryptopolicy diff` tells as disabled on the way from one to the other. */
async function disabledBy(
  from: string,
  to: string,
  library: Library,
): Promise<ReadonlySet<string>> {
  const { stdout } = await runInProcess(['diff', from, to, '--json'])
  const groups: readonly { places: readonly string[]; changes: readonly Change[] }[] =
    resultOf(stdout).groups
  const changes = groups.flatMap(({ places, changes: list }) =>
    places.includes(library) ? list : [],
  )
  const disabled = changes.filter(({ kind }) => kind === 'disabled')
  return new Set(disabled.map(({ property, value }) => `${property} ${value}`))
}

/** The parts that a policy has to allow for an item, as `cryptopolicy diff` calls them. */
function partsOf(kind: string, name: string): readonly string[] {
  if (kind === 'version') return [`protocol ${name}`]
  const words = (table: Readonly<Record<string, string>>) =>
    Object.keys(table).filter((word) => table[word] === name)
  if (kind === 'group') return words(GROUPS_IN_TLS).map((word) => `group ${word}`)
  if (kind === 'signature scheme') return words(SCHEMES_OF_SIGNATURES).map((word) => `sign ${word}`)
  const suite = findTlsSuiteByName(name)
  if (!suite) throw new Error(`no suite ${name}`)
  const properties = ['key_exchange', 'cipher', 'mac', 'hash'] as const
  const used = suite.keyExchange === undefined ? properties.slice(1) : properties
  const names = policyNamesOf(suite)
  return used.map((property, at) => `${property} ${names[at]}`)
}

/** What a server was seen to accept, and what `cryptopolicy diff` says is disabled. */
function differences(tls: TlsScan, disabled: ReadonlySet<string>): readonly string[] {
  const isShared = ({ version }: { readonly version: string }) =>
    !disabled.has(`protocol ${version}`)
  const named = (kind: string, lists: TlsScan['suites'] | TlsScan['groups']) =>
    lists.filter(isShared).flatMap(({ items }) => items.map(({ name }) => ({ kind, name })))
  const accepted = [
    ...tls.versions.flatMap(({ name, result }) =>
      result.answer === 'accepted' ? { kind: 'version', name } : [],
    ),
    ...named('suite', tls.suites),
    ...named('group', tls.groups),
  ]
  const told = accepted.filter(({ kind, name }) =>
    partsOf(kind, name).some((part) => disabled.has(part)),
  )
  return [...new Set(told.map(({ kind, name }) => `${kind} ${name}`))].toSorted()
}

/** By its own policy nothing but what was announced, and by every other what `cryptopolicy diff` tells. */
async function expectLoop(
  { tls }: ScanResult,
  name: string,
  library: Library = 'gnutls',
  announced: readonly string[] = [],
): Promise<void> {
  if (!tls) throw new Error('there is no result')
  const findingsBy = (policy: string) =>
    compareTls(tls, policyYardstick(shippedPolicy(policy).policy, library))
  const own = findingsBy(name).filter(({ severity }) => severity !== 'info')
  const isAnnounced = ({ item }: Finding) =>
    partsOf(item.kind, item.name).some((part) => announced.includes(part.replace(/^\S+ /, '')))
  expect(
    own.filter((finding) => !isAnnounced(finding)),
    name,
  ).toEqual([])
  const ownExcess = forbidden(own)
  for (const other of POLICIES.filter((policy) => policy !== name)) {
    const disabled = await disabledBy(name, other, library)
    const told = forbidden(findingsBy(other)).filter((item) => !ownExcess.includes(item))
    expect(told, `${name} by ${other}`).toEqual(differences(tls, disabled))
  }
}

function isTls13({ name, result }: TlsScan['versions'][number]): boolean {
  return name === 'TLS1.3' && result.answer === 'accepted'
}

/** What is said to be kept by the installed OpenSSL although the policy forbids it. */
function announcedOfOpenssl(name: string): readonly string[] {
  const [, openssl = ''] = /OpenSSL (\S+)/.exec(execFileSync('openssl', ['version'])) ?? []
  return findLooseness(shippedPolicy(name).policy, { openssl })
    .filter(({ backend }) => backend === 'opensslcnf')
    .flatMap(({ kept }) => kept)
}

describe('a server under the file of a policy has no finding by it, and by another the differences', () => {
  testWith(
    'gnutls-serv',
    'GnuTLS',
    async () => {
      const keys = serverKeys()
      for (const name of POLICIES) {
        const port = await startGnutls(shippedPolicy(name).policy, keys)
        await expectLoop(await auditPort(port), name)
      }
    },
    PATIENCE,
  )

  testWith(
    'openssl',
    'OpenSSL, but for what is announced that it keeps',
    async () => {
      const keys = serverKeys()
      for (const name of POLICIES) {
        const port = await startOpenssl(shippedPolicy(name).policy, keys)
        const result = await auditPort(port)
        await expectLoop(result, name, 'openssl', announcedOfOpenssl(name))
      }
    },
    PATIENCE,
  )

  testWith(
    'nginx',
    'nginx',
    async () => {
      const keys = serverKeys()
      for (const name of POLICIES) {
        const port = await startNginx(shippedPolicy(name).policy, keys)
        await expectLoop(await auditPort(port), name, 'openssl')
      }
    },
    PATIENCE,
  )

  const schemes: readonly EndpointScheme[] = ['nbd', 'chardev', 'migration']
  test.each(schemes)(
    'this program (%s), which serves no client without a certificate',
    async (scheme) => {
      for (const name of POLICIES) {
        const port = await startEndpoint(scheme, shippedPolicy(name).policy)
        const result = await auditPort(port, scheme)
        if (scheme === 'nbd') expect(result.clearText?.kind).toBe('refused')
        const accepted = { answer: 'accepted' }
        expect(result.tls?.clientCertificate, name).toMatchObject({ asked: accepted })
        if (result.tls?.versions.some(isTls13)) {
          expect(result.tls.clientCertificate, name).toMatchObject({ required: accepted })
        }
        await expectLoop(result, name)
      }
    },
    PATIENCE,
  )
})
