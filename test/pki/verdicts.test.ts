/** QEMU's own test cases with the certificates that pki makes, as far as it makes such. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { TlsRole } from '../../src/algorithms/tls-role.ts'
import { createAuthority } from '../../src/pki/authority.ts'
import { type HostName, parseAddress, parseDnsName } from '../../src/pki/host-names.ts'
import { type KeyRequest, parseKeyRequest } from '../../src/pki/key-kind.ts'
import { layoutAt } from '../../src/pki/layout.ts'
import { runFile, scratchFolder, writeFiles } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'
import { meet, objectsOf, openListener, verdictOf } from '../tls/objects/meeting.ts'
import { authzList } from '../tls/objects/session-cases.ts'
import { issue, strengthOf } from './credentials.ts'

const KIND = 'ecdsa:secp256r1'
const DAY = 86_400_000

type OwnCase = {
  readonly name: string
  readonly role: TlsRole
  /** Days from now at which each was made; 0 unless given. */
  readonly authority?: number
  readonly own?: number
  readonly missing?: string
  /** The key of the authority is what the policy chooses. */
  readonly isByPolicy?: true
  readonly passes: boolean
}

const OWN_CASES: readonly OwnCase[] = [
  { name: 'perfectserver', role: 'server', isByPolicy: true, passes: true },
  { name: 'perfectclient', role: 'client', isByPolicy: true, passes: true },
  { name: 'expired1', role: 'server', authority: -20, own: -20, passes: false },
  { name: 'expired2', role: 'server', authority: -5, own: -5, passes: false },
  { name: 'expired3', role: 'client', authority: -5, own: -5, passes: false },
  { name: 'inactive1', role: 'server', authority: 2, own: 2, passes: false },
  { name: 'inactive2', role: 'server', own: 2, passes: false },
  { name: 'inactive3', role: 'client', own: 2, passes: false },
  { name: 'missingca', role: 'server', missing: 'ca-cert.pem', passes: false },
  { name: 'missingserver', role: 'server', missing: 'server-*', passes: false },
  { name: 'missingclient', role: 'client', missing: 'client-*', passes: true },
]

/** An authority for ten days, and a certificate of the role for two. */
function makeFolder({ role, authority = 0, own = 0, missing, isByPolicy }: OwnCase): string {
  const folder = makeAuthorityAt(authority, isByPolicy ? BY_POLICY : QUICK)
  issue(folder, role, KIND, { days: 2, now: at(own) })
  if (missing?.endsWith('*')) {
    for (const part of ['cert', 'key']) rmSync(join(folder, `${role}-${part}.pem`))
  } else if (missing) rmSync(join(folder, missing))
  return folder
}

function at(days: number): Date {
  return new Date(Date.now() + days * DAY)
}

/** Keys that the policy chooses are of RSA, which takes long to make: only some authorities have one. */
const BY_POLICY = {}
const QUICK = { key: parseKeyRequest(KIND) }

function makeAuthorityAt(days: number, kind: { readonly key?: KeyRequest } = QUICK): string {
  const folder = scratchFolder()
  const subject = { commonName: 'Test CA' }
  const layout = layoutAt('qemu', folder)
  createAuthority({ layout, strength: strengthOf(), subject, days: 10, now: at(days), ...kind })
  return folder
}

function loads(folder: string, role: TlsRole): boolean {
  try {
    objectsOf(`tls-creds-x509,id=tls0,endpoint=${role},dir=${folder}`)
    return true
  } catch {
    return false
  }
}

test.each(OWN_CASES)('$name of $role: it loads as in QEMU', (row) => {
  expect(loads(makeFolder(row), row.role)).toBe(row.passes)
})

testWith('qemu-img', 'QEMU loads the same and refuses the same', () => {
  const verdicts = OWN_CASES.map((row) => {
    const folder = makeFolder(row)
    writeFiles(folder, { image: 'x'.repeat(512) })
    const object = `tls-creds-x509,id=tls0,endpoint=${row.role},dir=${folder}`
    const args = ['info', '--object', object, '-f', 'raw', join(folder, 'image')]
    return [row.name, runFile('qemu-img', args).status === 0]
  })
  expect(verdicts).toEqual(OWN_CASES.map(({ name, passes }) => [name, passes]))
})

const WWW = ['www.qemu.org', 'qemu.org'].map(parseDnsName)
const ADDRESSES = [...WWW, parseAddress('192.168.122.1'), parseAddress('fec0::dead:beaf')]
const NAMES = ['www.qemu.org', 'wiki.qemu.org'].map(parseDnsName)
const ONE = [parseDnsName('qemu.org')]

type SessionRow = readonly [
  name: string,
  hosts: readonly HostName[],
  hostname: string,
  rules: readonly string[] | undefined,
  server: boolean,
  client: boolean,
]

/** The client is always `O=UK,CN=qemu`. */
const SESSION_ROWS: readonly SessionRow[] = [
  ['basicca', ONE, 'qemu.org', undefined, true, true],
  ['altname1', ADDRESSES, 'qemu.org', undefined, true, true],
  ['altname2', ADDRESSES, 'www.qemu.org', undefined, true, true],
  ['altname3', ADDRESSES, 'wiki.qemu.org', undefined, true, false],
  ['altname4', ADDRESSES, '192.168.122.1', undefined, true, true],
  ['altname5', ADDRESSES, 'fec0::dead:beaf', undefined, true, true],
  ['altname6', NAMES, 'qemu.org', undefined, true, false],
  ['altname7', NAMES, 'www.qemu.org', undefined, true, true],
  ['altname8', NAMES, 'wiki.qemu.org', undefined, true, true],
  ['wildcard1', ONE, 'qemu.org', ['O=UK,CN=dogfood'], false, true],
  ['wildcard2', ONE, 'qemu.org', ['O=UK,CN=qemu'], true, true],
  ['wildcard3', ONE, 'qemu.org', ['O=UK,CN=dogfood', 'O=UK,CN=qemu'], true, true],
  ['wildcard4', ONE, 'qemu.org', ['O=UK,CN=qemustuff'], false, true],
  ['wildcard5', ONE, 'qemu.org', ['O=UK,CN=qemu*'], true, true],
  ['wildcard6', ONE, 'qemu.org', ['O=UK,CN=*emu*'], true, true],
]

describe('sessions end as in QEMU', () => {
  test.each(SESSION_ROWS)('%s', async (_, hosts, hostname, rules, server, client) => {
    const folder = makeAuthorityAt(0)
    issue(folder, 'server', KIND, { days: 2, organization: 'UK', commonName: 'qemu.org', hosts })
    issue(folder, 'client', KIND, { days: 2, organization: 'UK', commonName: 'qemu' })
    expect(await meetFrom(folder, folder, hostname, rules)).toEqual({ server, client })
  })

  test('differentca', async () => {
    const [one, other] = [makeAuthorityAt(0, BY_POLICY), makeAuthorityAt(0)]
    issue(one, 'server', KIND, { days: 2, commonName: 'qemu.org', hosts: ONE })
    issue(other, 'client', KIND, { days: 2 })
    expect(await meetFrom(one, other, 'qemu.org')).toEqual({ server: false, client: false })
  })
})

async function meetFrom(
  serverFolder: string,
  clientFolder: string,
  hostname: string,
  rules?: readonly string[],
): Promise<{ server: boolean; client: boolean }> {
  const objects = objectsOf(
    `tls-creds-x509,id=server,endpoint=server,dir=${serverFolder}`,
    `tls-creds-x509,id=client,endpoint=client,dir=${clientFolder}`,
    ...(rules ? [authzList(rules)] : []),
  )
  const [server, client] = [
    objects.credentials('server', 'server'),
    objects.credentials('client', 'client'),
  ]
  const authorization = rules && objects.authorization('authz0')
  const pair = await (await openListener('unix'))()
  const result = await meet(server, client, {
    accept: { authorization },
    connect: { hostname },
    pair,
  })
  const passes = (side: 'server' | 'client') => verdictOf(result[side]) === 'pass'
  return { server: passes('server'), client: passes('client') }
}
