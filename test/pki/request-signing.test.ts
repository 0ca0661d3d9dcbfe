/** Requests, intermediates and encrypted keys, judged by OpenSSL, GnuTLS and QEMU. */
import { generateKeyPairSync, sign as signBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
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
import { readSigningRequest } from '../../src/pki/signing-request.ts'
import { runFile, scratchFolder, writeFiles } from '../cli/command.ts'
import { refusal } from '../diagnostic-code.ts'
import { testWith } from '../peers/peer.ts'
import { element, integer, oid, pem, sequence } from '../tls/certificates.ts'
import { encodeName } from '../x509/made-certificate.ts'
import { issue, makeAuthority, strengthOf } from './credentials.ts'

const KINDS = ['rsa:2048', 'ecdsa:secp384r1', 'ed25519'] as const

function makeRequest(kind: string, folder = scratchFolder(), organization = ['Example']) {
  return createSigningRequest({
    role: 'server',
    layout: layoutAt('qemu', folder),
    strength: strengthOf(),
    ...(organization[0] === undefined ? {} : { organization: organization[0] }),
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
    const layout = layoutAt('qemu', makeAuthority('ed25519'))
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 0x41
      writeFileSync(path, [first, changed.toString('base64'), lines.at(-1)].join('\n'))
      expect(refusalOf(() => sign(path, { layout }))).toMatch(/^PKI_(REQUEST_|KEY_)/)
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
      key: parseKeyRequest('ecdsa:secp384r1'),
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
    const key = parseKeyRequest('ed25519')
    const make = () => createAuthority({ layout, strength: strengthOf(), subject: {}, key, parent })
    expect(refusalOf(make)).toBe('PKI_AUTHORITY_UNFIT')
  })
})

/** A request whose parts are chosen, signed by its key (RFC 2986 section 4). */
describe('the parts of a request', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const ECDSA = sequence(oid('2a8648ce3d040302'))
  const name = (text: string) => [['2.5.4.3', 0x0c, Buffer.from(text)] as const]
  const subject = encodeName([name('host.example')])
  const attributes = (...list: readonly Buffer[]) => element(0xa0, ...list)
  const wish = (...extensions: readonly Buffer[]) =>
    sequence(oid('2a864886f70d01090e'), element(0x31, sequence(...extensions)))
  const extension = (hex: string, value: Buffer) => sequence(oid(hex), element(0x04, value))
  const hosts = (...names: readonly string[]) =>
    extension('551d11', sequence(...names.map((text) => element(0x82, Buffer.from(text)))))

  const encode = (fields: readonly Buffer[], algorithm = ECDSA, ...more: readonly Buffer[]) => {
    const body = sequence(...fields)
    const signature = signBytes('sha256', body, privateKey)
    const bits = element(0x03, Buffer.from([0]), signature)
    return pem(sequence(body, algorithm, bits, ...more), 'CERTIFICATE REQUEST')
  }
  const read = (text: string) => readSigningRequest({ name: 'r.pem', text }, strengthOf())

  test('names are those of the subject and of the extension', () => {
    const challenge = sequence(oid('2a864886f70d010907'), element(0x31, element(0x0c)))
    const usage = extension('551d0f', Buffer.from('03020780', 'hex'))
    const all = [challenge, wish(usage, hosts('a.example', 'b.example')), wish(hosts('c.example'))]
    const many = encodeName([
      [['2.5.4.6', 0x13, Buffer.from('UK')]],
      [['2.5.4.10', 0x0c, Buffer.from('O')]],
      name('first'),
      name('second'),
    ])
    const { names, ...rest } = read(encode([integer(0), many, spki, attributes(...all)]))
    expect(names.map(({ value }) => value)).toEqual(['a.example', 'b.example'])
    expect(rest).toMatchObject({
      path: 'r.pem',
      subject: 'C=UK,O=O,CN=first,CN=second',
      commonName: 'first',
      organization: 'O',
      others: ['2.5.4.6', '2.5.29.15'],
    })
  })

  test('attributes may be missing, and so may what is in them', () => {
    const plain = { commonName: 'host.example', names: [], others: [] }
    for (const rest of [[], [attributes()], [attributes(wish())]]) {
      expect(read(encode([integer(0), subject, spki, ...rest]))).toMatchObject(plain)
    }
    const empty = sequence(oid('2a864886f70d01090e'), element(0x31))
    const later = attributes(empty, wish(hosts('a.example')))
    const { names } = read(encode([integer(0), subject, spki, later]))
    expect(names.map(({ value }) => value)).toEqual(['a.example'])
    const bare = read(encode([integer(0), encodeName([]), spki]))
    expect([bare.subject, 'commonName' in bare, 'organization' in bare]).toEqual(['', false, false])
  })

  test.each<[string, string, string]>([
    ['a fourth part', encode([integer(0), subject, spki], ECDSA, integer(1)), 'MALFORMED'],
    ['no version', encode([subject, spki]), 'MALFORMED'],
    ['a name that is none', encode([integer(0), integer(1), spki]), 'MALFORMED'],
    ['no key', encode([integer(0), subject]), 'MALFORMED'],
    ['a key that is none', encode([integer(0), subject, sequence()]), 'MALFORMED'],
    [
      'an attribute that is none',
      encode([integer(0), subject, spki, attributes(integer(1))]),
      'MALFORMED',
    ],
    ['an algorithm that is none', encode([integer(0), subject, spki], integer(1)), 'MALFORMED'],
    [
      'an unknown algorithm',
      encode([integer(0), subject, spki], sequence(oid('2a03'))),
      'UNSIGNED',
    ],
    [
      'another hash than that of its signature',
      encode([integer(0), subject, spki], sequence(oid('2a8648ce3d040303'))),
      'UNSIGNED',
    ],
    [
      'the key of another',
      encode([
        integer(0),
        subject,
        generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey.export({
          type: 'spki',
          format: 'der',
        }),
      ]),
      'UNSIGNED',
    ],
  ])('%s is refused', (_, text, code) => {
    expect(() => read(text)).toThrow(refusal(`PKI_REQUEST_${code}`))
  })

  test('another block of PEM is refused, and both labels are taken', () => {
    const text = encode([integer(0), subject, spki])
    expect(read(text.replaceAll('CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST')).subject).toBe(
      'CN=host.example',
    )
    const other = text.replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE')
    expect(() => read(other)).toThrow(refusal('TLS_PEM_MISSING'))
  })
})

describe('where a request is signed', () => {
  const home = () => {
    const folder = scratchFolder()
    return { folder, layout: layoutAt('qemu', folder), ...makeRequest('ed25519', folder) }
  }

  test('the key beside the certificate is that of the request, as far as it can be read', () => {
    const { requestFile, keyFile, layout: out } = home()
    const other = home()
    const signOther = (force = false) => sign(other.requestFile, { out, force })
    expect(refusalOf(() => signOther())).toBe('PKI_KEY_MISMATCH')
    expect(existsSync(out.pair('server').certificate)).toBe(false)
    expect(sign(requestFile, { out }).isKeyKept).toBe(true)
    const { privateKey } = generateKeyPairSync('ed25519')
    const hidden = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' } as const
    writeFileSync(keyFile, privateKey.export(hidden))
    const layout = layoutAt('qemu', makeAuthority('ed25519'))
    const elsewhere = layoutAt('qemu', scratchFolder())
    writeFiles(elsewhere.root, { 'server-key.pem': readFileSync(keyFile) })
    expect(sign(requestFile, { out: elsewhere, layout }).isKeyKept).toBe(true)
  })

  test('a certificate is replaced only if told, and lives a year', () => {
    const { requestFile } = home()
    const layout = layoutAt('qemu', makeAuthority('ed25519'))
    const again = (more: Partial<SignRequest>) =>
      sign(requestFile, { layout, out: layout, ...more })
    const { certificate } = again({})
    const daysOf = (one: typeof certificate) =>
      Math.round((one.validToDate.getTime() - Date.now()) / 86_400_000)
    expect(daysOf(certificate)).toBe(365)
    expect(refusalOf(() => again({}))).toBe('PKI_FILE_EXISTS')
    expect(daysOf(again({ force: true, days: 3 }).certificate)).toBe(3)
  })

  test('a request and its key take the place of none unless told', () => {
    const { folder, keyFile } = home()
    const before = readFileSync(keyFile)
    expect(refusalOf(() => makeRequest('ed25519', folder))).toBe('PKI_FILE_EXISTS')
    expect(readFileSync(keyFile)).toEqual(before)
  })

  test('what it asks for beyond its names is told, and nothing where it gets all', () => {
    const { requestFile } = home()
    const layout = layoutAt('qemu', makeAuthority('ed25519'))
    const leftOut = (more: Partial<SignRequest>) => {
      const { notes } = sign(requestFile, { layout, out: layout, force: true, ...more })
      const [note, ...others] = notes
      expect(others).toEqual([])
      return note?.message.replace(/^.*more than it got: /, '')
    }
    expect(leftOut({ organization: 'Example' })).toBeUndefined()
    expect(leftOut({ hosts: [], acceptNames: true })).toBeUndefined()
    expect(leftOut({})).toBe('`O=Example`')
    expect(leftOut({ organization: 'Other' })).toBe('`O=Example`')
    const hosts = [parseDnsName('other.example')]
    expect(leftOut({ organization: 'Example', hosts })).toBe('`host.example`, `CN=host.example`')
    expect(leftOut({ commonName: 'Any Server', hosts, acceptNames: true })).toBe(
      '`host.example`, `CN=host.example`',
    )
    // What it does not ask for, it does not lack.
    const bare = makeRequest('ed25519', scratchFolder(), [])
    expect(leftOut({ path: bare.requestFile, organization: 'Example' })).toBeUndefined()
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
