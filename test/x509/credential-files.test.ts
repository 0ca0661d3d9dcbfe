import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { TlsRole } from '../../src/algorithms/tls-role.ts'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import {
  readCredentialFile,
  readX509Files,
  type X509FilesOptions,
} from '../../src/x509/credential-files.ts'
import { runFile, scratchFolder, writeFiles } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'
import { pem } from '../tls/certificates.ts'
import { AUTHORITY, ENDPOINT, make, makeList } from './made-certificate.ts'

const authority = make({ subject: 'Test CA', ...AUTHORITY })
const own = make({ subject: 'qemu.org', issuer: authority, ...ENDPOINT })
const other = make({ subject: 'other', issuer: authority, ...ENDPOINT, key: 'rsa-2048' })
const list = makeList({ signer: authority, revoked: [1] })

const CA = { 'ca-cert.pem': authority.certificate }
const SERVER = { ...CA, 'server-cert.pem': own.certificate, 'server-key.pem': own.key }

type Files = Readonly<Record<string, string | Buffer>>

function folderOf(files: Files): string {
  const folder = scratchFolder()
  writeFiles(folder, files)
  for (const name of Object.keys(files)) chmodSync(join(folder, name), 0o640)
  return folder
}

function refusals(files: Files, role: TlsRole = 'server', options?: X509FilesOptions): string[] {
  return refusalsOf(folderOf(files), role, options)
}

function refusalsOf(folder: string, role: TlsRole, options?: X509FilesOptions): string[] {
  try {
    readX509Files(folder, role, options)
    return []
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    return error.diagnostics.map(({ code }) => code)
  }
}

test('what stands in a file of credentials is shown in no message, whatever it is', () => {
  const folder = scratchFolder()
  const path = join(folder, 'server-key.pem')
  expect(readCredentialFile(path)).toBeUndefined()
  writeFiles(folder, { 'server-key.pem': Buffer.from([0x6b, 0xe9, 0xff]) })
  expect(readCredentialFile(path)).toEqual({ name: path, text: 'k\u00e9\u00ff', isSecret: true })
  expect(() => readCredentialFile(folder)).toThrow('it is a directory')
})

test('reads what a server has', () => {
  const files = readX509Files(folderOf({ ...SERVER, 'ca-crl.pem': list }), 'server')
  expect(files.identities.map(({ chain }) => chain[0]?.subject)).toEqual(['CN=qemu.org'])
  expect(files.revocationLists[0]?.revoked).toEqual(new Set(['1']))
  expect(files.warnings).toEqual([])
})

test('a client needs no certificate and reads no revocation list', () => {
  const files = readX509Files(folderOf({ ...CA, 'ca-crl.pem': 'nonsense' }), 'client')
  expect(files.identities).toEqual([])
  expect(files.revocationLists).toEqual([])
})

const pair = (role: string, suffix: string, made = own): Files => ({
  [`${role}-cert${suffix}.pem`]: made.certificate,
  [`${role}-key${suffix}.pem`]: made.key,
})

test('reads numbered pairs after the other one, up to the first that is missing', () => {
  const numbered = {
    ...pair('server', '-0', other),
    ...pair('server', '-1'),
    ...pair('server', '-3'),
  }
  const { identities } = readX509Files(folderOf({ ...SERVER, ...numbered }), 'server')
  expect(identities.map(({ chain }) => chain[0]?.subject)).toEqual([
    'CN=qemu.org',
    'CN=other',
    'CN=qemu.org',
  ])
  expect(
    readX509Files(folderOf({ ...CA, ...pair('server', '-0') }), 'server').identities.length,
  ).toBe(1)
})

test('a watcher watches what was read and what was not there, in both roles', () => {
  const names = (files: Files, role: TlsRole) => {
    const folder = folderOf(files)
    return readX509Files(folder, role).paths.map((path) => path.slice(folder.length + 1))
  }
  const pairOf = (role: string, suffix = '') => [
    ...[`${role}-cert${suffix}.pem`, `${role}-key${suffix}.pem`],
  ]
  expect(names(SERVER, 'server')).toEqual([
    ...[
      'ca-cert.pem',
      'ca-crl.pem',
      'dh-params.pem',
      ...pairOf('server'),
      ...pairOf('server', '-0'),
    ],
  ])
  expect(names(CA, 'client')).toEqual([
    ...['ca-cert.pem', ...pairOf('client'), ...pairOf('client', '-0')],
  ])
  const numbered = ['-0', '-1', '-2', '-3', '-4'].map((suffix) => pair('client', suffix))
  const files = Object.assign({ ...CA }, ...numbered)
  expect(readX509Files(folderOf(files), 'client').identities).toHaveLength(4)
  expect(names(files, 'client')).toHaveLength(1 + 2 + 4 * 2)
})

test('identities have their chain, their key and the names of their files', () => {
  const folder = folderOf({
    ...SERVER,
    'server-cert.pem': own.certificate + authority.certificate,
    'dh-params.pem': DH,
  })
  const { identities, authorities, dhParameters } = readX509Files(folder, 'server')
  expect(identities.map(({ chain }) => chain.map(({ subject }) => subject))).toEqual([
    ...[['CN=qemu.org', 'CN=Test CA']],
  ])
  expect(identities[0]?.key.equals(own.privateKey)).toBe(true)
  expect(identities[0]).toMatchObject({
    certFile: join(folder, 'server-cert.pem'),
    keyFile: join(folder, 'server-key.pem'),
  })
  expect(authorities.map(({ subject }) => subject)).toEqual(['CN=Test CA'])
  expect(dhParameters).toBe(DH)
  expect(readX509Files(folder, 'client')).not.toHaveProperty('dhParameters')
})

const DH = '-----BEGIN DH PARAMETERS-----\nMAYCAQUCAQI=\n-----END DH PARAMETERS-----\n'

test.each<[string, Files, readonly string[]]>([
  ['a key alone', { 'client-key.pem': own.key }, ['TLS_CREDENTIALS_NO_CERTIFICATE']],
  ['a certificate alone', { 'client-cert.pem': own.certificate }, ['TLS_CREDENTIALS_NO_KEY']],
  ['a numbered key alone', { 'client-key-0.pem': own.key }, ['TLS_CREDENTIALS_NO_CERTIFICATE']],
  [
    'halves of two pairs',
    { 'client-key.pem': own.key, 'client-cert-0.pem': own.certificate },
    ['TLS_CREDENTIALS_NO_CERTIFICATE', 'TLS_CREDENTIALS_NO_KEY'],
  ],
  [
    'two files that are wrong, each for itself',
    { ...pair('client', '', other), 'ca-cert.pem': '', 'client-key-0.pem': own.key },
    ['TLS_CREDENTIALS_NO_CERTIFICATE', 'TLS_PEM_MISSING'],
  ],
])('a client is refused too: %s', (_, files, codes) => {
  expect(refusals({ ...CA, ...files }, 'client')).toEqual(codes)
})

test('where a file cannot be read, its other half is not missed', () => {
  const folder = folderOf(CA)
  mkdirSync(join(folder, 'server-cert.pem'))
  writeFiles(folder, { 'server-key.pem': own.key })
  expect(refusalsOf(folder, 'server')).toEqual(['FILE_NOT_REGULAR'])
})

const certificateOnly = { ...CA, 'server-cert.pem': own.certificate }
const encrypted = own.privateKey.export({
  type: 'pkcs8',
  format: 'pem',
  cipher: 'aes-256-cbc',
  passphrase: 'secret',
}) as string

const REFUSED: readonly (readonly [name: string, files: Files, codes: readonly string[]])[] = [
  ['no authorities', pair('server', ''), ['FILE_MISSING']],
  ['nothing', {}, ['FILE_MISSING', 'TLS_CREDENTIALS_NO_IDENTITY']],
  ['no certificate', CA, ['TLS_CREDENTIALS_NO_IDENTITY']],
  ['no key', certificateOnly, ['TLS_CREDENTIALS_NO_KEY']],
  ['a key alone', { ...CA, 'server-key.pem': own.key }, ['TLS_CREDENTIALS_NO_CERTIFICATE']],
  [
    'half a numbered pair',
    { ...SERVER, 'server-key-0.pem': own.key },
    ['TLS_CREDENTIALS_NO_CERTIFICATE'],
  ],
  [
    'the key of another',
    { ...SERVER, 'server-key.pem': other.key },
    ['TLS_CREDENTIALS_KEY_MISMATCH'],
  ],
  ['a key as a certificate', { ...SERVER, 'server-cert.pem': own.key }, ['TLS_PEM_MISSING']],
  [
    'a certificate as a key',
    { ...SERVER, 'server-key.pem': own.certificate },
    ['TLS_CREDENTIALS_KEY_MALFORMED'],
  ],
  ['DER', { ...SERVER, 'ca-cert.pem': authority.raw }, ['TLS_PEM_MISSING']],
  ['an empty file', { ...SERVER, 'ca-cert.pem': '' }, ['TLS_PEM_MISSING']],
  [
    'half a certificate',
    { ...SERVER, 'ca-cert.pem': authority.certificate.slice(0, 300) },
    ['TLS_PEM_UNENDED'],
  ],
  ['garbage in PEM', { ...SERVER, 'ca-cert.pem': garbage('!!!!') }, ['TLS_PEM_MALFORMED']],
  ['garbage in DER', { ...SERVER, 'ca-cert.pem': garbage('AAAA') }, ['TLS_CERTIFICATE_MALFORMED']],
  [
    'a broken revocation list',
    { ...SERVER, 'ca-crl.pem': list.replace(/M/, 'N') },
    ['TLS_REVOCATION_LIST_MALFORMED'],
  ],
  [
    '5,000 certificates',
    { ...SERVER, 'ca-cert.pem': garbage('AAAA').repeat(5000) },
    ['TLS_PEM_TOO_MANY'],
  ],
  ['no Diffie-Hellman parameters', { ...SERVER, 'dh-params.pem': own.key }, ['TLS_PEM_MISSING']],
  [
    'an encrypted key',
    { ...SERVER, 'server-key.pem': encrypted },
    ['TLS_CREDENTIALS_KEY_ENCRYPTED'],
  ],
  ['a huge file', { ...SERVER, 'ca-cert.pem': ' '.repeat(5_000_000) }, ['FILE_TOO_LARGE']],
]

testWith('certtool', 'bytes behind a certificate are refused, as by GnuTLS', () => {
  const more = pem(Buffer.concat([authority.raw, Buffer.from([5, 0])]))
  const folder = folderOf({ ...SERVER, 'ca-cert.pem': more })
  expect(refusalsOf(folder, 'server')).toEqual(['TLS_CERTIFICATE_MALFORMED'])
  const args = ['-i', '--infile', join(folder, 'ca-cert.pem')]
  expect(runFile('certtool', args).stderr).toContain('Error in DER parsing')
})

function garbage(body: string): string {
  return `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`
}

test.each(REFUSED)('refuses %s', (_, files, codes) => {
  expect(refusals(files)).toEqual(codes)
})

test('decrypts a key with its passphrase', () => {
  const files = { ...SERVER, 'server-key.pem': encrypted }
  expect(refusals(files, 'server', { passphrase: 'secret' })).toEqual([])
  expect(refusals(files, 'server', { passphrase: 'wrong' })).toEqual([
    'TLS_CREDENTIALS_KEY_PASSPHRASE',
  ])
})

test('never shows a key', () => {
  const { privateKey } = generateKeyPairSync('ed25519')
  const key = (privateKey.export({ type: 'pkcs8', format: 'pem' }) as string).replaceAll('\n', '')
  const files = { ...SERVER, 'server-key.pem': key.slice(0, -5), 'server-cert.pem': key }
  try {
    readX509Files(folderOf(files), 'server')
  } catch (error) {
    expect(JSON.stringify((error as DiagnosticError).diagnostics)).not.toContain(key.slice(30, 50))
  }
  expect.assertions(1)
})

test('warns of a key that every user can read, not of one for a group', () => {
  const folder = folderOf(SERVER)
  expect(readX509Files(folder, 'server').warnings).toEqual([])
  chmodSync(join(folder, 'server-key.pem'), 0o644)
  const [warning] = readX509Files(folder, 'server').warnings
  expect(warning?.code).toBe('TLS_CREDENTIALS_KEY_READABLE')
  expect(warning?.message).toContain('0644')
  expect(warning?.hint).toBe(`chmod o-rwx ${join(folder, 'server-key.pem')}`)
})

test('follows symbolic links to a set that is replaced as a whole', () => {
  const folder = scratchFolder()
  writeFiles(join(folder, '..set-1'), SERVER)
  symlinkSync('..set-1', join(folder, '..data'))
  for (const name of Object.keys(SERVER)) symlinkSync(join('..data', name), join(folder, name))
  expect(refusalsOf(folder, 'server')).toEqual([])
})

test('a folder in place of a file is refused, a broken link is a missing file', () => {
  const folder = folderOf(SERVER)
  rmSync(join(folder, 'ca-cert.pem'))
  mkdirSync(join(folder, 'ca-cert.pem'))
  expect(refusalsOf(folder, 'server')).toEqual(['FILE_NOT_REGULAR'])
  rmSync(join(folder, 'ca-cert.pem'), { recursive: true })
  symlinkSync('nowhere', join(folder, 'ca-cert.pem'))
  expect(refusalsOf(folder, 'server')).toEqual(['FILE_MISSING'])
})

const MARKS = ['\ufeff', 'Bag Attributes ', ' ', '# a comment\n']

test.each(MARKS)('what stands before a key is passed over: %j', (mark) => {
  const files = { ...SERVER, 'server-key.pem': `${mark}${own.key}` }
  expect(refusals(files)).toEqual([])
})

testWith('certtool', 'GnuTLS passes the same over', () => {
  for (const mark of MARKS) {
    const folder = folderOf({ key: `${mark}${own.key}` })
    expect(runFile('certtool', ['-k', '--infile', join(folder, 'key')]).status).toBe(0)
  }
})

/** Base64 of a sequence that ends too early, of a length that cannot be, and of no sequence. */
const NO_DER = ['MAoCAQE=', 'MIk=', 'MP8A', 'AgEB']

test.each(NO_DER)('bad DER is told as what it is: %s', (body) => {
  for (const [name, label] of [
    ['server-cert.pem', 'CERTIFICATE'],
    ['server-key.pem', 'PRIVATE KEY'],
    ['server-key.pem', 'ENCRYPTED PRIVATE KEY'],
  ] as const) {
    const text = `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`
    const folder = folderOf({ ...SERVER, [name]: text })
    const messages = messagesOf(() => readX509Files(folder, 'server', { passphrase: 'x' }))
    expect(messages).toEqual([expect.stringMatching(/DER|a certificate has three parts/)])
    expect(messages.join()).not.toMatch(/start line|unsupported|passphrase|out of range/)
  }
})

function messagesOf(work: () => unknown): readonly string[] {
  try {
    work()
    return []
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    return error.diagnostics.map(({ message }) => message)
  }
}
