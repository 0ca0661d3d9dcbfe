/** PKCS #12 files of hostile users, and those that the policy or the folder forbids. */
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  explicit,
  nullValue,
  objectIdentifier,
  octetString,
  sequenceOf,
  unsignedInteger,
} from '../../src/asn1/der-writer.ts'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { layoutAt } from '../../src/pki/layout.ts'
import { openPkcs12 } from '../../src/pki/pkcs12/container-reading.ts'
import { Opening } from '../../src/pki/pkcs12/opening.ts'
import { exportPkcs12 } from '../../src/pki/pkcs12-export.ts'
import { type ImportRequest, importPkcs12 } from '../../src/pki/pkcs12-import.ts'
import { readCommonPassphrase } from '../../src/pki/private-key-file.ts'
import { runFile, scratchFolder, writeFiles } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'
import { AUTHORITY, ENDPOINT, type Made, make } from '../x509/made-certificate.ts'
import { issue, makeAuthority, strengthOf } from './credentials.ts'

const DATA = '1.2.840.113549.1.7.1'
const PASSPHRASE = 'secret'

/** The codes of what a work is refused with. */
function codesOf(work: () => unknown): readonly string[] {
  try {
    work()
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics.map(({ code }) => code)
    throw error
  }
  return []
}

/** A folder with a server, and its files in one file that openssl made. */
function makeFile(kind = 'ed25519', how: readonly string[] = []) {
  const folder = scratchFolder()
  const authority = makeAuthority(kind)
  issue(authority, 'server', kind, { out: layoutAt('qemu', folder) })
  const files = ['-inkey', 'server-key.pem', '-in', 'server-cert.pem', '-certfile', 'ca-cert.pem']
  const out = ['-out', 'host.p12', '-passout', `pass:${PASSPHRASE}`]
  runFile('openssl', ['pkcs12', '-export', ...how, ...files, ...out], { cwd: folder })
  return { authority, folder, path: join(folder, 'host.p12') }
}

function importInto(folder: string, path: string, more: Partial<ImportRequest> = {}) {
  const layout = layoutAt('qemu', folder)
  const strength = strengthOf()
  return importPkcs12({
    ...{ role: 'server' as const, path, layout, strength, passphrase: PASSPHRASE },
    ...more,
  })
}

function contentInfo(type: string, content: Buffer): Buffer {
  return sequenceOf(objectIdentifier(type), explicit(0, content))
}

/** A file without a code, with parts of any form. */
function fileOf(...parts: readonly Buffer[]): Buffer {
  const safe = sequenceOf(...parts)
  return sequenceOf(unsignedInteger(3), contentInfo(DATA, octetString(safe)))
}

/** Encrypted with AES-256 after so many iterations. */
function costly(iterations: number): Buffer {
  const derivation = sequenceOf(
    objectIdentifier('1.2.840.113549.1.5.12'),
    sequenceOf(octetString(Buffer.alloc(8)), unsignedInteger(iterations)),
  )
  const scheme = sequenceOf(
    objectIdentifier('2.16.840.1.101.3.4.1.42'),
    octetString(Buffer.alloc(16)),
  )
  const algorithm = sequenceOf(
    objectIdentifier('1.2.840.113549.1.5.13'),
    sequenceOf(derivation, scheme),
  )
  const info = sequenceOf(objectIdentifier(DATA), algorithm, Buffer.from([0x80, 1, 0]))
  return contentInfo('1.2.840.113549.1.7.6', sequenceOf(unsignedInteger(0), info))
}

describe('a hostile file', () => {
  testWith('openssl', 'that is cut off anywhere is refused', () => {
    const { path } = makeFile('ed25519', ['-iter', '1'])
    const bytes = readFileSync(path)
    for (let length = 0; length < bytes.length; length += 7) {
      const open = () => openPkcs12('x', bytes.subarray(0, length), PASSPHRASE)
      expect(codesOf(open)).toEqual(['PKI_P12_MALFORMED'])
    }
  })

  testWith('openssl', 'with any byte changed is refused, as it has a code', () => {
    const { path } = makeFile('ed25519', ['-iter', '1'])
    const bytes = readFileSync(path)
    const before = openPkcs12('x', bytes, PASSPHRASE)
    for (let at = 0; at < bytes.length; at += 3) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 0x15
      const codes = codesOf(() => {
        const after = openPkcs12('x', changed, PASSPHRASE)
        // Some bytes say nothing, such as the parameters of a hash.
        expect(after).toEqual(before)
      })
      expect(codes.length).toBeLessThan(2)
    }
  })

  testWith('openssl', 'without any protection ends in words, whatever is changed', () => {
    const { path } = makeFile('ed25519', ['-nomac', '-keypbe', 'NONE', '-certpbe', 'NONE'])
    const bytes = readFileSync(path)
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 0x81
      const codes = codesOf(() => openPkcs12('x', changed, PASSPHRASE))
      expect(codes.every((code) => code.startsWith('PKI_P12_'))).toBe(true)
    }
  })

  test('whose keys take for ever is refused before that', () => {
    const file = fileOf(costly(2 ** 31 - 1))
    expect(codesOf(() => openPkcs12('x', file, PASSPHRASE))).toEqual(['PKI_P12_TOO_COSTLY'])
    const opening = new Opening('x', PASSPHRASE)
    for (let part = 0; part < 5; part++) opening.spend(1_000_000)
    expect(codesOf(() => opening.spend(1))).toEqual(['PKI_P12_TOO_COSTLY'])
  })

  test('with bags in bags, or more than any chain has, is refused', () => {
    let nested = sequenceOf()
    for (let depth = 0; depth < 10; depth++) {
      nested = sequenceOf(contentInfo('1.2.840.113549.1.12.10.1.6', nested))
    }
    const bag = contentInfo('1.2.840.113549.1.12.10.1.5', nullValue())
    const many = sequenceOf(...Array.from({ length: 201 }, () => bag))
    for (const bags of [nested, many]) {
      const file = fileOf(contentInfo(DATA, octetString(bags)))
      expect(codesOf(() => openPkcs12('x', file))).toEqual(['PKI_P12_MALFORMED'])
    }
  })

  test('of nothing but the beginnings of elements is refused', () => {
    for (const pattern of [
      '3080',
      '3082ffff',
      '30840fffffff',
      '2480',
      'a080',
      '0000',
      '05003080',
    ]) {
      const bytes = Buffer.alloc(262_144, Buffer.from(pattern, 'hex'))
      expect(codesOf(() => openPkcs12('x', bytes))).toEqual(['PKI_P12_MALFORMED'])
    }
  })
})

const bagOf = (kind: number, value: Buffer): Buffer =>
  contentInfo(`1.2.840.113549.1.12.10.1.${kind}`, value)
const bagFile = (...bags: readonly Buffer[]): Buffer =>
  fileOf(contentInfo(DATA, octetString(sequenceOf(...bags))))

/** What RFC 7292 knows and we do not read, or read only within bounds. */
describe('the parts of a file', () => {
  const open = (file: Buffer) => openPkcs12('x', file, PASSPHRASE)
  const messageOf = (work: () => unknown): string => {
    try {
      work()
    } catch (error) {
      if (error instanceof DiagnosticError) return error.diagnostics[0]?.message ?? ''
    }
    return ''
  }

  test('what is no key and no certificate is told by its name', () => {
    const x509 = contentInfo('1.2.840.113549.1.9.22.1', octetString(Buffer.from('one')))
    const sdsi = contentInfo('1.2.840.113549.1.9.22.2', octetString(Buffer.from('two')))
    const key = sequenceOf(unsignedInteger(0))
    const bags = [
      ...[bagOf(4, nullValue()), bagOf(5, nullValue()), contentInfo('1.2.3', nullValue())],
      ...[bagOf(3, sdsi), bagOf(3, x509), bagOf(1, key)],
    ]
    expect(open(bagFile(...bags))).toMatchObject({
      certificates: [Buffer.from('one')],
      keys: [key],
      others: [
        ...['a revocation list', 'a secret', 'a part 1.2.3', 'a certificate of another kind'],
      ],
      notes: [{ code: 'PKI_P12_NO_MAC' }],
    })
  })

  test('bags may stand in bags, four deep, and 200 in all', () => {
    const secret = bagOf(5, nullValue())
    const nested = (depth: number): Buffer =>
      depth === 0 ? secret : bagOf(6, sequenceOf(nested(depth - 1)))
    expect(open(bagFile(nested(4))).others).toEqual(['a secret'])
    expect(codesOf(() => open(bagFile(nested(5))))).toEqual(['PKI_P12_MALFORMED'])
    const many = (count: number) => open(bagFile(...Array.from({ length: count }, () => secret)))
    expect(many(200).others).toHaveLength(200)
    expect(codesOf(() => many(201))).toEqual(['PKI_P12_MALFORMED'])
    const apart = (count: number) =>
      open(fileOf(...Array.from({ length: count }, () => dataOf(secret, secret))))
    expect(apart(100).others).toHaveLength(200)
    expect(codesOf(() => apart(101))).toEqual(['PKI_P12_MALFORMED'])
  })

  const dataOf = (...bags: readonly Buffer[]) => contentInfo(DATA, octetString(sequenceOf(...bags)))
  const pfx = (version: number, type: string, ...rest: readonly Buffer[]) =>
    sequenceOf(
      unsignedInteger(version),
      contentInfo(type, octetString(sequenceOf(dataOf()))),
      ...rest,
    )

  test.each<[string, Buffer, RegExp]>([
    ['another version', pfx(4, DATA), /it has version 4/],
    [
      'a signature',
      pfx(3, '1.2.840.113549.1.7.2'),
      /it uses the protection 1\.2\.840\.113549\.1\.7\.2/,
    ],
    [
      'a part for a public key',
      fileOf(contentInfo('1.2.840.113549.1.7.3', nullValue())),
      /it uses the protection 1\.2\.840\.113549\.1\.7\.3/,
    ],
    ['an empty bag', bagFile(sequenceOf(objectIdentifier('1.2.3'), explicit(0))), /an empty bag/],
    ['octets that are none', fileOf(contentInfo(DATA, nullValue())), /it has no octets/],
    ['RFC 9579', pfx(3, DATA, macOf('1.2.840.113549.1.5.14')), /it uses PBMAC1/],
    ['MD5', pfx(3, DATA, macOf('1.2.840.113549.2.5')), /it uses the hash 1\.2\.840\.113549\.2\.5/],
    ['scrypt', encryptedBy({ derivation: '1.3.6.1.4.1.11591.4.11' }), /the key derivation 1\.3\.6/],
    ['Camellia', encryptedBy({ cipher: '1.2.392.200011.61.1.1.1.4' }), /the cipher 1\.2\.392/],
    ['a strange function', encryptedBy({ hash: '1.2.3' }), /the pseudo-random function 1\.2\.3/],
    [
      'RC4',
      fileOf(encryptedData(sequenceOf(objectIdentifier('1.2.840.113549.1.12.1.1'), sequenceOf()))),
      /the encryption 1\.2\.840\.113549\.1\.12\.1\.1/,
    ],
  ])('refused in words: %s', (_, file, message) => {
    expect(messageOf(() => open(file))).toMatch(message)
  })

  test('the work of all parts together has a limit, and none is for nothing', () => {
    const MOST = 5_000_000
    const spend = (...counts: readonly number[]) => {
      const opening = new Opening('x', PASSPHRASE)
      for (const count of counts) opening.spend(count)
    }
    expect(() => spend(MOST)).not.toThrow()
    expect(codesOf(() => spend(MOST + 1))).toEqual(['PKI_P12_TOO_COSTLY'])
    expect(() => spend(MOST - 1, 1)).not.toThrow()
    expect(codesOf(() => spend(MOST, 1))).toEqual(['PKI_P12_TOO_COSTLY'])
    expect(() => spend(0)).toThrow('below 1')
    expect(() => spend(1)).not.toThrow()
    expect(codesOf(() => open(fileOf(costly(0))))).toEqual(['PKI_P12_MALFORMED'])
  })
})

/** MacData with another algorithm. */
function macOf(identifier: string): Buffer {
  const digest = octetString(Buffer.alloc(32))
  const info = sequenceOf(sequenceOf(objectIdentifier(identifier), nullValue()), digest)
  return sequenceOf(info, octetString(Buffer.alloc(8)), unsignedInteger(1))
}

function encryptedData(algorithm: Buffer): Buffer {
  const info = sequenceOf(objectIdentifier(DATA), algorithm, Buffer.from([0x80, 1, 0]))
  return contentInfo('1.2.840.113549.1.7.6', sequenceOf(unsignedInteger(0), info))
}

/** PBES2 with other parts than its usual ones. */
function encryptedBy({
  derivation = '1.2.840.113549.1.5.12',
  cipher = '2.16.840.1.101.3.4.1.42',
  hash = '1.2.840.113549.2.9',
}): Buffer {
  const salt = octetString(Buffer.alloc(8))
  const fields = sequenceOf(salt, unsignedInteger(1), sequenceOf(objectIdentifier(hash)))
  const scheme = sequenceOf(objectIdentifier(cipher), octetString(Buffer.alloc(16)))
  const kinds = sequenceOf(sequenceOf(objectIdentifier(derivation), fields), scheme)
  return fileOf(encryptedData(sequenceOf(objectIdentifier('1.2.840.113549.1.5.13'), kinds)))
}

describe('what an export holds', () => {
  const root = make({ subject: 'root', ...AUTHORITY })
  const other = make({ subject: 'other', ...AUTHORITY })
  const server = make({ subject: 'localhost', issuer: root, ...ENDPOINT })
  const text = (...made: readonly Made[]) => made.map(({ certificate }) => certificate).join('')

  /** The certificates, as their readers find them, of a pair of these files. */
  const exported = (files: Readonly<Record<string, string>>, key: Made, encrypted?: string) => {
    const folder = scratchFolder()
    const how = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc' } as const
    const pem = encrypted
      ? (key.privateKey.export({ ...how, passphrase: encrypted }) as string)
      : key.key
    writeFiles(folder, { ...files, 'key.pem': pem })
    const pair = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
    const path = join(folder, 'out.p12')
    const { certificates } = exportPkcs12({
      pair,
      authorityFile: join(folder, 'ca-cert.pem'),
      path,
      passphrase: PASSPHRASE,
      ...(encrypted ? { keyPassphrase: encrypted } : {}),
    })
    const read = openPkcs12(path, readFileSync(path), PASSPHRASE)
    expect(read.keys).toEqual([key.privateKey.export({ type: 'pkcs8', format: 'der' })])
    expect([read.others, read.notes]).toEqual([[], []])
    expect(read.certificates).toEqual(certificates.map(({ x509 }) => x509.raw))
    return certificates.map(({ subject }) => subject)
  }

  test('the certificate of the key first, and each one once', () => {
    const [all, authorities] = [text(root, server), text(other, root)]
    expect(exported({ 'cert.pem': all, 'ca-cert.pem': authorities }, server)).toEqual([
      ...['CN=localhost', 'CN=root', 'CN=other'],
    ])
    expect(exported({ 'cert.pem': text(server) }, server, 'secret')).toEqual(['CN=localhost'])
  })

  test('nothing where the key is another', () => {
    const files = { 'cert.pem': text(server), 'ca-cert.pem': text(root) }
    expect(codesOf(() => exported(files, root))).toEqual(['PKI_KEY_MISMATCH'])
  })
})

describe('what an import puts where', () => {
  const root = make({ subject: 'root', ...AUTHORITY })
  const middle = make({ subject: 'middle', issuer: root, ...AUTHORITY })
  const server = make({ subject: 'localhost', issuer: middle, ...ENDPOINT })
  const stranger = make({ subject: 'stranger', ...AUTHORITY })
  const impostor = make({ subject: 'middle', issuer: stranger, ...AUTHORITY })
  const bagsOf = (...made: readonly Made[]) =>
    made.map(({ raw }) => bagOf(3, contentInfo('1.2.840.113549.1.9.22.1', octetString(raw))))
  const keyOf = ({ privateKey }: Made) =>
    bagOf(1, privateKey.export({ type: 'pkcs8', format: 'der' }))
  /** From a file without protection. */
  const bring = (bags: readonly Buffer[], more: Partial<ImportRequest> = {}, files = {}) => {
    const folder = join(scratchFolder(), 'into')
    if (Object.keys(files).length > 0) writeFiles(folder, files)
    const path = join(scratchFolder(), 'made.p12')
    writeFileSync(path, bagFile(...bags))
    const issued = importInto(folder, path, more)
    const read = (name: string) => readFileSync(join(folder, name), 'utf8')
    return { folder, read, codes: issued.notes.map(({ code }) => code), ...issued }
  }
  const text = (...made: readonly Made[]) => made.map(({ certificate }) => certificate).join('')

  test('the chain without its root beside the key, and the root as authority', () => {
    const bags = [...bagsOf(stranger, root, impostor, middle, server), keyOf(server)]
    const { read, codes, folder, isKeyKept, certificate } = bring(bags)
    expect(read('server-cert.pem')).toBe(text(server, middle))
    expect(read('ca-cert.pem')).toBe(text(root))
    expect(read('server-key.pem')).toBe(server.key)
    expect(codes).toEqual(['PKI_P12_NO_MAC', 'PKI_P12_LEFT_OUT'])
    expect([isKeyKept, certificate.subject]).toEqual([false, 'CN=localhost'])
    expect(readdirSync(folder).toSorted()).toEqual([
      ...['ca-cert.pem', 'server-cert.pem', 'server-key.pem'],
    ])
  })

  test('an authority with all that stands above it', () => {
    const bags = [...bagsOf(root, middle), keyOf(middle)]
    const { read, codes, folder } = bring(bags, { role: 'authority' })
    expect(read('ca-cert.pem')).toBe(text(middle, root))
    expect(read('ca-key.pem')).toBe(middle.key)
    expect(codes).toEqual(['PKI_P12_NO_MAC'])
    expect(readdirSync(folder)).toHaveLength(2)
    const end = [...bagsOf(server), keyOf(server)]
    expect(codesOf(() => bring(end, { role: 'authority' }))).toEqual(['PKI_AUTHORITY_UNFIT'])
  })

  test('nothing into a trusted file, whether it has the root or the file names none', () => {
    const trusted = { 'ca-cert.pem': text(stranger, root) }
    const all = [...bagsOf(server, middle, root), keyOf(server)]
    expect(bring(all, {}, trusted).read('ca-cert.pem')).toBe(text(stranger, root))
    const rootless = [...bagsOf(server, middle), keyOf(server)]
    expect(bring(rootless, {}, trusted).read('ca-cert.pem')).toBe(text(stranger, root))
    const others = { 'ca-cert.pem': text(stranger) }
    expect(codesOf(() => bring(all, {}, others))).toEqual(['PKI_OTHER_AUTHORITY'])
    expect(codesOf(() => bring(rootless, {}, others))).toEqual(['TLS_CERTIFICATE_NO_ISSUER'])
    expect(codesOf(() => bring(rootless))).toEqual(['PKI_P12_NO_AUTHORITY'])
  })

  test('a key in its own words: of a number, encrypted, for another role', () => {
    const bags = [...bagsOf(server, middle, root), keyOf(server)]
    const numbered = bring(bags, { identity: 2, keyPassphrase: 'secret' })
    expect(numbered.read('server-key-2.pem')).toContain('BEGIN ENCRYPTED PRIVATE KEY')
    expect(numbered.read('server-cert-2.pem')).toBe(text(server, middle))
    expect(bring(bags, { role: 'client' }).read('client-key.pem')).toBe(server.key)
  })

  test('no key where there are several, or none that can be read', () => {
    const two = [...bagsOf(server, middle, root), keyOf(server), keyOf(middle)]
    expect(codesOf(() => bring(two))).toEqual(['PKI_P12_KEY_COUNT'])
    const none = [...bagsOf(server, middle, root), bagOf(1, sequenceOf(unsignedInteger(0)))]
    expect(codesOf(() => bring(none))).toEqual(['PKI_KEY_UNREADABLE'])
  })
})

describe('import', () => {
  testWith('openssl', 'tells a wrong passphrase, one that is missing, and none', () => {
    const { folder, path } = makeFile()
    const into = join(folder, 'into')
    expect(codesOf(() => importInto(into, path, { passphrase: 'other' }))).toEqual([
      'PKI_P12_PASSPHRASE_WRONG',
    ])
    const { passphrase: _, ...without } = { passphrase: '', layout: layoutAt('qemu', into) }
    const request = { ...without, role: 'server' as const, path, strength: strengthOf() }
    expect(codesOf(() => importPkcs12(request))).toEqual(['PKI_P12_PASSPHRASE_MISSING'])
    expect(existsSync(into)).toBe(false)
    runFile(
      'openssl',
      [
        ...['pkcs12', '-export', '-inkey', 'server-key.pem', '-in', 'server-cert.pem'],
        ...['-certfile', 'ca-cert.pem', '-out', path, '-passout', 'pass:'],
      ],
      { cwd: folder },
    )
    expect(importPkcs12(request).notes).toEqual([])
  })

  testWith('openssl', 'refuses what the policy forbids, and writes nothing', () => {
    const { folder, path } = makeFile('rsa:2048')
    const into = join(folder, 'into')
    const strength = strengthOf('NORMAL:%PROFILE_HIGH')
    expect(codesOf(() => importInto(into, path, { strength }))).toEqual(['PKI_KEY_TOO_WEAK'])
    expect(existsSync(into)).toBe(false)
  })

  testWith('openssl', 'refuses what no endpoint would load, and writes nothing', () => {
    const { folder, path } = makeFile()
    const into = join(folder, 'into')
    const now = new Date('2050-01-01')
    expect(codesOf(() => importInto(into, path, { now }))).toContain('TLS_CERTIFICATE_EXPIRED')
    expect(existsSync(into)).toBe(false)
  })

  testWith('openssl', 'never changes whom a folder trusts', () => {
    const { path } = makeFile()
    const other = makeAuthority('ed25519')
    const before = readFileSync(join(other, 'ca-cert.pem'), 'utf8')
    const force = { force: true }
    expect(codesOf(() => importInto(other, path, force))).toEqual(['PKI_OTHER_AUTHORITY'])
    expect(readFileSync(join(other, 'ca-cert.pem'), 'utf8')).toBe(before)
    expect(existsSync(join(other, 'server-key.pem'))).toBe(false)
  })

  testWith('openssl', 'replaces nothing unasked, and no link', () => {
    const { folder, path } = makeFile()
    expect(codesOf(() => importInto(folder, path))).toEqual(['PKI_FILE_EXISTS'])
    const into = scratchFolder()
    symlinkSync(join(folder, 'nowhere'), join(into, 'server-key.pem'))
    const force = { force: true }
    expect(codesOf(() => importInto(into, path, force))).toEqual(['PKI_FILE_IN_THE_WAY'])
    expect(existsSync(join(folder, 'nowhere'))).toBe(false)
  })

  testWith('openssl', 'wants one key and its certificate', () => {
    const { folder, authority } = makeFile()
    const make = (name: string, args: readonly string[]) => {
      const out = ['-out', name, '-passout', `pass:${PASSPHRASE}`]
      runFile('openssl', ['pkcs12', '-export', ...args, ...out], { cwd: folder })
      return join(folder, name)
    }
    const bare = make('bare.p12', ['-nokeys', '-in', 'ca-cert.pem'])
    const into = join(folder, 'into')
    expect(codesOf(() => importInto(into, bare))).toEqual(['PKI_P12_KEY_COUNT'])
    const rootless = make('rootless.p12', ['-inkey', 'server-key.pem', '-in', 'server-cert.pem'])
    expect(codesOf(() => importInto(into, rootless))).toEqual(['PKI_P12_NO_AUTHORITY'])
    writeFiles(into, { 'ca-cert.pem': readFileSync(join(authority, 'ca-cert.pem')) })
    expect(importInto(into, rootless).notes).toEqual([])
  })

  testWith('openssl', 'leaves out what has nothing to do with the key, and tells it', () => {
    const { folder } = makeFile()
    const other = makeAuthority('ed25519')
    writeFiles(folder, {
      'all.pem': `${readFileSync(join(folder, 'ca-cert.pem'), 'utf8')}${readFileSync(join(other, 'ca-cert.pem'), 'utf8')}`,
    })
    const out = ['-out', 'all.p12', '-passout', `pass:${PASSPHRASE}`]
    const files = ['-inkey', 'server-key.pem', '-in', 'server-cert.pem', '-certfile', 'all.pem']
    runFile('openssl', ['pkcs12', '-export', ...files, ...out], { cwd: folder })
    const into = join(folder, 'into')
    expect(importInto(into, join(folder, 'all.p12')).notes).toMatchObject([
      { code: 'PKI_P12_LEFT_OUT', severity: 'warning' },
    ])
    expect(readFileSync(join(into, 'ca-cert.pem'), 'utf8')).toBe(
      readFileSync(join(folder, 'ca-cert.pem'), 'utf8'),
    )
  })

  testWith(
    'openssl',
    'refuses a key without its certificate, and a digest that it does not know',
    () => {
      const { folder } = makeFile()
      const into = join(folder, 'into')
      const refusalOf = (name: string, args: readonly string[]) => {
        const out = ['-out', name, '-passout', `pass:${PASSPHRASE}`]
        const made = runFile('openssl', ['pkcs12', '-export', ...args, ...out], { cwd: folder })
        expect(made.status, made.stderr).toBe(0)
        return codesOf(() => importInto(into, join(folder, name)))
      }
      const key = ['-inkey', 'server-key.pem']
      expect(refusalOf('key.p12', [...key, '-nocerts'])).toEqual(['PKI_P12_NO_CERTIFICATE'])
      const digest = [...key, '-in', 'server-cert.pem', '-macalg', 'ripemd160']
      expect(refusalOf('digest.p12', digest)).toEqual(['PKI_P12_UNSUPPORTED'])
      expect(existsSync(into)).toBe(false)
    },
  )

  test('refuses a certificate that is none', () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const key = contentInfo(
      '1.2.840.113549.1.12.10.1.1',
      privateKey.export({ type: 'pkcs8', format: 'der' }),
    )
    const certificate = contentInfo(
      '1.2.840.113549.1.12.10.1.3',
      contentInfo('1.2.840.113549.1.9.22.1', octetString(Buffer.from('3003020101', 'hex'))),
    )
    const bags = sequenceOf(key, certificate)
    const path = join(scratchFolder(), 'made.p12')
    writeFileSync(path, fileOf(contentInfo(DATA, octetString(bags))))
    expect(codesOf(() => importInto(scratchFolder(), path))).toEqual(['PKI_CERTIFICATE_MALFORMED'])
  })

  test('brings an authority that signs', () => {
    const from = makeAuthority('ecdsa')
    const layout = layoutAt('qemu', from)
    const path = join(from, 'ca.p12')
    const authorityFile = layout.authority.certificate
    exportPkcs12({ pair: layout.authority, authorityFile, path, passphrase: PASSPHRASE })
    const into = join(from, 'into')
    importInto(into, path, { role: 'authority' })
    expect(issue(into, 'client', 'ecdsa').notes).toEqual([])
    expect(codesOf(() => importInto(join(from, 'other'), path))).not.toEqual([])
  })
})

test('a passphrase of a new file means the same to all programs', () => {
  const path = join(scratchFolder(), 'pw')
  for (const text of [
    'pa\u0308ss',
    'tab\there',
    'nul\0',
    'a\u00a0b',
    'a\u200db',
    'a\u00b7b',
    'a\u0660b',
  ]) {
    writeFileSync(path, `${text}\n`)
    expect(codesOf(() => readCommonPassphrase(path))).toEqual(['PKI_P12_PASSPHRASE_AMBIGUOUS'])
  }
  writeFileSync(path, ' ~x\r\nsecond\n')
  expect(readCommonPassphrase(path)).toBe(' ~x')
})
