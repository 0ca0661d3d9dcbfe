/** What an authority signs, and when it signs nothing any more. */
import { createPrivateKey } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  type AuthorityRequest,
  createAuthority,
  loadAuthorities,
  loadAuthority,
} from '../../src/pki/authority.ts'
import { type RenewRequest, renewIdentity } from '../../src/pki/certificate-issuance.ts'
import { parseDnsName } from '../../src/pki/host-names.ts'
import { parseKeyRequest } from '../../src/pki/key-kind.ts'
import { layoutAt, listPairs } from '../../src/pki/layout.ts'
import { certificateOf } from '../../src/x509/certificate.ts'
import { runFile, scratchFolder, writeFiles } from '../cli/command.ts'
import { refusal } from '../diagnostic-code.ts'
import { testWith } from '../peers/peer.ts'
import { AUTHORITY, ENDPOINT, type Made, make } from '../x509/made-certificate.ts'
import { issue, makeAuthority, strengthOf } from './credentials.ts'

const SECOND = 1000

/** The time at which an authority ends, and its folder. */
function makeEnding() {
  const folder = scratchFolder()
  const layout = layoutAt('qemu', folder)
  const key = parseKeyRequest('ecdsa')
  const subject = { commonName: 'CA' }
  const { certificate } = createAuthority({
    layout,
    strength: strengthOf(),
    subject,
    key,
    days: 30,
  })
  return { folder, certificate, end: certificate.validToDate.getTime() }
}

testWith('openssl', 'an authority signs as long as OpenSSL takes it, and not after its end', () => {
  const { folder, end } = makeEnding()
  const path = join(folder, 'ca-cert.pem')
  for (const [time, isGood] of [
    [end - SECOND, true],
    // To OpenSSL the last second is over.
    [end, false],
    [end + SECOND, false],
  ] as const) {
    const args = ['verify', '-attime', String(time / SECOND), '-CAfile', path, path]
    expect([time - end, runFile('openssl', args).status === 0]).toEqual([time - end, isGood])
    const sign = () => issue(folder, 'client', 'ecdsa', { now: new Date(time) })
    if (isGood) expect(sign).not.toThrow()
    else expect(sign).toThrow(/expired on/)
  }
})

testWith('openssl', 'an authority that is not valid yet signs nothing', () => {
  const { folder, certificate } = makeEnding()
  const early = certificate.validFromDate.getTime() - SECOND
  const sign = () => issue(folder, 'client', 'ecdsa', { now: new Date(early) })
  expect(sign).toThrow(/is not valid before/)
  expect(existsSync(join(folder, 'client-key.pem'))).toBe(false)
  const first = new Date(early + SECOND)
  expect(() => issue(folder, 'client', 'ecdsa', { now: first })).not.toThrow()
})

testWith('openssl', 'a certificate ends with its authority at the latest', () => {
  const { folder, end } = makeEnding()
  const { certificate } = issue(folder, 'client', 'ecdsa', { days: 400 })
  expect(certificate.validToDate.getTime()).toBe(end)
})

testWith('openssl', 'keys that can encipher are allowed to, others are not', () => {
  const folder = makeAuthority('ecdsa:secp384r1')
  const usageOf = (kind: string) => {
    issue(folder, 'server', kind)
    const path = join(folder, 'server-cert.pem')
    return runFile('openssl', ['x509', '-in', path, '-noout', '-ext', 'keyUsage']).stdout
  }
  expect(usageOf('rsa:2048')).toContain('Digital Signature, Key Encipherment')
  for (const kind of ['ecdsa', 'ed25519']) {
    expect(usageOf(kind)).toContain('Digital Signature')
    expect(usageOf(kind)).not.toContain('Encipherment')
  }
})

testWith(
  'openssl',
  'of the extensions of an endpoint, only those are critical that peers have to know',
  () => {
    const folder = makeAuthority('ecdsa:secp384r1')
    const criticalOf = (kind: string) => {
      issue(folder, 'server', kind)
      const path = join(folder, 'server-cert.pem')
      const { stdout } = runFile('openssl', ['x509', '-in', path, '-noout', '-text'])
      const all = [...stdout.matchAll(/^ +X509v3 ([\w ]+): (critical)?$/gm)]
      expect(all.map(([, name]) => name)).toContain('Subject Alternative Name')
      return all.filter(([, , critical]) => critical).map(([, name]) => name)
    }
    expect(criticalOf('rsa:2048')).toEqual(['Basic Constraints', 'Key Usage'])
    // Older releases of QEMU and libvirt refuse a critical one that does not allow to encipher.
    expect(criticalOf('ecdsa')).toEqual(['Basic Constraints'])
  },
)

test('a renewed certificate keeps its key, unless another or another kind is asked for', () => {
  const folder = makeAuthority('ecdsa:secp384r1')
  const layout = layoutAt('qemu', folder)
  issue(folder, 'server', 'ecdsa')
  const renew = (more: Partial<RenewRequest>) => {
    const [pair] = listPairs(layout)
    if (!pair) throw new Error('there is no pair')
    const before = readFileSync(pair.paths.key, 'utf8')
    const { certificate, isKeyKept } = renewIdentity({
      layout,
      strength: strengthOf(),
      pair,
      ...more,
    })
    const after = readFileSync(pair.paths.key, 'utf8')
    expect(isKeyKept).toBe(after === before)
    expect(certificate.checkPrivateKey(createPrivateKey(after))).toBe(true)
    return [isKeyKept, certificate.publicKey.asymmetricKeyType]
  }
  expect(renew({})).toEqual([true, 'ec'])
  expect(renew({ newKey: true })).toEqual([false, 'rsa'])
  expect(renew({ key: parseKeyRequest('ed25519') })).toEqual([false, 'ed25519'])
  expect(renew({})).toEqual([true, 'ed25519'])
})

const OPTIONS = { strength: strengthOf(), now: new Date() }

/** A folder with these certificates of authorities and the key of one. */
function folderOf(certificates: readonly Made[], key?: Made): string {
  const folder = scratchFolder()
  writeFiles(folder, {
    'ca-cert.pem': certificates.map(({ certificate }) => certificate).join(''),
    ...(key ? { 'ca-key.pem': key.key } : {}),
  })
  return folder
}

describe('an authority is refused', () => {
  const root = make({ subject: 'root', ...AUTHORITY })
  const load = (folder: string, passphrase?: string) =>
    loadAuthority(layoutAt('qemu', folder), { ...OPTIONS, passphrase })

  test.each<[string, string, () => string]>([
    ['that is not there', 'PKI_NO_AUTHORITY', () => scratchFolder()],
    ['without its key', 'PKI_NO_AUTHORITY_KEY', () => folderOf([root])],
    [
      'with the key of another',
      'PKI_KEY_MISMATCH',
      () => folderOf([root], make({ subject: 'root', ...AUTHORITY })),
    ],
    [
      'that is none',
      'PKI_AUTHORITY_UNFIT',
      () => {
        const end = make({ subject: 'end', ...ENDPOINT })
        return folderOf([end], end)
      },
    ],
    [
      'whose key is none of ours',
      'PKI_KEY_UNKNOWN_TYPE',
      () => {
        const foreign = make({ subject: 'x', ...AUTHORITY, key: 'ec-secp256k1' })
        return folderOf([foreign], foreign)
      },
    ],
  ])('%s', (_, code, folder) => {
    expect(() => load(folder())).toThrow(refusal(code))
  })

  test('as long as its passphrase is not given, or is another', () => {
    const folder = scratchFolder()
    createAuthority({
      layout: layoutAt('qemu', folder),
      strength: strengthOf(),
      subject: {},
      key: { type: 'ed25519' },
      passphrase: 'secret',
    })
    expect(load(folder, 'secret').certificate.ca).toBe(true)
    expect(() => load(folder)).toThrow(refusal('PKI_PASSPHRASE_MISSING'))
    expect(() => load(folder, 'other')).toThrow(refusal('PKI_PASSPHRASE_WRONG'))
  })
})

test('what peers need beside a certificate is all that stands below the root', () => {
  const root = make({ subject: 'root', ...AUTHORITY })
  const upper = make({ subject: 'upper', issuer: root, ...AUTHORITY })
  const lower = make({ subject: 'lower', issuer: upper, ...AUTHORITY })
  const stranger = make({ subject: 'stranger', ...AUTHORITY })
  const chainOf = (all: readonly Made[], signer: Made) =>
    loadAuthority(layoutAt('qemu', folderOf(all, signer)), OPTIONS).chain
  const text = (...made: readonly Made[]) => made.map(({ certificate }) => certificate).join('')
  expect(chainOf([root], root)).toBe('')
  expect(chainOf([lower, upper, root], lower)).toBe(text(lower, upper))
  expect(chainOf([stranger, root, upper, lower], lower)).toBe(text(lower, upper))
  expect(chainOf([upper, stranger], upper)).toBe(text(upper))
  // Two that issued each other lead nowhere.
  const one = make({ subject: 'one', ...AUTHORITY })
  const two = make({ subject: 'two', issuer: one, ...AUTHORITY })
  const back = make({ subject: 'one', issuer: two, ...AUTHORITY }, one)
  expect(chainOf([two, back], two)).toBe(text(two, back))
})

test('the authority before counts as long as its key is there', () => {
  const [present, former] = [
    make({ subject: 'a', ...AUTHORITY }),
    make({ subject: 'b', ...AUTHORITY }),
  ]
  const folder = folderOf([present, former], present)
  const subjects = () =>
    loadAuthorities(layoutAt('qemu', folder), OPTIONS).map(({ certificate }) => certificate.subject)
  expect(subjects()).toEqual(['CN=a'])
  writeFiles(folder, { 'ca-key-former.pem': former.key })
  expect(subjects()).toEqual(['CN=a', 'CN=b'])
})

describe('an authority that is made', () => {
  const create = (more: Partial<AuthorityRequest> = {}) => {
    const layout = layoutAt('qemu', scratchFolder())
    const key = { type: 'ed25519' } as const
    const issued = createAuthority({ layout, strength: strengthOf(), subject: {}, key, ...more })
    const facts = certificateOf(issued.certificate, { file: '', index: 0 })
    return { ...issued, layout: more.layout ?? layout, facts }
  }

  test('is called after the host unless it has a name, and lives ten years', () => {
    const { certificate, facts } = create()
    expect(certificate.subject).toBe(`CN=${`${hostname()} CA`.slice(0, 64)}`)
    const days = (certificate.validToDate.getTime() - Date.now()) / 86_400_000
    expect(Math.round(days)).toBe(3650)
    expect(facts.basicConstraints).toEqual({ critical: true, isAuthority: true })
    expect(facts.keyUsage).toEqual({ critical: true, uses: new Set(['keyCertSign', 'cRLSign']) })
    expect(create({ subject: { organization: 'O', commonName: 'C' } }).facts.subject).toBe(
      'O=O,CN=C',
    )
  })

  test('below another ends with it, has none below itself and brings it along', () => {
    const root = create({ days: 10 })
    const parent = { layout: root.layout }
    const lower = create({ parent, days: 400, subject: { commonName: 'lower' } })
    expect(lower.certificate.validToDate).toEqual(root.certificate.validToDate)
    expect(lower.certificate.checkIssued(root.certificate)).toBe(true)
    expect(lower.facts.basicConstraints).toEqual({
      ...{ critical: true, isAuthority: true, pathLength: 0 },
    })
    expect(lower.facts.link.authorityKey).toEqual(root.facts.link.subjectKey)
    const text = readFileSync(lower.certificateFile, 'utf8')
    expect(text).toBe(lower.certificate.toString() + root.certificate.toString())
    expect(create({ parent, days: 2 }).certificate.validToDate < root.certificate.validToDate).toBe(
      true,
    )
    const below = { layout: lower.layout }
    expect(() => create({ parent: below })).toThrow(refusal('PKI_AUTHORITY_UNFIT'))
  })

  test('takes the place of none unless told', () => {
    const { layout, certificateFile } = create()
    const before = readFileSync(certificateFile)
    expect(() => create({ layout })).toThrow(refusal('PKI_FILE_EXISTS'))
    expect(readFileSync(certificateFile)).toEqual(before)
    create({ layout, force: true })
    expect(readFileSync(certificateFile)).not.toEqual(before)
  })
})

describe('a certificate that is issued', () => {
  test('takes the place of none unless told, and lives a year', () => {
    const folder = makeAuthority('ed25519')
    const { certificate } = issue(folder, 'server', 'ed25519', { force: false })
    const days = (certificate.validToDate.getTime() - Date.now()) / 86_400_000
    expect(Math.round(days)).toBe(365)
    const again = (force: boolean) => issue(folder, 'server', 'ed25519', { force })
    expect(() => again(false)).toThrow(refusal('PKI_FILE_EXISTS'))
    expect(again(true).certificate.serialNumber).not.toBe(certificate.serialNumber)
  })

  test('brings its authority to a folder that has none, and to no other', () => {
    const [folder, other] = [makeAuthority('ed25519'), makeAuthority('ed25519')]
    const out = layoutAt('qemu', join(scratchFolder(), 'host'))
    issue(folder, 'client', 'ed25519', { out })
    const read = (path: string) => readFileSync(join(path, 'ca-cert.pem'), 'utf8')
    expect(read(out.root)).toBe(read(folder))
    expect(readdirSync(out.root).toSorted()).toEqual([
      ...['ca-cert.pem', 'client-cert.pem', 'client-key.pem'],
    ])
    // Where it stands among others, in lines of any length, the file stays as it is.
    const both = `${read(other)}${read(folder).replaceAll('\n', '\r\n')}`
    writeFiles(out.root, { 'ca-cert.pem': both })
    issue(folder, 'client', 'ed25519', { out })
    expect(read(out.root)).toBe(both)
    writeFiles(out.root, { 'ca-cert.pem': read(other) })
    const before = readFileSync(join(out.root, 'client-key.pem'))
    expect(() => issue(folder, 'client', 'ed25519', { out })).toThrow(
      refusal('PKI_OTHER_AUTHORITY'),
    )
    expect(readFileSync(join(out.root, 'client-key.pem'))).toEqual(before)
  })

  test('tells where it ends sooner than was asked for', () => {
    const { folder, end } = makeEnding()
    const now = new Date(end - 10 * 86_400_000)
    const notesOf = (days: number) =>
      issue(folder, 'client', 'ed25519', { now, days }).notes.map(({ code }) => code)
    expect(notesOf(10)).toEqual([])
    expect(notesOf(11)).toEqual(['PKI_LIFETIME_CUT'])
  })
})

describe('a certificate that is issued anew', () => {
  const renew = (folder: string, more: Partial<RenewRequest> = {}) => {
    const layout = layoutAt('qemu', folder)
    const [pair] = listPairs(layout)
    if (!pair) throw new Error('there is no pair')
    return renewIdentity({ layout, strength: strengthOf(), pair, ...more })
  }

  test('keeps names and days, unless others are asked for', () => {
    const folder = makeAuthority('ed25519')
    const hosts = [parseDnsName('a.example'), parseDnsName('b.example')]
    const { certificate: old } = issue(folder, 'server', 'ed25519', { hosts, days: 20 })
    const daysOf = ({ validToDate }: typeof old) =>
      Math.round((validToDate.getTime() - Date.now()) / 86_400_000)
    const { certificate } = renew(folder)
    expect([certificate.subject, certificate.subjectAltName, daysOf(certificate)]).toEqual([
      ...[old.subject, 'DNS:a.example, DNS:b.example', 20],
    ])
    expect(certificate.keyUsage).toEqual(old.keyUsage)
    expect(certificate.serialNumber).not.toBe(old.serialNumber)
    expect(daysOf(renew(folder, { days: 7 }).certificate)).toBe(7)
  })

  test('keeps no key that is of another certificate, or too weak', () => {
    const folder = makeAuthority('ecdsa:secp384r1')
    issue(folder, 'server', 'ed25519')
    const strength = strengthOf('NORMAL:%PROFILE_ULTRA')
    expect(() => renew(folder, { strength })).toThrow(
      expect.objectContaining({
        diagnostics: [
          expect.objectContaining({
            code: 'PKI_KEY_TOO_WEAK',
            hint: 'make a new key: cryptopolicy pki renew --new-key',
          }),
        ],
      }),
    )
    writeFiles(folder, { 'server-key.pem': make({ subject: 'x' }).key })
    expect(() => renew(folder)).toThrow(refusal('PKI_KEY_MISMATCH'))
  })

  test('has an encrypted key where it had one', () => {
    const folder = makeAuthority('ed25519')
    issue(folder, 'server', 'ed25519', { keyPassphrase: 'secret' })
    const key = { type: 'ed25519' } as const
    const read = () => readFileSync(join(folder, 'server-key.pem'), 'utf8')
    const before = read()
    expect(() => renew(folder)).toThrow(refusal('PKI_PASSPHRASE_MISSING'))
    expect(() => renew(folder, { key })).toThrow(refusal('PKI_PASSPHRASE_MISSING'))
    expect(renew(folder, { keyPassphrase: 'secret' }).isKeyKept).toBe(true)
    expect(read()).toBe(before)
    expect(renew(folder, { key, keyPassphrase: 'secret' }).isKeyKept).toBe(false)
    expect(read()).not.toBe(before)
    expect(read()).toContain('BEGIN ENCRYPTED PRIVATE KEY')
    // What opens the key of the authority may open both.
    expect(renew(folder, { passphrase: 'secret' }).isKeyKept).toBe(true)
  })
})
