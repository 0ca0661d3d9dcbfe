import { createPrivateKey, X509Certificate } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseDnsName } from '../../src/pki/host-names.ts'
import { spawnSync } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { issue, makeAuthority as makeAuthorityOf } from '../pki/credentials.ts'
import { AUTHORITY, make } from '../x509/made-certificate.ts'
import { type Outcome, ROOT, run, runFile, scratchFolder, writeFiles } from './command.ts'
import { runInProcess } from './in-process.ts'
import { parseEnvelope, resultOf } from './json-output.ts'

/** Keys that are made at once. */
const KEY = ['--key', 'ed25519']

function pki(...args: readonly string[]): Promise<Outcome> {
  // No policy of the host is to decide what the tests see.
  const env = { GNUTLS_SYSTEM_PRIORITY_FILE: '/nonexistent' }
  return runInProcess(['pki', ...args], { env })
}

/** What is only the scene of a test is made without a command. */
function makeAuthority(): string {
  return makeAuthorityOf('ed25519', join(scratchFolder(), 'qemu'))
}

function makeClient(folder: string): void {
  issue(folder, 'client', 'ed25519', { commonName: 'x' })
}

function makeServer(folder: string, name: string): void {
  issue(folder, 'server', 'ed25519', { commonName: name, hosts: [parseDnsName(name)] })
}

async function initAuthority(...args: readonly string[]): Promise<string> {
  const folder = join(scratchFolder(), 'qemu')
  expect(await pki('init', folder, '--cn', 'Test CA', ...KEY, ...args)).toMatchObject({ status: 0 })
  return folder
}

function certificateIn(folder: string, name: string): X509Certificate {
  return new X509Certificate(readFileSync(join(folder, name)))
}

describe('init', () => {
  test('makes an authority once, and again only if told', async () => {
    const folder = await initAuthority()
    expect(readdirSync(folder).toSorted()).toEqual(['ca-cert.pem', 'ca-key.pem'])
    const first = certificateIn(folder, 'ca-cert.pem').fingerprint256
    const again = await pki('init', folder, ...KEY)
    expect([again.status, again.stdout]).toEqual([73, ''])
    expect(again.stderr).toContain('error[PKI_FILE_EXISTS]')
    expect(certificateIn(folder, 'ca-cert.pem').fingerprint256).toBe(first)
    expect((await pki('init', folder, ...KEY, '--force')).status).toBe(0)
    expect(certificateIn(folder, 'ca-cert.pem').fingerprint256).not.toBe(first)
  })

  test('lets only the owner read keys and write to folders, under any umask', () => {
    const folder = join(scratchFolder(), 'a', 'b')
    const launcher = join(ROOT, 'bin', 'cryptopolicy')
    const script = `umask 000; ${launcher} pki init ${folder} --layout libvirt --key ed25519`
    expect(spawnSync('sh', ['-c', script]).status).toBe(0)
    const modes = ['..', '.', 'CA', 'CA/private', 'CA/private/cakey.pem', 'CA/cacert.pem'].map(
      (path) => (statSync(join(folder, path)).mode & 0o777).toString(8),
    )
    expect(modes).toEqual(['755', '755', '755', '755', '600', '644'])
  })

  test('refuses a file in place of the folder, and names that mislead', async () => {
    const folder = scratchFolder()
    writeFiles(folder, { file: '' })
    expect((await pki('init', join(folder, 'file'), ...KEY)).status).toBe(73)
    expect((await pki('init', folder, ...KEY, '--cn', 'a\u202eb')).status).toBe(64)
    expect((await pki('init', folder, ...KEY, '--days', '0')).status).toBe(64)
    expect((await pki('init', folder, '--key', 'rsb')).stderr).toContain('did you mean rsa')
    expect(readdirSync(folder)).toEqual(['file'])
  })
})

describe('issue', () => {
  test('names the server as clients do, and says how', async () => {
    const folder = makeAuthority()
    const names = ['--dns', 'host.example', '--dns', 'müller.de', '--ip', '192.0.2.1']
    const { status, stdout } = await pki('issue', 'server', folder, '--org', 'Ex', ...names, ...KEY)
    expect(status).toBe(0)
    expect(stdout.split('\n')).toEqual([
      `wrote ${folder}/server-key.pem: ed25519`,
      `wrote ${folder}/server-cert.pem: O=Ex,CN=host.example`,
      '  for host.example, xn--mller-kva.de, 192.0.2.1',
      expect.stringMatching(/^ {2}valid until \d{4}-\d\d-\d\d$/),
      '',
    ])
  })

  test('adds a common name that is a host, warns of one that is not looked at', async () => {
    const folder = makeAuthority()
    const added = await pki('issue', 'server', folder, '--cn', 'host.example', ...KEY)
    expect(added.stderr).toContain('note[PKI_COMMON_NAME_ADDED]')
    expect(certificateIn(folder, 'server-cert.pem').subjectAltName).toBe('DNS:host.example')
    const other = ['--cn', 'host.example', '--dns', 'other.example', '--force']
    const warned = await pki('issue', 'server', folder, ...other, ...KEY)
    expect(warned.stderr).toContain('warning[PKI_COMMON_NAME_IGNORED]')
    const refused = await pki('issue', 'server', folder, '--cn', 'My Server', '--force', ...KEY)
    expect([refused.status, refused.stderr]).toEqual([
      64,
      expect.stringContaining('hint: name the host as clients do: --dns NAME or --ip ADDRESS'),
    ])
  })

  test('puts files elsewhere, with the authority but not its key', async () => {
    const folder = makeAuthority()
    const out = join(scratchFolder(), 'host')
    const args = ['--cn', 'laptop', ...KEY]
    expect((await pki('issue', 'client', folder, '--out', out, ...args)).status).toBe(0)
    expect(readdirSync(out).toSorted()).toEqual([
      'ca-cert.pem',
      'client-cert.pem',
      'client-key.pem',
    ])
    const pair = ['--out', out, '--layout', 'libvirt', ...args]
    expect((await pki('issue', 'client', folder, ...pair)).status).toBe(0)
    expect(readdirSync(join(out, 'libvirt')).toSorted()).toEqual(['clientcert.pem', 'private'])
    const other = makeAuthority()
    const refused = await pki(
      'issue',
      'client',
      other,
      '--out',
      out,
      '--layout',
      'qemu',
      ...args,
      '--force',
    )
    expect(refused.stderr).toContain('error[PKI_OTHER_AUTHORITY]')
  })

  test('makes further identities for QEMU only', async () => {
    const folder = makeAuthority()
    const args = ['issue', 'server', folder, '--dns', 'h.example', '--identity']
    expect((await pki(...args, '0', ...KEY)).status).toBe(0)
    expect((await pki(...args, '2', '--key', 'ml-dsa-65')).status).toBe(0)
    const { stdout } = await pki('check', folder)
    expect(stdout).toContain('server-cert-2.pem is not read')
    expect((await pki(...args, '4', ...KEY)).status).toBe(64)
    const out = ['--layout', 'libvirt', '--out', join(folder, 'out')]
    expect((await pki(...args, '1', ...KEY, ...out)).status).toBe(64)
  })

  test('names the authority that is missing, expired or not one', async () => {
    const empty = scratchFolder()
    expect(await pki('issue', 'client', empty, '--cn', 'x')).toMatchObject({
      status: 66,
      stderr: expect.stringContaining(`hint: make one: cryptopolicy pki init ${empty}`),
    })
    const folder = makeAuthority()
    makeClient(folder)
    const [key, certificate] = ['client-key.pem', 'client-cert.pem'].map((name) =>
      readFileSync(join(folder, name)),
    )
    writeFiles(empty, { 'ca-cert.pem': certificate ?? '', 'ca-key.pem': key ?? '' })
    expect((await pki('issue', 'client', empty, '--cn', 'x')).stderr).toContain(
      'PKI_AUTHORITY_UNFIT',
    )
    writeFiles(empty, { 'ca-cert.pem': readFileSync(join(folder, 'ca-cert.pem')) })
    expect((await pki('issue', 'client', empty, '--cn', 'x')).stderr).toContain('PKI_KEY_MISMATCH')
    writeFiles(empty, { 'ca-cert.pem': 'none' })
    const { status, stderr } = await pki('issue', 'client', empty, '--cn', 'x')
    expect([status, stderr]).toEqual([65, expect.stringContaining('ca-cert.pem')])
  })
})

test('an authority is found among others in its file', async () => {
  const [folder, older] = [makeAuthority(), makeAuthority()]
  const read = (path: string) => readFileSync(join(path, 'ca-cert.pem'), 'utf8')
  writeFiles(folder, { 'ca-cert.pem': read(older) + read(folder) })
  expect((await pki('issue', 'client', folder, '--cn', 'x', ...KEY)).status).toBe(0)
  expect((await pki('check', folder)).status).toBe(0)
})

test.each([
  [['issue', 'client', 'DIR', '--cn', 'guest', ...KEY, '--force']],
  [['renew', 'DIR']],
  [['renew', 'server', 'DIR']],
  [['renew', 'authority', 'DIR']],
  [['revoke', 'DIR']],
])('%j names the folder that is asked for where the key of the authority is not', async (args) => {
  const folder = makeAuthority()
  makeServer(folder, 'host.example')
  rmSync(join(folder, 'ca-key.pem'))
  const words = args.map((word) => (word === 'DIR' ? folder : word))
  const { status, stderr } = await pki(...words)
  expect(status).toBe(66)
  expect(stderr).toContain(
    `error[PKI_NO_AUTHORITY_KEY]: cannot sign: ${folder}/ca-cert.pem is there`,
  )
  expect(stderr).toContain('\nhint: DIR is the folder that pki init made; --out names')
})

describe('an encrypted authority', () => {
  const folderWith = (files: Record<string, string>) => {
    const folder = scratchFolder()
    writeFiles(folder, files)
    return folder
  }

  test('signs with its passphrase only, which is printed nowhere', async () => {
    const secrets = folderWith({ good: 'correct horse\nmore\n', bad: 'wrong\n', empty: '\n' })
    const given = (name: string) => ['--passphrase-file', join(secrets, name)]
    const folder = await initAuthority(...given('good'))
    expect(readFileSync(join(folder, 'ca-key.pem'), 'utf8')).toContain(
      'BEGIN ENCRYPTED PRIVATE KEY',
    )
    const args = ['issue', 'client', folder, '--cn', 'x', ...KEY]
    expect((await pki(...args)).stderr).toContain('PKI_PASSPHRASE_MISSING')
    expect((await pki(...args, ...given('bad'))).stderr).toContain('PKI_PASSPHRASE_WRONG')
    expect((await pki(...args, ...given('empty'))).stderr).toContain('PKI_PASSPHRASE_EMPTY')
    expect((await pki(...args, ...given('none'))).status).toBe(66)
    const { status, stdout, stderr } = await pki(...args, ...given('good'), '--debug')
    expect(status).toBe(0)
    expect(stdout + stderr).not.toMatch(/correct horse|PRIVATE KEY/)
  })

  testWith('openssl', 'is one that openssl and certtool can read', async () => {
    const secrets = folderWith({ good: 'correct horse\n' })
    const folder = await initAuthority('--passphrase-file', join(secrets, 'good'))
    const key = join(folder, 'ca-key.pem')
    const args = ['pkey', '-in', key, '-passin', `file:${join(secrets, 'good')}`, '-noout']
    expect(runFile('openssl', args).status).toBe(0)
  })
})

describe('renew', () => {
  test('keeps names and key, and gives another serial number', async () => {
    const folder = makeAuthority()
    const names = ['--dns', 'a.example', '--ip', '::1', '--org', 'Ex', '--days', '77']
    await pki('issue', 'server', folder, ...names, ...KEY)
    const before = certificateIn(folder, 'server-cert.pem')
    const { status, stdout } = await pki('renew', 'server', folder)
    expect(status).toBe(0)
    expect(stdout).toContain(`kept ${folder}/server-key.pem: ed25519`)
    const after = certificateIn(folder, 'server-cert.pem')
    expect(after.subject).toBe(before.subject)
    expect(after.subjectAltName).toBe(before.subjectAltName)
    expect(after.publicKey.equals(before.publicKey)).toBe(true)
    expect(after.serialNumber).not.toBe(before.serialNumber)
    const length = after.validToDate.getTime() - after.validFromDate.getTime()
    expect(Math.abs(length - 77 * 86_400_000)).toBeLessThan(7_200_000)
  })

  test('makes a new key if asked, of another kind too', async () => {
    const folder = makeAuthority()
    makeClient(folder)
    expect((await pki('renew', folder, '--new-key')).status).toBe(0)
    expect((await pki('renew', folder, '--key', 'ecdsa')).status).toBe(0)
    const { publicKey } = certificateIn(folder, 'client-cert.pem')
    expect(publicKey.asymmetricKeyType).toBe('ec')
    expect((await pki('check', folder)).status).toBe(0)
  })

  test('renews all that is there, as one JSON document', async () => {
    const folder = makeAuthority()
    makeClient(folder)
    makeServer(folder, 'x')
    const { stdout } = await pki('renew', folder, '--json')
    expect(resultOf(stdout).issued).toMatchObject([
      { certificateFile: `${folder}/server-cert.pem`, isKeyKept: true, names: ['x'] },
      { certificateFile: `${folder}/client-cert.pem`, isKeyKept: true, names: [] },
    ])
  })

  test('renews an authority, with its key or with a new one, as one JSON document', async () => {
    const folder = makeAuthority()
    for (const [args, isKeyKept] of [
      [[], true],
      [['--new-key'], false],
    ] as const) {
      const { stdout } = await pki('renew', 'authority', folder, ...args, '--json')
      expect(parseEnvelope(stdout).schema).toBe('cryptopolicy.pki-renew.v1')
      expect(resultOf(stdout).issued).toMatchObject([
        { certificateFile: `${folder}/ca-cert.pem`, keyFile: `${folder}/ca-key.pem`, isKeyKept },
      ])
      const { serialNumber } = certificateIn(folder, 'ca-cert.pem')
      expect(stdout.toUpperCase()).toContain(serialNumber)
    }
  })

  test('says what is missing', async () => {
    const folder = makeAuthority()
    expect((await pki('renew', folder)).status).toBe(66)
    expect((await pki('renew', 'sever', folder)).stderr).toContain('did you mean server?')
  })
})

test('an authority below another is told as one JSON document', async () => {
  const root = makeAuthority()
  const folder = join(scratchFolder(), 'below')
  const { status, stdout } = await pki(
    'init',
    folder,
    '--parent',
    root,
    '--cn',
    'Below',
    '--json',
    ...KEY,
  )
  expect([status, parseEnvelope(stdout).schema]).toEqual([0, 'cryptopolicy.pki-init.v1'])
  const { subject } = certificateIn(root, 'ca-cert.pem')
  expect(resultOf(stdout).issued).toMatchObject([
    { certificateFile: `${folder}/ca-cert.pem`, subject: 'CN=Below', issuer: subject },
  ])
})

test('what was revoked is told as one JSON document, and is what OpenSSL reads in the list', async () => {
  const folder = makeAuthority()
  makeClient(folder)
  const certificate = join(folder, 'client-cert.pem')
  const { status, stdout } = await pki('revoke', folder, certificate, '--json')
  expect([status, parseEnvelope(stdout).schema]).toEqual([0, 'cryptopolicy.pki-revoke.v1'])
  const { paths, lists } = resultOf(stdout)
  expect(paths).toEqual([join(folder, 'ca-crl.pem')])
  expect(lists).toMatchObject([{ added: [expect.any(String)], count: 1 }])
  const read = runFile('openssl', ['crl', '-in', paths[0], '-noout', '-text']).stdout
  const { serialNumber } = certificateIn(folder, 'client-cert.pem')
  expect(read).toContain(`Serial Number: ${serialNumber}`)
  expect(lists[0].added[0].toUpperCase()).toContain(serialNumber)
})

describe('check', () => {
  test('says of an authority alone that its key cannot be read', async () => {
    const folder = scratchFolder()
    const raw = Buffer.from(make({ subject: 'Test CA', ...AUTHORITY }).raw)
    // An uncompressed point of P-256 begins with 4; there is no form 5.
    const point = raw.indexOf(Buffer.from('03420004', 'hex')) + 3
    raw[point] = 5
    const base64 = raw.toString('base64').replace(/(.{64})/g, '$1\n')
    const pem = `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`
    writeFiles(folder, { 'ca-cert.pem': pem })
    const { status, stdout, stderr } = await pki('check', folder)
    expect(status).not.toBe(70)
    expect(stdout + stderr).toContain('TLS_CERTIFICATE_KEY_UNREADABLE')
  })

  test('finds nothing wrong with what was issued, in either layout', async () => {
    for (const layout of ['qemu', 'libvirt']) {
      const authority = await initAuthority('--layout', layout)
      const folder = join(scratchFolder(), 'host')
      await pki('issue', 'server', authority, '--out', folder, '--dns', 'a.example', ...KEY)
      await pki('issue', 'client', authority, '--out', folder, '--cn', 'x', ...KEY)
      const { status, stdout } = await pki('check', folder, '--hostname', 'a.example', '--json')
      expect(resultOf(stdout)).toMatchObject({
        certificates: [{ role: 'server' }, { role: 'authority' }, { role: 'client' }],
        findings: [],
      })
      expect(status).toBe(0)
    }
  })

  test('says which name is missing, and what ends soon', async () => {
    const folder = makeAuthority()
    await pki('issue', 'server', folder, '--dns', 'a.example', '--days', '20', ...KEY)
    const { status, stdout } = await pki('check', folder, '--hostname', '192.0.2.7')
    expect(status).toBe(1)
    expect(stdout).toMatch(
      /error\[PKI_EXPIRES_SOON\]: .*server-cert.pem: CN=a.example .* in 19 days/,
    )
    expect(stdout).toContain('no server certificate is one for 192.0.2.7: they have a.example')
    expect(stdout).toContain('hint: issue one with --ip 192.0.2.7')
    expect((await pki('check', folder, '--days', '10')).status).toBe(0)
    const hidden = await pki('check', folder, '--hostname', 'a.example/.evil')
    expect(hidden.status).toBe(64)
    expect(hidden.stderr).toContain('PKI_HOSTNAME_INVALID')
  })

  test('finds halves, strangers and keys that others may read', async () => {
    const folder = makeAuthority()
    makeServer(folder, 'a.example')
    chmodSync(join(folder, 'server-key.pem'), 0o644)
    chmodSync(folder, 0o777)
    const exposed = await pki('check', folder)
    expect([exposed.status, exposed.stdout]).toEqual([1, expect.stringContaining('SECRET_EXPOSED')])
    expect(exposed.stdout).toContain('PKI_FOLDER_WRITABLE')
    writeFiles(folder, { 'ca-cert.pem': readFileSync(join(makeAuthority(), 'ca-cert.pem')) })
    expect((await pki('check', folder)).status).toBe(1)
    writeFiles(folder, { 'client-key.pem': 'x' })
    expect((await pki('check', folder)).stdout).toContain('client-cert.pem')
  })

  test('finds which other users could read or replace the files', async () => {
    const folder = makeAuthority()
    makeServer(folder, 'a.example')
    writeFiles(folder, { 'keys.psk': 'qemu:a5\n' })
    chmodSync(join(folder, 'keys.psk'), 0o600)
    chmodSync(join(folder, 'ca-cert.pem'), 0o666)
    chmodSync(join(folder, 'server-key.pem'), 0o660)
    const { status, stdout } = await pki('check', folder)
    expect(status).toBe(1)
    expect(stdout).toContain(`every user can change ${folder}/ca-cert.pem`)
    expect(stdout).toContain(`every member of its group can change ${folder}/server-key.pem`)
    expect(stdout).toContain('warning[PKI_AUTHORITY_KEY_BESIDE]')
    expect(stdout).toContain('error[OBJECT_SHORT_SHARED_KEY]')
    expect(stdout).not.toContain('a5')
  })

  test.skipIf(process.geteuid?.() !== 0)('finds a folder of another owner [root]', async () => {
    const folder = makeAuthority()
    makeServer(folder, 'a.example')
    expect((await pki('check', folder)).status).toBe(0)
    chownSync(folder, 65_534, 65_534)
    const { status, stdout } = await pki('check', folder)
    expect([status, stdout]).toEqual([1, expect.stringContaining('error[PKI_FOREIGN_OWNER]')])
  })

  testWith(
    'qemu-img',
    'says with which releases an expired second authority is refused',
    async () => {
      const folder = makeAuthority()
      makeServer(folder, 'a.example')
      const old = make({ subject: 'Old', ...AUTHORITY, until: -1 })
      const own = readFileSync(join(folder, 'ca-cert.pem'), 'utf8')
      writeFiles(folder, { 'ca-cert.pem': own + old.certificate, image: 'x'.repeat(512) })
      const { stdout } = await pki('check', folder)
      expect(stdout).toMatch(/CN=Old expired on .*: QEMU 10 and older refuse .* QEMU 11 takes it/)
      const object = `tls-creds-x509,id=tls0,endpoint=server,dir=${folder}`
      const image = join(folder, 'image')
      const judge = runFile('qemu-img', ['info', '--object', object, '-f', 'raw', image])
      const version = runFile('qemu-img', ['--version']).stdout
      const isOld = Number(/version (\d+)/.exec(version)?.[1]) <= 10
      expect([judge.status === 0, judge.stderr.includes('expired')]).toEqual([!isOld, isOld])
    },
  )

  test('lists what ends within a time, the first first', async () => {
    const folder = makeAuthority()
    await pki('issue', 'server', folder, '--dns', 'a.example', '--days', '20', ...KEY)
    await pki('issue', 'client', folder, '--cn', 'x', '--days', '10', ...KEY)
    const soon = await pki('check', folder, '--expiring', '4w')
    expect(soon.status).toBe(1)
    expect(soon.stdout.match(/^\S+: (client|server|authority) /gm)).toEqual([
      `${folder}/client-cert.pem: client `,
      `${folder}/server-cert.pem: server `,
    ])
    expect(await pki('check', folder, '--expiring', '5d')).toMatchObject({ status: 0, stdout: '' })
    expect((await pki('check', folder, '--expiring', 'soon')).status).toBe(64)
  })

  test('finds what the policy does not allow', async () => {
    const folder = makeAuthority()
    makeClient(folder)
    const { status, stdout } = await pki('check', folder, '--priority', 'SUITEB128')
    expect([status, stdout]).toEqual([1, expect.stringContaining('error[PKI_KEY_TOO_WEAK]')])
  })

  test('needs a folder with credentials', async () => {
    const folder = scratchFolder()
    writeFiles(folder, { file: '' })
    expect((await pki('check', folder)).status).toBe(66)
    expect((await pki('check', join(folder, 'file'))).status).toBe(65)
    expect((await pki('check', join(folder, 'none'))).status).toBe(66)
  })
})

test('psk gives a user a key without showing it', async () => {
  const folder = scratchFolder()
  const { status, stdout, stderr } = await pki('psk', 'qemu', folder)
  expect([status, stdout]).toEqual([0, `wrote ${folder}/keys.psk: a key of 256 bits for qemu\n`])
  const [, key = ''] = readFileSync(join(folder, 'keys.psk'), 'utf8').trim().split(':')
  expect(key).toMatch(/^[0-9a-f]{64}$/)
  expect(stdout + stderr).not.toContain(key)
  expect((await pki('psk', 'qemu', folder, '--json')).stdout).not.toContain(key)
  expect((await pki('psk', 'a:b', folder)).status).toBe(64)
  mkdirSync(join(folder, 'other', 'keys.psk'), { recursive: true })
  expect((await pki('psk', 'qemu', join(folder, 'other'))).status).not.toBe(0)
})

test('the policy of the host decides where nothing else does', () => {
  const host = scratchFolder()
  const text = '[overrides]\nmin-verification-profile = ultra\n'
  writeFiles(host, { 'back-ends/gnutls.config': text })
  const folder = join(scratchFolder(), 'pki')
  const args = ['pki', 'init', folder, '--base-dir', host, '--key', 'ecdsa:p-256']
  const { status, stderr } = run('cryptopolicy', args)
  expect(status).toBe(1)
  expect(stderr).toContain(`${host}/back-ends/gnutls.config:2:1: error[PKI_KEY_TOO_WEAK]`)
  expect(stderr).toContain('`min-verification-profile = ultra` asks for 384')
})

test('psk loses no user where runs meet', () => {
  const folder = join(scratchFolder(), 'keys')
  const launcher = join(ROOT, 'bin', 'cryptopolicy')
  const script = `for i in 1 2 3 4 5 6 7 8; do ${launcher} pki psk u$i ${folder} & done; wait`
  expect(spawnSync('sh', ['-c', script]).status).toBe(0)
  const users = readFileSync(join(folder, 'keys.psk'), 'utf8').match(/^u\d/gm)
  expect(users?.toSorted()).toEqual(['u1', 'u2', 'u3', 'u4', 'u5', 'u6', 'u7', 'u8'])
})

/** Runs the same command four times at once; the statuses, in any order. */
function runFourAtOnce(args: readonly string[]): readonly number[] {
  const command = [join(ROOT, 'bin', 'cryptopolicy'), 'pki', ...args, '-q']
  const script = 'for i in 1 2 3 4; do { "$@" >/dev/null 2>&1; echo $?; } & done; wait'
  const { stdout } = spawnSync('sh', ['-c', script, 'sh', ...command], {
    encoding: 'utf8',
    timeout: 240_000,
  })
  return stdout.trim().split('\n').map(Number).toSorted()
}

function belongTogether(folder: string, certificate: string, key: string): boolean {
  const text = readFileSync(join(folder, key))
  return certificateIn(folder, certificate).checkPrivateKey(createPrivateKey(text))
}

test('of four runs at once one makes the files, and they belong together', () => {
  for (let round = 0; round < 2; round++) {
    const folder = join(scratchFolder(), 'pki')
    expect(runFourAtOnce(['init', folder, ...KEY])).toEqual([0, 73, 73, 73])
    expect(belongTogether(folder, 'ca-cert.pem', 'ca-key.pem')).toBe(true)
    const issue = ['issue', 'server', folder, '--dns', 'a.example', ...KEY]
    expect(runFourAtOnce(issue)).toEqual([0, 73, 73, 73])
    expect(runFourAtOnce([...issue, '--force'])).toEqual([0, 0, 0, 0])
    expect(belongTogether(folder, 'server-cert.pem', 'server-key.pem')).toBe(true)
    expect(readdirSync(folder)).toHaveLength(4)
  }
})

test('a new authority says what is to be done next, on which hosts and in which order', async () => {
  const folder = join(scratchFolder(), 'pki')
  const made = async (...args: readonly string[]) => {
    const { status, stdout, stderr } = await runInProcess(['pki', ...args])
    expect(status, stderr).toBe(0)
    return { stdout, steps: stderr.split('\n').filter((line) => /^next:|^ {6}\d/.test(line)) }
  }
  await made('init', folder, '--key', 'ed25519')
  const file = join(folder, 'ca-cert.pem')
  const copy = `copy ${file} to every host, of servers and clients, and let each load it`
  const renew = ['renew', 'authority', folder]
  expect((await made(...renew)).steps).toEqual([`next: ${copy}, before the old one ends`])
  expect((await made(...renew, '--new-key', '--key', 'ed25519')).steps).toEqual([
    `next: 1. ${copy}`,
    `      2. renew the certificates, host by host: cryptopolicy pki renew ${folder} --out HOST`,
    `      3. cryptopolicy pki renew authority ${folder} --retire, then do 1. again`,
  ])
  const certificates = () => readFileSync(file, 'utf8').split('BEGIN CERTIFICATE').length - 1
  expect(certificates()).toBeGreaterThan(1)
  expect((await made(...renew, '--retire')).stdout).toMatch(
    /^wrote .*: the former authority is gone/,
  )
  expect(certificates()).toBe(1)
  await made(...renew, '--new-key', '--key', 'ed25519')
  const { stdout, steps } = await made(...renew, '--retire', '--json')
  expect([resultOf(stdout), steps]).toEqual([{ issued: [] }, []])
})

test('a request says what was written, and where to go with it', async () => {
  const folder = scratchFolder()
  const words = ['pki', 'request', 'server', folder, '--key', 'ed25519', '--dns', 'host.example']
  const { stdout, stderr } = await runInProcess(words)
  expect(stdout.split('\n')).toEqual([
    `wrote ${join(folder, 'server-key.pem')}: ed25519`,
    `wrote ${join(folder, 'server-request.pem')}: host.example, host.example`,
    '',
  ])
  expect(stderr).toContain('sign it where the authority is: cryptopolicy pki sign server REQUEST')
})

testWith('openssl', 'a revoked certificate has the reason that was given, or none', async () => {
  const folder = join(scratchFolder(), 'pki')
  const pki = (...args: readonly string[]) => runInProcess(['pki', ...args])
  await pki('init', folder, '--key', 'ed25519')
  const reasons = []
  for (const reason of [[], ['--reason', 'keyCompromise']]) {
    await pki('issue', 'client', folder, '--cn', 'x', '--key', 'ed25519', '--force')
    const { status, stderr } = await pki(
      'revoke',
      folder,
      join(folder, 'client-cert.pem'),
      ...reason,
    )
    expect(status, stderr).toBe(0)
    const told = runFile('openssl', ['crl', '-noout', '-text', '-in', join(folder, 'ca-crl.pem')])
    reasons.push(/Key Compromise/.test(told.stdout))
  }
  expect(reasons).toEqual([false, true])
})
