/** Requests, intermediates and encrypted keys, judged by OpenSSL, GnuTLS and QEMU. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DiagnosticError } from '../../src/diagnostics/diagnostic.ts'
import { createAuthority } from '../../src/pki/authority.ts'
import { parseDnsName } from '../../src/pki/host-names.ts'
import { parseKeyRequest } from '../../src/pki/key-kind.ts'
import { layoutAt } from '../../src/pki/layout.ts'
import {
  createSigningRequest,
  type SignRequest,
  signRequest,
} from '../../src/pki/request-signing.ts'
import { runFile, scratchFolder, writeFiles } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'
import { issue, makeAuthority, strengthOf } from './credentials.ts'

const KINDS = ['rsa:3072', 'ecdsa:secp384r1', 'ed25519'] as const

function makeRequest(kind: string, folder = scratchFolder()) {
  return createSigningRequest({
    role: 'server',
    layout: layoutAt('qemu', folder),
    strength: strengthOf(),
    organization: 'Example',
    hosts: [parseDnsName('host.example')],
    key: parseKeyRequest(kind),
  })
}

function sign(path: string, more: Partial<SignRequest> = {}) {
  const authority = more.layout ?? layoutAt('qemu', makeAuthority('ed25519'))
  return signRequest({
    role: 'server',
    path,
    hosts: [parseDnsName('host.example')],
    layout: authority,
    out: layoutAt('qemu', scratchFolder()),
    strength: strengthOf(),
    ...more,
  })
}

function refusalOf(work: () => unknown): string | undefined {
  try {
    work()
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics[0]?.code
    throw error
  }
  return undefined
}

/** A request that OpenSSL makes, with a configuration of extensions. */
const P256 = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']

function opensslRequest(extensions: string, args: readonly string[] = P256): string {
  const folder = scratchFolder()
  const config = `[req]\ndistinguished_name=n\nreq_extensions=e\n[n]\n[e]\n${extensions}\n`
  writeFiles(folder, { config })
  const path = join(folder, 'request.pem')
  const files = ['-config', join(folder, 'config'), '-keyout', join(folder, 'key'), '-out', path]
  const subject = ['-subj', '/C=UK/O=Evil/CN=www.example']
  const made = runFile('openssl', ['req', '-new', '-nodes', ...files, ...subject, ...args])
  expect(made.status, made.stderr).toBe(0)
  return path
}

test.each(KINDS)('a key that stays where it is gets a certificate: %s', (kind) => {
  const home = scratchFolder()
  const { requestFile } = makeRequest(kind, home)
  const { certificate, notes } = sign(requestFile, {
    out: layoutAt('qemu', home),
    organization: 'Example',
  })
  expect(notes).toEqual([])
  expect(certificate.subject).toBe('O=Example\nCN=host.example')
  expect(certificate.ca).toBe(false)
  expect(readFileSync(join(home, 'ca-cert.pem'), 'utf8')).toContain('BEGIN CERTIFICATE')
})

testWith('openssl', 'OpenSSL finds our requests good', () => {
  for (const kind of KINDS) {
    const { requestFile } = makeRequest(kind)
    const args = ['req', '-in', requestFile, '-noout', '-verify', '-text']
    const { status, stdout } = runFile('openssl', args)
    expect([status, stdout]).toEqual([0, expect.stringContaining('DNS:host.example')])
  }
})

testWith('certtool', 'GnuTLS finds our requests good', () => {
  for (const kind of KINDS) {
    const { requestFile } = makeRequest(kind)
    const { stdout } = runFile('certtool', ['--crq-info', '--infile', requestFile])
    expect(stdout).toMatch(/Self signature: verified/)
  }
})

describe('of a request only the key is taken [openssl]', () => {
  const WISHES = [
    'basicConstraints=critical,CA:TRUE,pathlen:5',
    'keyUsage=critical,keyCertSign,cRLSign',
    'subjectAltName=DNS:host.example,DNS:*.evil.example,IP:192.0.2.1,email:a@b.example',
  ].join('\n')

  testWith(
    'openssl',
    'an authority becomes none, and names that no option grants are left out',
    () => {
      const { certificate, notes } = sign(opensslRequest(WISHES))
      expect(certificate.ca).toBe(false)
      expect(certificate.subject).toBe('CN=host.example')
      expect(certificate.subjectAltName).toBe('DNS:host.example')
      expect(notes.map(({ code }) => code)).toEqual(['PKI_REQUEST_LEFT_OUT'])
      for (const word of [
        '*.evil.example',
        '192.0.2.1',
        'O=Evil',
        '2.5.29.19',
        '2.5.29.15',
        '2.5.4.6',
      ]) {
        expect(notes[0]?.message).toContain(word)
      }
    },
  )

  testWith('openssl', 'a common name that another one takes the place of is told', () => {
    const { certificate, notes } = sign(opensslRequest(WISHES), { commonName: 'other.example' })
    expect(certificate.subject).toBe('CN=other.example')
    const leftOut = notes.find(({ code }) => code === 'PKI_REQUEST_LEFT_OUT')
    expect(leftOut?.message).toContain('CN=www.example')
  })

  testWith('openssl', 'without a name nothing is signed; all are granted only if told', () => {
    const path = opensslRequest(WISHES)
    expect(refusalOf(() => sign(path, { hosts: [] }))).toBe('PKI_REQUEST_NAMES')
    const { certificate } = sign(path, { hosts: [], acceptNames: true })
    expect(certificate.subject).toBe('O=Evil\nCN=www.example')
    expect(certificate.subjectAltName).toContain('DNS:*.evil.example, IP Address:192.0.2.1')
    const bad = opensslRequest('subjectAltName=DNS:*')
    expect(refusalOf(() => sign(bad, { hosts: [], acceptNames: true }))).toBe('PKI_DNS_INVALID')
  })

  testWith('openssl', 'its key and its signature are held against the policy', () => {
    const weak = opensslRequest('subjectAltName=DNS:a', ['-newkey', 'rsa:1024'])
    expect(refusalOf(() => sign(weak, { strength: strengthOf('NORMAL:%PROFILE_MEDIUM') }))).toBe(
      'PKI_KEY_TOO_WEAK',
    )
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1']
    const foreign = opensslRequest('subjectAltName=DNS:a', curve)
    expect(refusalOf(() => sign(foreign))).toBe('PKI_KEY_UNKNOWN_TYPE')
    const sha1 = opensslRequest('subjectAltName=DNS:a', [...P256, '-sha1'])
    expect(refusalOf(() => sign(sha1))).toBe('PKI_REQUEST_UNSIGNED')
  })

  testWith('openssl', 'a request whose bytes were changed is refused', () => {
    const path = opensslRequest('subjectAltName=DNS:a.example')
    const [first = '', ...lines] = readFileSync(path, 'utf8').trim().split('\n')
    const bytes = Buffer.from(lines.slice(0, -1).join(''), 'base64')
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 0x41
      writeFileSync(path, [first, changed.toString('base64'), lines.at(-1)].join('\n'))
      expect(refusalOf(() => sign(path))).toMatch(/^PKI_(REQUEST_|KEY_)/)
    }
  })
})

describe('an authority below another', () => {
  const makeIntermediate = () => {
    const root = makeAuthority('ecdsa:secp384r1')
    const folder = scratchFolder()
    createAuthority({
      layout: layoutAt('qemu', folder),
      strength: strengthOf(),
      subject: { commonName: 'Lower CA' },
      parent: { layout: layoutAt('qemu', root) },
    })
    issue(folder, 'server', 'ecdsa')
    return { root, folder }
  }

  testWith('openssl', 'OpenSSL verifies the chain from the root alone', () => {
    const { root, folder } = makeIntermediate()
    const server = join(folder, 'server-cert.pem')
    const trusted = ['-CAfile', join(root, 'ca-cert.pem'), '-x509_strict']
    const args = ['verify', ...trusted, '-untrusted', server, server]
    expect(runFile('openssl', args)).toMatchObject({ status: 0 })
    expect(readFileSync(server, 'utf8').match(/BEGIN CERT/g)).toHaveLength(2)
  })

  testWith('qemu-img', 'QEMU takes the folder', () => {
    const { folder } = makeIntermediate()
    writeFiles(folder, { image: 'x'.repeat(512) })
    const object = `tls-creds-x509,id=tls0,endpoint=server,dir=${folder}`
    const image = join(folder, 'image')
    const { status, stderr } = runFile('qemu-img', ['info', '--object', object, '-f', 'raw', image])
    expect([status, stderr]).toEqual([0, ''])
  })

  test('has none below itself', () => {
    const { folder } = makeIntermediate()
    const parent = { layout: layoutAt('qemu', folder) }
    const layout = layoutAt('qemu', scratchFolder())
    const make = () => createAuthority({ layout, strength: strengthOf(), subject: {}, parent })
    expect(refusalOf(make)).toBe('PKI_AUTHORITY_UNFIT')
  })
})

testWith('qemu-img', 'QEMU reads an encrypted key by passwordid, and only with it', () => {
  for (const kind of KINDS) {
    const folder = makeAuthority('ed25519')
    issue(folder, 'server', kind, { keyPassphrase: 'correct horse' })
    writeFiles(folder, { image: 'x'.repeat(512), secret: 'correct horse', wrong: 'x' })
    const load = (file: string) => {
      const secret = ['--object', `secret,id=key0,file=${join(folder, file)}`]
      const object = `tls-creds-x509,id=tls0,endpoint=server,dir=${folder},passwordid=key0`
      const args = ['info', ...secret, '--object', object, '-f', 'raw', join(folder, 'image')]
      return runFile('qemu-img', args).status
    }
    expect([kind, load('secret'), load('wrong')]).toEqual([kind, 0, 1])
    expect(readFileSync(join(folder, 'server-key.pem'), 'utf8')).toContain('ENCRYPTED PRIVATE KEY')
  }
})
