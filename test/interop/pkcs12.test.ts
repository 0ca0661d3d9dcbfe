/** PKCS #12 files, as other programs write and read them. */
import { X509Certificate } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { checkCredentials } from '../../src/pki/credential-check.ts'
import { layoutAt } from '../../src/pki/layout.ts'
import { exportPkcs12 } from '../../src/pki/pkcs12-export.ts'
import { type ImportRequest, importPkcs12 } from '../../src/pki/pkcs12-import.ts'
import { runFile, scratchFolder } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'
import { issue, makeAuthority, strengthOf } from '../pki/credentials.ts'

const KINDS = ['rsa:3072', 'ecdsa:secp256r1', 'ecdsa:secp521r1', 'ed25519', 'ed448']
/** Those that certtool encodes in ways of their own. Each file that it writes costs seconds: 600,000 iterations. */
const WRITTEN_BY_CERTTOOL = process.env.EVERY_KIND
  ? KINDS
  : ['rsa:3072', 'ecdsa:secp256r1', 'ed25519']

const PASSPHRASE = 'a secret, with $igns'

type Host = { readonly folder: string; readonly p12: string }

const made = mkdtempSync(join(tmpdir(), 'cryptopolicy-test-'))
afterAll(() => rmSync(made, { recursive: true, force: true }))

/** A folder with a server, and a file beside its files for what another program makes of them. */
function makeHost(kind: string): Host {
  const original = join(made, kind)
  if (!existsSync(original)) {
    mkdirSync(original)
    issue(makeAuthority(kind), 'server', kind, { out: layoutAt('qemu', original) })
  }
  const folder = scratchFolder()
  cpSync(original, folder, { recursive: true })
  return { folder, p12: join(folder, 'host.p12') }
}

function exportTo({ folder, p12 }: Host, passphrase = PASSPHRASE): void {
  const layout = layoutAt('qemu', folder)
  const authorityFile = layout.authority.certificate
  exportPkcs12({ pair: layout.pair('server'), authorityFile, path: p12, passphrase })
}

function importFrom(path: string, more: Partial<ImportRequest> = {}) {
  const folder = scratchFolder()
  const layout = layoutAt('qemu', folder)
  const strength = strengthOf()
  const passphrase = PASSPHRASE
  const imported = importPkcs12({ role: 'server', path, layout, strength, passphrase, ...more })
  return { ...imported, folder }
}

function expectSame(one: string, other: string): void {
  for (const name of ['server-cert.pem', 'server-key.pem', 'ca-cert.pem']) {
    const read = (folder: string) => readFileSync(join(folder, name), 'utf8')
    expect(read(one)).toBe(read(other))
  }
  expect(statSync(join(one, 'server-key.pem')).mode & 0o777).toBe(0o600)
  expect(checkCredentials({ root: one, strength: strengthOf() }).diagnostics).toEqual([])
}

function succeed(program: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = runFile(program, args, { cwd })
  expect(`${status} ${stderr}`).toMatch(/^0 /)
  return stdout + stderr
}

describe.each(KINDS)('a key %s', (kind) => {
  testWith('openssl', 'is read by openssl, with all certificates', () => {
    const host = makeHost(kind)
    exportTo(host)
    expect(statSync(host.p12).mode & 0o777).toBe(0o600)
    const args = ['pkcs12', '-in', host.p12, '-passin', `pass:${PASSPHRASE}`, '-noenc']
    const text = succeed('openssl', args, host.folder)
    const key = readFileSync(join(host.folder, 'server-key.pem'), 'utf8')
    expect(text).toContain(key)
    for (const name of ['server-cert.pem', 'ca-cert.pem']) {
      expect(text).toContain(readFileSync(join(host.folder, name), 'utf8'))
    }
    const facts = succeed('openssl', [...args, '-noout', '-info'], host.folder)
    expect(facts).toContain('MAC: sha256, Iteration 100000')
    expect(facts.match(/PBES2, PBKDF2, AES-256-CBC, Iteration 100000/g)).toHaveLength(2)
  })

  testWith('certtool', 'is read by certtool', () => {
    const host = makeHost(kind)
    exportTo(host)
    const args = ['--p12-info', '--inder', '--infile', host.p12, '--password', PASSPHRASE]
    const text = succeed('certtool', args, host.folder)
    expect(text.match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
    // The key is shown as it stands in the file, encrypted.
    const [key = ''] = /-----BEGIN ENC[\s\S]*KEY-----/.exec(text) ?? []
    writeFileSync(join(host.folder, 'read.pem'), key)
    const print = (name: string) => {
      const args = ['--pubkey-info', `--load-privkey=${name}`, `--password=${PASSPHRASE}`]
      return /-----BEGIN PUB[\s\S]*KEY-----/.exec(succeed('certtool', args, host.folder))?.[0]
    }
    expect(print('read.pem')).toBe(String(print('server-key.pem')))
  })
  testWith('openssl', 'is taken from what openssl writes', () => {
    const host = makeHost(kind)
    const files = ['-inkey', 'server-key.pem', '-in', 'server-cert.pem', '-certfile', 'ca-cert.pem']
    const out = ['-out', 'host.p12', '-passout', `pass:${PASSPHRASE}`]
    succeed('openssl', ['pkcs12', '-export', ...files, ...out], host.folder)
    const { folder, notes } = importFrom(host.p12)
    expect(notes).toEqual([])
    expectSame(folder, host.folder)
  })
})

describe.each(WRITTEN_BY_CERTTOOL)('a key %s', (kind) => {
  testWith('certtool', 'is taken from what certtool writes', () => {
    const host = makeHost(kind)
    const files = ['--load-privkey=server-key.pem', '--load-certificate=server-cert.pem']
    const out = ['--outder', '--outfile=host.p12', `--password=${PASSPHRASE}`, '--p12-name=x']
    const args = ['--to-p12', ...files, '--load-ca-certificate=ca-cert.pem', ...out]
    // Without --outder it writes PEM. One kind is enough to see it.
    const isPem = kind === 'ed25519'
    succeed('certtool', isPem ? args.filter((word) => word !== '--outder') : args, host.folder)
    expect(/^-----BEGIN PKCS12-----/.test(readFileSync(host.p12, 'utf8'))).toBe(isPem)
    const { folder, notes } = importFrom(host.p12)
    expect(notes).toEqual([])
    const certificate = (root: string) =>
      new X509Certificate(readFileSync(join(root, 'server-cert.pem'))).fingerprint256
    expect(certificate(folder)).toBe(certificate(host.folder))
    expect(checkCredentials({ root: folder, strength: strengthOf() }).diagnostics).toEqual([])
  })
})

describe.each(['pässwörd', 'пароль 密码', 'ключ 😀', 'שלום'])('a passphrase %s', (passphrase) => {
  const files = ['-inkey', 'server-key.pem', '-in', 'server-cert.pem', '-certfile', 'ca-cert.pem']

  testWith('openssl', 'means the same to openssl, in the old ciphers too', () => {
    const host = makeHost('ecdsa:secp256r1')
    exportTo(host, passphrase)
    const read = ['pkcs12', '-in', host.p12, '-passin', `pass:${passphrase}`, '-noenc']
    expect(succeed('openssl', read, host.folder)).toContain('PRIVATE KEY')
    for (const how of [[], ['-legacy']]) {
      const out = ['-out', 'host.p12', '-passout', `pass:${passphrase}`]
      succeed('openssl', ['pkcs12', '-export', ...how, ...files, ...out], host.folder)
      expectSame(importFrom(host.p12, { passphrase }).folder, host.folder)
    }
  })

  testWith('certtool', 'means the same to certtool', () => {
    const host = makeHost('ecdsa:secp256r1')
    exportTo(host, passphrase)
    const read = ['--p12-info', '--inder', '--infile', host.p12, '--password', passphrase]
    const text = succeed('certtool', read, host.folder)
    expect(text).toContain('BEGIN CERTIFICATE')
    expect(text).not.toMatch(/MAC.*fail/i)
    // It reads and writes passphrases by one function: one of them is enough here.
    if (passphrase !== 'ключ 😀' && !process.env.EVERY_KIND) return
    writeByCerttool(host, passphrase)
    expect(importFrom(host.p12, { passphrase }).notes).toEqual([])
  })
})

function writeByCerttool({ folder }: Host, passphrase: string): void {
  const files = ['--load-privkey=server-key.pem', '--load-certificate=server-cert.pem']
  const out = ['--outder', '--outfile=host.p12', `--password=${passphrase}`, '--p12-name=x']
  succeed('certtool', ['--to-p12', ...files, '--load-ca-certificate=ca-cert.pem', ...out], folder)
}

describe('what other programs protect otherwise', () => {
  test.each([
    ['-legacy', '-descert'],
    ['-legacy'],
    ['-keypbe', 'DES-EDE3-CBC', '-certpbe', 'AES-128-CBC'],
    ['-keypbe', 'AES-192-CBC', '-certpbe', 'NONE', '-macalg', 'sha512', '-iter', '60000'],
    ['-macalg', 'sha384'],
    ['-nomac'],
  ])('openssl pkcs12 %s %s %s %s', (...how) => {
    const host = makeHost('ecdsa:secp256r1')
    const files = ['-inkey', 'server-key.pem', '-in', 'server-cert.pem', '-certfile', 'ca-cert.pem']
    const out = ['-out', 'host.p12', '-passout', `pass:${PASSPHRASE}`]
    succeed('openssl', ['pkcs12', '-export', ...how, ...files, ...out], host.folder)
    const { folder, notes } = importFrom(host.p12)
    expectSame(folder, host.folder)
    const isOld = how.includes('-legacy') || how.includes('DES-EDE3-CBC')
    const old = isOld ? ['PKI_P12_OUTDATED'] : []
    const expected = how.includes('-nomac') ? ['PKI_P12_NO_MAC'] : old
    expect(notes.map(({ code }) => code)).toEqual(expected)
  })

  testWith('pk12util', 'pk12util writes BER', () => {
    const host = makeHost('ecdsa:secp256r1')
    exportTo(host)
    const run = (program: string, args: readonly string[]) => succeed(program, args, host.folder)
    writeFileSync(join(host.folder, 'pw'), `${PASSPHRASE}\n`)
    run('certutil', ['-N', '-d', '.', '--empty-password'])
    run('pk12util', ['-i', 'host.p12', '-d', '.', '-w', 'pw', '-K', ''])
    const [, name] = /\n(\S.*?)\s+u,u,u/.exec(run('certutil', ['-L', '-d', '.'])) ?? []
    const out = ['-o', 'nss.p12', '-n', name ?? '', '-d', '.', '-w', 'pw', '-K', '']
    run('pk12util', out)
    const bytes = readFileSync(join(host.folder, 'nss.p12'))
    expect(bytes[1]).toBe(0x80)
    const { folder } = importFrom(join(host.folder, 'nss.p12'))
    expectSame(folder, host.folder)
  })

  testWith('keytool', 'keytool reads and writes', () => {
    const host = makeHost('ecdsa:secp256r1')
    exportTo(host)
    const from = ['-srckeystore', 'host.p12', '-srcstorepass', PASSPHRASE]
    const to = ['-destkeystore', 'java.p12', '-deststoretype', 'PKCS12']
    const pass = ['-deststorepass', PASSPHRASE, '-noprompt']
    succeed('keytool', ['-importkeystore', ...from, ...to, ...pass], host.folder)
    const { folder } = importFrom(join(host.folder, 'java.p12'))
    expectSame(folder, host.folder)
  })
})
