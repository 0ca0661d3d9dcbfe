/** Revocation lists that pki makes, judged by OpenSSL, GnuTLS and a server of our own. */
import { createPrivateKey } from 'node:crypto'
import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { layoutAt } from '../../src/pki/layout.ts'
import { type RevocationRequest, revokeCertificates } from '../../src/pki/revocation.ts'
import { parseRevocationLists } from '../../src/x509/revocation-list.ts'
import { runFile, scratchFolder, writeFiles } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'
import { meet, objectsOf, verdictOf } from '../tls/objects/meeting.ts'
import { AUTHORITY, type Made, make, makeList } from '../x509/made-certificate.ts'
import { issue, makeAuthority, strengthOf } from './credentials.ts'

function revoke(folder: string, more: Partial<RevocationRequest> = {}) {
  return revokeCertificates({
    layout: layoutAt('qemu', folder),
    strength: strengthOf(),
    certificates: [join(folder, 'client-cert.pem')],
    ...more,
  })
}

/** An authority with a server, and a client in a folder of its own. */
function scene(kind: string): { folder: string; client: string } {
  const folder = makeAuthority(kind)
  issue(folder, 'server', 'ecdsa')
  issue(folder, 'client', 'ecdsa')
  const client = scratchFolder()
  for (const name of ['ca-cert.pem', 'client-cert.pem', 'client-key.pem']) {
    writeFiles(client, { [name]: readFileSync(join(folder, name)) })
    chmodSync(join(client, name), 0o600)
  }
  return { folder, client }
}

test.each(['ecdsa:secp384r1', 'rsa:2048', 'ed25519'])(
  'a server refuses who is revoked by %s, from the next reload on',
  async (kind) => {
    const { folder, client } = scene(kind)
    const objects = objectsOf(
      `tls-creds-x509,id=s,endpoint=server,dir=${folder}`,
      `tls-creds-x509,id=c,dir=${client}`,
    )
    const verdict = async () =>
      verdictOf(
        (
          await meet(objects.credentials('s', 'server'), objects.credentials('c', 'client'), {
            connect: { hostname: 'localhost' },
          })
        ).server,
      )
    expect(await verdict()).toBe('pass')
    revoke(folder, { certificates: [] })
    objects.reload()
    expect(await verdict()).toBe('pass')
    revoke(folder, { reason: 'keyCompromise' })
    expect(objects.reload().objects.map(({ outcome }) => outcome)).toEqual([
      'replaced',
      'unchanged',
    ])
    expect(await verdict()).toBe('TLS_CERTIFICATE_REVOKED')
    expect(objects.warnings.map(({ code }) => code)).toEqual([])
  },
)

testWith('openssl', 'OpenSSL reads number, times and reasons, and refuses the certificate', () => {
  const { folder } = scene('ecdsa:secp256r1')
  const path = (name: string) => join(folder, name)
  revoke(folder, { certificates: [] })
  const verify = (name: string) => {
    const files = ['-CAfile', path('ca-cert.pem'), '-CRLfile', path('ca-crl.pem'), path(name)]
    return runFile('openssl', ['verify', '-crl_check', ...files])
  }
  expect(verify('client-cert.pem').status).toBe(0)
  revoke(folder, { reason: 'superseded', days: 9 })
  revoke(folder, { certificates: [], serials: ['00:ff:01'] })
  const text = runFile('openssl', ['crl', '-in', path('ca-crl.pem'), '-noout', '-text']).stdout
  expect(text).toMatch(/X509v3 CRL Number:\s+3\n/)
  expect(text).toMatch(/Serial Number: FF01\n/)
  expect(text).toMatch(/CRL Reason Code:\s+Superseded/)
  expect(text.match(/Serial Number/g)).toHaveLength(2)
  expect(verify('client-cert.pem').stderr).toContain('certificate revoked')
  expect(verify('server-cert.pem').status).toBe(0)
})

testWith(
  'openssl',
  'a list of no certificate has no list within it (RFC 5280 section 5.1.2.6)',
  () => {
    const { folder } = scene('ed25519')
    const emptySequences = (certificates: readonly string[]) => {
      revoke(folder, { certificates })
      const args = ['asn1parse', '-in', join(folder, 'ca-crl.pem')]
      return runFile('openssl', args).stdout.match(/ l= +0 cons: SEQUENCE/g)?.length ?? 0
    }
    expect(emptySequences([])).toBe(0)
    expect(emptySequences([join(folder, 'client-cert.pem')])).toBe(0)
  },
)

testWith('certtool', 'GnuTLS finds the signature good', () => {
  for (const kind of ['ecdsa:secp384r1', 'rsa:2048', 'ed25519']) {
    const { folder } = scene(kind)
    revoke(folder)
    const files = ['--load-ca-certificate', join(folder, 'ca-cert.pem')]
    const args = ['--verify-crl', ...files, '--infile', join(folder, 'ca-crl.pem')]
    const { stdout, status } = runFile('certtool', args)
    expect([status, stdout]).toEqual([0, expect.stringContaining('Verified')])
  }
})

test('a certificate is on the list once, and lists of other authorities stay', () => {
  const { folder } = scene('ed25519')
  const other = make({ subject: 'Other', ...AUTHORITY })
  const list = makeList({ signer: other, revoked: [5] })
  writeFiles(folder, { 'ca-crl.pem': list })
  expect(revoke(folder).lists[0]?.added).toHaveLength(1)
  const again = revoke(folder).lists[0]
  expect([again?.added, again?.count, again?.number]).toEqual([[], 1, '2'])
  expect(readFileSync(join(folder, 'ca-crl.pem'), 'utf8')).toContain(list.split('\n')[1])
})

function codeOf(work: () => unknown): string | undefined {
  try {
    work()
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics[0]?.code
    throw error
  }
  return undefined
}

/** What OpenSSL would read of the list, without asking it. */
function readList(folder: string) {
  const text = readFileSync(join(folder, 'ca-crl.pem'), 'utf8')
  return parseRevocationLists({ name: 'ca-crl.pem', text })
}

describe('the next list', () => {
  const now = new Date('2030-01-10T12:00:00.999Z')
  const at = (text: string) => new Date(`2030-${text}Z`)
  const make = (folder: string, more: Partial<RevocationRequest> = {}) =>
    revoke(folder, { certificates: [], now, ...more }).lists[0]

  test('begins now, in whole seconds, and is due in 30 days unless others are asked for', () => {
    const folder = makeAuthority('ed25519')
    expect(make(folder)).toMatchObject({
      thisUpdate: at('01-10T12:00:00'),
      nextUpdate: at('02-09T12:00:00'),
      number: '1',
    })
    expect(make(folder, { days: 2 })).toMatchObject({
      nextUpdate: at('01-12T12:00:00'),
      number: '2',
    })
    expect(readList(folder)).toMatchObject([{ number: 2n, thisUpdate: at('01-10T12:00:00') }])
  })

  test('begins no sooner than the one before, even where the clock went back', () => {
    const folder = makeAuthority('ed25519')
    make(folder, { serials: ['1'] })
    expect(make(folder, { now: at('01-09T12:00:00'), serials: ['2'] })).toMatchObject({
      thisUpdate: at('01-10T12:00:00'),
      nextUpdate: at('02-09T12:00:00'),
      added: ['2'],
      count: 2,
    })
    expect(make(folder, { now: at('01-10T12:00:01') })).toMatchObject({
      ...{ thisUpdate: at('01-10T12:00:01'), count: 2, added: [] },
    })
  })

  test('goes on from the list of any program, with its entries and its number', () => {
    const folder = makeAuthority('ed25519')
    const key = createPrivateKey(readFileSync(join(folder, 'ca-key.pem')))
    const signer = {
      privateKey: key,
      description: { subject: 'CA of ed25519' },
    } as unknown as Made
    const listBefore = (number?: number) =>
      makeList({ signer, revoked: [5, 0x80], ...(number === undefined ? {} : { number }) })
    writeFiles(folder, { 'ca-crl.pem': listBefore() })
    expect(make(folder, { serials: ['5', '80', '6'] })).toMatchObject({
      ...{ number: '1', added: ['6'], count: 3 },
    })
    writeFiles(folder, { 'ca-crl.pem': listBefore(300) + listBefore(7) })
    expect(make(folder)).toMatchObject({ number: '301' })
    expect(readList(folder)).toHaveLength(1)
    expect([...(readList(folder)[0]?.revoked ?? [])]).toEqual(['5', '80'])
  })

  test('stands in each folder that is to have it, once', () => {
    const folder = makeAuthority('ed25519')
    const other = scratchFolder()
    const out = [other, folder, other].map((path) => layoutAt('qemu', path))
    revoke(folder, { certificates: [], out })
    expect(readFileSync(join(other, 'ca-crl.pem'))).toEqual(
      readFileSync(join(folder, 'ca-crl.pem')),
    )
  })

  test.each([
    ['0x1F', '1F'],
    ['1f', '1F'],
    ['00:1f', '1F'],
    ['f'.repeat(40), 'F'.repeat(40)],
  ])('takes the number %s', (text, serial) => {
    const folder = makeAuthority('ed25519')
    expect(make(folder, { serials: [text] })?.count).toBe(1)
    expect([...(readList(folder)[0]?.revoked ?? [])]).toEqual([serial])
  })

  test.each(['', 'f'.repeat(41), '1 2', '-1', '0x', 'g'])('takes no number %j', (text) => {
    const folder = makeAuthority('ed25519')
    expect(codeOf(() => make(folder, { serials: [text] }))).toBe('PKI_SERIAL_INVALID')
    expect(existsSync(join(folder, 'ca-crl.pem'))).toBe(false)
  })
})

test('revokes what names its authority and is signed by its key, and nothing else', () => {
  const folder = scratchFolder()
  const root = make({ subject: 'root', ...AUTHORITY })
  const impostor = make({ subject: 'root', ...AUTHORITY })
  const other = make({ subject: 'other', ...AUTHORITY }, root)
  writeFiles(folder, { 'ca-cert.pem': root.certificate, 'ca-key.pem': root.key })
  const codeFor = (issuer: Made) => {
    writeFiles(folder, { 'x.pem': make({ subject: 'x', issuer }).certificate })
    return codeOf(() => revoke(folder, { certificates: [join(folder, 'x.pem')] }))
  }
  expect(codeFor(root)).toBeUndefined()
  expect(codeFor(impostor)).toBe('PKI_FOREIGN_CERTIFICATE')
  expect(codeFor(other)).toBe('PKI_FOREIGN_CERTIFICATE')
})

test('refuses what another authority issued, and a list that it did not sign', () => {
  const [one, two] = [scene('ed25519').folder, scene('ed25519').folder]
  const certificates = [join(two, 'client-cert.pem')]
  expect(codeOf(() => revoke(one, { certificates }))).toBe('PKI_FOREIGN_CERTIFICATE')
  expect(codeOf(() => revoke(one, { serials: ['xyz'] }))).toBe('PKI_SERIAL_INVALID')
  revoke(two)
  writeFiles(one, { 'ca-crl.pem': readFileSync(join(two, 'ca-crl.pem')) })
  expect(codeOf(() => revoke(one))).toBe('PKI_FOREIGN_LIST')
})

testWith('openssl', 'one certificate that is named twice stands on the list once', () => {
  const { folder } = scene('ed25519')
  const { lists } = revoke(folder, { certificates: [], serials: ['0aBc', 'ABC', '00:0a:bc'] })
  expect(lists[0]?.count).toBe(1)
  const list = join(folder, 'ca-crl.pem')
  const { stdout } = runFile('openssl', ['crl', '-in', list, '-noout', '-text'])
  expect(stdout.match(/Serial Number: 0ABC/g)).toHaveLength(1)
})

testWith('openssl', 'a list of thousands goes on, and none becomes too large to be read', () => {
  const folder = makeAuthority('ed25519')
  const serials = (first: number, count: number) =>
    Array.from(
      { length: count },
      (_, index) => `5${(first + index).toString(16).padStart(39, '0')}`,
    )
  revoke(folder, { certificates: [], serials: serials(1, 7000) })
  const { lists } = revoke(folder, { certificates: [], serials: serials(7000, 2) })
  expect(lists[0]?.count).toBe(7001)
  const list = join(folder, 'ca-crl.pem')
  const before = readFileSync(list)
  expect(before.length).toBeGreaterThan(262_144)
  const more = { certificates: [], serials: serials(10_000, 90_000) }
  expect(() => revoke(folder, more)).toThrow(DiagnosticError)
  expect(readFileSync(list)).toEqual(before)
  const args = ['crl', '-in', list, '-noout', '-verify', '-CAfile', join(folder, 'ca-cert.pem')]
  expect(runFile('openssl', args).stderr).toContain('verify OK')
})
