/** What `pki check` finds in folders of credentials. */
import { X509Certificate } from 'node:crypto'
import { chmodSync, chownSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createAuthority } from '../../src/pki/authority.ts'
import { type CheckRequest, checkCredentials } from '../../src/pki/credential-check.ts'
import { findExposure } from '../../src/pki/file-exposure.ts'
import { parseKeyRequest } from '../../src/pki/key-kind.ts'
import { findLayout, findLayouts, layoutAt, listPairs } from '../../src/pki/layout.ts'
import type { LayoutName } from '../../src/pki/layout-names.ts'
import { findUnfitAuthorities } from '../../src/pki/older-qemu.ts'
import { certificateOf, type KeyUse } from '../../src/x509/certificate.ts'
import { scratchFolder, writeFiles } from '../cli/command.ts'
import { refusal } from '../diagnostic-code.ts'
import { AUTHORITY, type Description, ENDPOINT, make, makeList } from '../x509/made-certificate.ts'
import { issue, makeAuthority, strengthOf } from './credentials.ts'

const DAY = 86_400_000
/** Times of certificates are in whole seconds. */
const NOW = Math.floor(Date.now() / 1000) * 1000

/** An authority and a server with its client, which live for years. */
function makeFolder(name: LayoutName): string {
  const folder = scratchFolder()
  const layout = layoutAt(name, folder)
  const key = parseKeyRequest('ed25519')
  createAuthority({ layout, strength: strengthOf(), subject: { commonName: 'CA' }, key })
  issue(folder, 'server', 'ed25519', { layout })
  issue(folder, 'client', 'ed25519', { layout })
  rmSync(layout.authority.key)
  return folder
}

function check(root: string, more: Partial<CheckRequest> = {}) {
  return checkCredentials({ root, strength: strengthOf(), ...more })
}

function codesOf(root: string, more: Partial<CheckRequest> = {}): readonly string[] {
  return check(root, more).diagnostics.map(({ code }) => code)
}

describe.each(['qemu', 'libvirt'] as const)('in the layout of %s', (name) => {
  const scene = () => {
    const folder = makeFolder(name)
    return { folder, layout: layoutAt(name, folder) }
  }

  test('nothing is wrong with what pki makes; each certificate is told once', () => {
    const { folder } = scene()
    const { certificates, diagnostics } = check(folder)
    expect(diagnostics).toEqual([])
    expect(certificates.map(({ role }) => role).toSorted()).toEqual([
      'authority',
      'client',
      'server',
    ])
  })

  test('a key that others could read or change is told', () => {
    const { folder, layout } = scene()
    const { key, certificate } = layout.pair('server')
    chmodSync(key, 0o604)
    chmodSync(certificate, 0o666)
    expect(check(folder).diagnostics).toMatchObject([
      { code: 'PKI_SECRET_EXPOSED', message: `every user can read or change ${key}` },
      { code: 'PKI_FILE_WRITABLE', message: expect.stringContaining(certificate) },
    ])
    chmodSync(key, 0o640)
    chmodSync(certificate, 0o644)
    expect(codesOf(folder)).toEqual([])
  })

  test('the key of the authority need not lie beside that of a server', () => {
    const { folder, layout } = scene()
    writeFileSync(layout.authority.key, 'any', { mode: 0o600 })
    expect(codesOf(folder)).toEqual(['PKI_AUTHORITY_KEY_BESIDE'])
  })

  test('a certificate that ends within the days asked for is told, one day later it is not', () => {
    const { folder } = scene()
    const { certificates } = check(folder)
    const left = certificates.find(({ role }) => role === 'server')?.daysLeft ?? 0
    expect(codesOf(folder, { days: left })).toEqual([])
    expect(codesOf(folder, { days: left + 1 })).toContain('PKI_EXPIRES_SOON')
  })

  test('a name that no server has is told with those that there are', () => {
    const { folder } = scene()
    expect(codesOf(folder, { hostname: 'localhost' })).toEqual([])
    expect(codesOf(folder, { hostname: '127.0.0.1' })).toEqual([])
    expect(check(folder, { hostname: 'other.example' }).diagnostics).toMatchObject([
      {
        code: 'PKI_HOST_NOT_COVERED',
        message: expect.stringContaining('localhost, 127.0.0.1'),
        hint: 'issue one with --dns other.example',
      },
    ])
    expect(check(folder, { hostname: '::1' }).diagnostics).toMatchObject([
      { hint: 'issue one with --ip ::1' },
    ])
  })
})

const TWICE = [0x82, Buffer.from('b.example')] as const

test.each([
  ['without names has none that a client could use', {}, 'no names'],
  ['with a name twice has it once', { names: [TWICE, TWICE] }, 'b.example'],
])('a server %s', (_, names, told) => {
  const root = make({ subject: 'CA', ...AUTHORITY })
  const server = make({ subject: [], issuer: root, ...ENDPOINT, ...names })
  const folder = scratchFolder()
  writeFiles(folder, {
    'ca-cert.pem': root.certificate,
    'server-cert.pem': server.certificate,
    'server-key.pem': server.key,
  })
  chmodSync(join(folder, 'server-key.pem'), 0o600)
  const { diagnostics } = check(folder, { days: 0, hostname: 'a.example' })
  expect(diagnostics.map(({ message }) => message)).toEqual([
    `no server certificate is one for a.example: they have ${told}`,
  ])
  expect(() => check(folder, { hostname: 'a b' })).toThrow(refusal('PKI_HOSTNAME_INVALID'))
})

test.each(['qemu', 'libvirt'] as const)('an encrypted key of %s needs its passphrase', (name) => {
  const folder = scratchFolder()
  const layout = layoutAt(name, folder)
  const key = parseKeyRequest('ed25519')
  createAuthority({ layout, strength: strengthOf(), subject: { commonName: 'CA' }, key })
  issue(folder, 'server', 'ed25519', { layout, keyPassphrase: 'secret' })
  rmSync(layout.authority.key)
  expect(codesOf(folder, { passphrase: 'secret' })).toEqual([])
  expect(codesOf(folder, { passphrase: 'other' })).toHaveLength(1)
  expect(codesOf(folder)).toHaveLength(1)
})

test.each(['certificate', 'key'] as const)('libvirt takes no pair without its %s', (half) => {
  const folder = makeFolder('libvirt')
  const pair = layoutAt('libvirt', folder).pair('server')
  const there = pair[half === 'key' ? 'certificate' : 'key']
  rmSync(pair[half])
  expect(check(folder).diagnostics).toMatchObject([
    {
      code: 'PKI_HALF_PAIR',
      severity: 'error',
      message: `${there} is there without ${pair[half]}`,
    },
  ])
})

test('a key of another certificate is refused', () => {
  const folder = makeFolder('libvirt')
  const layout = layoutAt('libvirt', folder)
  copyFileSync(layout.pair('client').key, layout.pair('server').key)
  expect(codesOf(folder)).toEqual(['PKI_KEY_MISMATCH'])
})

test('a folder with nothing to check is refused', () => {
  expect(() => check(scratchFolder())).toThrow('there are no credentials in')
})

test('an identity that QEMU does not read for want of those before it is told', () => {
  const folder = makeFolder('qemu')
  const { certificate, key } = layoutAt('qemu', folder).pair('server')
  copyFileSync(certificate, join(folder, 'server-cert-2.pem'))
  copyFileSync(key, join(folder, 'server-key-2.pem'))
  expect(codesOf(folder)).toContain('PKI_IDENTITY_UNREAD')
})

describe('a revocation list', () => {
  const authority = make({
    ...AUTHORITY,
    keyUsage: { critical: true, uses: ['keyCertSign', 'cRLSign'] },
    subject: 'CA',
    from: -48,
    until: 9_000,
  })
  const server = make({
    ...ENDPOINT,
    subject: 'server',
    issuer: authority,
    from: -48,
    until: 8_000,
    names: [[0x82, Buffer.from('localhost')]],
  })

  /** The codes of a list that is due after so many hours. */
  const dueIn = (hours: number, more: Partial<CheckRequest> = {}) => {
    const folder = scratchFolder()
    writeFiles(folder, {
      'ca-cert.pem': authority.certificate,
      'ca-crl.pem': makeList({ signer: authority, revoked: [], until: hours, at: NOW }),
      'server-cert.pem': server.certificate,
      'server-key.pem': server.key,
    })
    chmodSync(join(folder, 'server-key.pem'), 0o600)
    return codesOf(folder, { now: new Date(NOW), ...more })
  }

  test('is told in the last week before it is due', () => {
    expect(dueIn(24 * 8)).toEqual([])
    expect(dueIn(24 * 7)).toEqual([])
    expect(dueIn(24 * 7 - 1)).toEqual(['PKI_LIST_DUE_SOON'])
    expect(dueIn(1)).toEqual(['PKI_LIST_DUE_SOON'])
  })

  test('is told in fewer days where the user asks for fewer', () => {
    expect(dueIn(24 * 2, { days: 2 })).toEqual([])
    expect(dueIn(24 * 2 - 1, { days: 2 })).toEqual(['PKI_LIST_DUE_SOON'])
    expect(dueIn(24 * 7, { days: 30, now: new Date(NOW - DAY) })).toEqual([])
  })
})

test('an authority alone is checked: when it ends, and its key', () => {
  const folder = makeAuthority('ecdsa:secp256r1')
  const { certificates, diagnostics } = check(folder)
  expect(certificates.map(({ role }) => role)).toEqual(['authority'])
  expect(diagnostics).toEqual([])
  const left = certificates[0]?.daysLeft ?? 0
  expect(left).toBeGreaterThan(3600)
  expect(codesOf(folder, { days: left })).toEqual([])
  expect(codesOf(folder, { days: left + 1 })).toEqual(['PKI_EXPIRES_SOON'])
  const end = certificates[0]?.certificate.notAfter.getTime() ?? 0
  const told = (days: number) =>
    check(folder, { now: new Date(end - days * DAY) }).diagnostics[0]?.message ?? ''
  expect([told(2), told(1), told(0)].map((message) => message.slice(-10))).toEqual([
    ...[', in 2 days', ', in 1 day', ', in 0 days'].map((words) => words.slice(-10)),
  ])
  const strong = strengthOf('NORMAL:%PROFILE_ULTRA')
  expect(codesOf(folder, { strength: strong })).toEqual(['PKI_KEY_TOO_WEAK'])
})

test('an authority that older releases of QEMU refuse is told where nothing else is wrong', () => {
  const root = make({ subject: 'root', ...AUTHORITY })
  const former = make({ subject: 'former', ...AUTHORITY, until: -1 })
  const server = (until: number) =>
    make({ subject: 'localhost', issuer: root, ...ENDPOINT, names: LOCALHOST, until })
  const codesWith = (until: number) => {
    const folder = scratchFolder()
    const { certificate, key } = server(until)
    writeFiles(folder, {
      'ca-cert.pem': root.certificate + former.certificate,
      'server-cert.pem': certificate,
      'server-key.pem': key,
    })
    chmodSync(join(folder, 'server-key.pem'), 0o600)
    return codesOf(folder, { days: 0 })
  }
  expect(codesWith(24)).toEqual(['PKI_OLDER_QEMU_REFUSES'])
  expect(codesWith(-1)).toEqual(['TLS_CERTIFICATE_EXPIRED'])
})

const LOCALHOST = [[0x82, Buffer.from('localhost')]] as const

test('shared keys that others could read are told', () => {
  const folder = scratchFolder()
  writeFiles(folder, { 'keys.psk': `alice:${'5a'.repeat(32)}\n` })
  chmodSync(join(folder, 'keys.psk'), 0o600)
  expect(codesOf(folder)).toEqual([])
  chmodSync(join(folder, 'keys.psk'), 0o644)
  expect(codesOf(folder)).toEqual(['PKI_SECRET_EXPOSED'])
})

/** A folder with shared keys of our own, below others. */
function makeDeep(): { readonly above: string; readonly folder: string } {
  const above = scratchFolder()
  const folder = join(above, 'between', 'keys')
  mkdirSync(folder, { recursive: true })
  writeFiles(folder, { 'keys.psk': `alice:${'5a'.repeat(32)}\n` })
  chmodSync(join(folder, 'keys.psk'), 0o600)
  return { above, folder }
}

test('a folder far above that all users may write to is told, unless it is sticky', () => {
  const { above, folder } = makeDeep()
  expect(codesOf(folder)).toEqual([])
  chmodSync(above, 0o777)
  expect(check(folder).diagnostics).toMatchObject([
    { code: 'PKI_FOLDER_WRITABLE', message: expect.stringContaining(above) },
  ])
  chmodSync(above, 0o1777)
  expect(codesOf(folder)).toEqual([])
})

const isRoot = process.geteuid?.() === 0

test.skipIf(!isRoot)('an owner who can replace a file is named, with his folder [root]', () => {
  const { folder } = makeDeep()
  const path = join(folder, 'keys.psk')
  const found = () => check(folder).diagnostics
  chownSync(path, 4321, 4321)
  expect(found()).toMatchObject([
    {
      code: 'PKI_FOREIGN_OWNER',
      severity: 'error',
      message: `${path} belongs to user 4321 and its folder to user 0, who can replace it`,
    },
  ])
  chownSync(folder, 4321, 4321)
  expect(found()).toMatchObject([
    {
      code: 'PKI_FOREIGN_OWNER',
      severity: 'warning',
      message: `${path} and its folder belong to user 4321, who can replace it`,
    },
  ])
})

describe('who else could read or change a file, by its mode', () => {
  const found = (mode: number, isSecret: boolean) => {
    const folder = scratchFolder()
    writeFiles(folder, { file: '' })
    const path = join(folder, 'file')
    chmodSync(path, mode)
    const paths = isSecret ? { secrets: [path], others: [] } : { secrets: [], others: [path] }
    return findExposure(paths).map(({ code, message }) =>
      `${code} ${message.split(path)[0]}`.trim(),
    )
  }
  const exposed = 'PKI_SECRET_EXPOSED every user can read or change'
  const every = 'PKI_FILE_WRITABLE every user can change'
  const group = 'PKI_FILE_WRITABLE every member of its group can change'

  test.each([
    [0o600, [], []],
    [0o640, [], []],
    [0o650, [], []],
    [0o660, [group], [group]],
    [0o620, [group], [group]],
    [0o604, [exposed], []],
    [0o601, [exposed], []],
    [0o602, [exposed], [every]],
    [0o644, [exposed], []],
    [0o622, [exposed], [every]],
    [0o666, [exposed], [every]],
  ])('%o', (mode, secret, other) => {
    expect(found(mode, true)).toEqual(secret)
    expect(found(mode, false)).toEqual(other)
  })

  test('a file that is not there, and a folder of the group, are no finding', () => {
    const folder = scratchFolder()
    const paths = { secrets: [join(folder, 'none')], others: [join(folder, 'no', 'file')] }
    expect(findExposure(paths)).toEqual([])
    chmodSync(folder, 0o770)
    expect(findExposure(paths)).toEqual([])
    chmodSync(folder, 0o772)
    // Once, however many files are in it.
    const both = { secrets: [join(folder, 'a')], others: [join(folder, 'b')] }
    expect(findExposure(both)).toMatchObject([{ code: 'PKI_FOLDER_WRITABLE', severity: 'error' }])
  })

  test.skipIf(!isRoot)('of owners, all but root and the user count [root]', () => {
    const folder = scratchFolder()
    writeFiles(folder, { a: '', b: '' })
    chmodSync(folder, 0o755)
    for (const name of ['a', 'b']) chmodSync(join(folder, name), 0o600)
    const paths = { secrets: [join(folder, 'a')], others: [join(folder, 'b')] }
    chownSync(join(folder, 'b'), 4321, 0)
    expect(findExposure(paths)).toMatchObject([{ code: 'PKI_FOREIGN_OWNER', severity: 'error' }])
    process.seteuid?.(4321)
    try {
      expect(findExposure(paths)).toEqual([])
      process.seteuid?.(0)
      chownSync(folder, 4322, 0)
      process.seteuid?.(4321)
      expect(findExposure(paths).map(({ severity }) => severity)).toEqual(['error', 'error'])
    } finally {
      process.seteuid?.(0)
    }
  })
})

describe('authorities with which older releases of QEMU refuse a folder', () => {
  /** The reason, so many seconds after its first moment; it is valid for an hour. */
  const reasonAfter = (seconds: number, more: Description = {}) => {
    const { raw } = make({ subject: 'x', ...AUTHORITY, from: 0, until: 1, ...more })
    const read = certificateOf(new X509Certificate(raw), { file: 'ca-cert.pem', index: 0 })
    const now = new Date(read.notBefore.getTime() + seconds * 1000)
    return findUnfitAuthorities([read], now).map(
      ({ message }) => /CN=x (.*): QEMU/.exec(message)?.[1],
    )
  }
  const uses = (critical: boolean, ...list: readonly KeyUse[]) => ({
    keyUsage: { critical, uses: list },
  })

  test.each<[number, Description, RegExp | undefined]>([
    [0, {}, undefined],
    [3600, {}, undefined],
    [3601, {}, /^expired on \d{4}-\d\d-\d\d$/],
    [-1, {}, /^is not valid before \d{4}-\d\d-\d\d$/],
    [0, ENDPOINT, /^is not one of an authority$/],
    [0, { basicConstraints: undefined }, /^is not one of an authority$/],
    [0, uses(true, 'cRLSign'), /^may not sign certificates$/],
    [0, uses(false, 'cRLSign'), undefined],
    [0, uses(true, 'cRLSign', 'keyCertSign'), undefined],
  ])('after %d seconds %j: %s', (seconds, more, reason) => {
    const expected = reason === undefined ? [] : [expect.stringMatching(reason)]
    expect(reasonAfter(seconds, more)).toEqual(expected)
  })
})

test('the layouts of a folder are those of which there is something', () => {
  const folder = scratchFolder()
  const names = () => findLayouts(folder).map(({ name }) => name)
  expect(names()).toEqual([])
  expect(findLayout(folder).name).toBe('qemu')
  writeFiles(folder, { 'client-key-3.pem': '' })
  expect(names()).toEqual(['qemu'])
  mkdirSync(join(folder, 'CA'))
  writeFiles(folder, { 'CA/cacert.pem': '' })
  expect(names()).toEqual(['qemu', 'libvirt'])
  expect(findLayout(folder).name).toBe('libvirt')
  const pairs = listPairs(layoutAt('qemu', folder))
  expect(pairs).toMatchObject([{ role: 'client', identity: 3 }])
  expect(listPairs(layoutAt('libvirt', folder))).toEqual([])
  writeFiles(folder, { 'server-cert.pem': '', 'client-key.pem': '' })
  expect(listPairs(layoutAt('qemu', folder)).map((pair) => [pair.role, pair.identity])).toEqual([
    ...[
      ['server', undefined],
      ['client', undefined],
      ['client', 3],
    ],
  ])
})
