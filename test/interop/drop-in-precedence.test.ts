/** Which of two settings counts, the policy's or a drop-in's: what is said of it, judged by the program. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findBackend } from '../../src/backends/all-backends.ts'
import { checkDropIns } from '../../src/system/drop-in-checks/all-checks.ts'
import { checkPriorityDropIns } from '../../src/system/priority-drop-ins.ts'
import { type Listing, listPriority } from '../backends/gnutls-cli.ts'
import { ROOT, runFile, scratchFolder, writeFiles } from '../cli/command.ts'
import { testWith } from '../peers/peer.ts'
import { shippedPolicy } from '../shipped-policies.ts'
import { decodeClientHello } from '../tls/prober/client-hello.ts'
import { CLIENTS } from './convert/clients.ts'
import { NEWER } from './policy/gnutls-judge.ts'

/** What a program uses of a file, as a text that differs where that differs. */
type Judge = (path: string) => string | Promise<string>

type Case = {
  readonly program: string
  readonly backend: string
  readonly dropIn: string
  /** Undefined where nothing is said. */
  readonly code: string | undefined
  readonly judge: Judge
}

const VAIN = 'DROPIN_WITHOUT_EFFECT'
const REPLACES = 'DROPIN_REPLACES_POLICY'
const STOPS = 'DROPIN_STOPS_PROGRAMS'

const ssh: Judge = (path) => runFile('ssh', ['-G', '-F', path, 'host.invalid']).stdout

const sshd: Judge = (path) => {
  const key = join(scratchFolder(), 'key')
  runFile('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
  const sshdPath = '/usr/sbin/sshd'
  const user = ['-C', 'user=root,host=localhost,addr=127.0.0.1']
  const { stdout } = runFile(sshdPath, ['-T', '-h', key, ...user, '-f', path])
  return stdout.replaceAll(/^hostkey .*$/gm, '')
}

/** A connection takes what it does not say itself from `conn %default`. */
const ipsec: Judge = (path) => {
  const main = join(scratchFolder(), 'ipsec.conf')
  writeFileSync(main, `include ${path}\nconn judged\n\tleft=192.0.2.1\n\tright=192.0.2.2\n`)
  return runFile('ipsec', ['readwriteconf', '--config', main]).stdout
}

const openssl: Judge = (path) => {
  const main = join(scratchFolder(), 'openssl.cnf')
  const head =
    'openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = crypto_policy\n'
  writeFileSync(main, `${head}[crypto_policy]\n.include ${path}\n`)
  return runFile('openssl', ['ciphers', '-s'], { env: { OPENSSL_CONF: main } }).stdout
}

const ENCRYPTION_TYPES = `
import ctypes
krb5 = ctypes.CDLL('libkrb5.so.3')
context, types = ctypes.c_void_p(), ctypes.POINTER(ctypes.c_int)()
assert krb5.krb5_init_context(ctypes.byref(context)) == 0
assert krb5.krb5_get_permitted_enctypes(context, ctypes.byref(types)) == 0
index = 0
while types[index]:
    print(types[index])
    index += 1
`

const kerberos: Judge = (path) =>
  runFile('python3', ['-c', ENCRYPTION_TYPES], { env: { KRB5_CONFIG: path } }).stdout

const READ_TOML = 'import sys, tomllib; print(tomllib.load(open(sys.argv[1], "rb")))'

const toml: Judge = (path) => runFile('python3', ['-c', READ_TOML, path]).stdout

const CASES: readonly Case[] = [
  {
    ...{ program: 'ssh', backend: 'openssh', code: VAIN, judge: ssh },
    dropIn: 'Host *\n  ciphers=aes128-cbc\n',
  },
  {
    ...{ program: 'ssh', backend: 'openssh', code: undefined, judge: ssh },
    dropIn: 'HostKeyAlgorithms ssh-ed25519\n',
  },
  {
    ...{ program: 'sshd', backend: 'opensshserver', code: VAIN, judge: sshd },
    dropIn: 'Ciphers +aes128-cbc\n',
  },
  {
    ...{ program: 'sshd', backend: 'opensshserver', code: VAIN, judge: sshd },
    dropIn: 'PubkeyAcceptedKeyTypes ssh-rsa\n',
  },
  {
    ...{ program: 'sshd', backend: 'opensshserver', code: undefined, judge: sshd },
    dropIn: 'Match User root\nPubkeyAcceptedAlgorithms ssh-rsa\n',
  },
  {
    ...{ program: 'ipsec', backend: 'libreswan', code: REPLACES, judge: ipsec },
    dropIn: '\tike=3des-md5\n',
  },
  {
    ...{ program: 'ipsec', backend: 'libreswan', code: REPLACES, judge: ipsec },
    dropIn: 'conn %default\n\tesp=null\n',
  },
  {
    ...{ program: 'ipsec', backend: 'libreswan', code: undefined, judge: ipsec },
    dropIn: 'conn other\n\tike=3des-md5\n',
  },
  {
    ...{ program: 'openssl', backend: 'opensslcnf', code: REPLACES, judge: openssl },
    dropIn: '[crypto_policy]\nCipherString = AES256-SHA\n',
  },
  {
    ...{ program: 'openssl', backend: 'opensslcnf', code: VAIN, judge: openssl },
    dropIn: 'CipherString = AES256-SHA\n',
  },
  {
    ...{ program: 'python3', backend: 'krb5', code: VAIN, judge: kerberos },
    dropIn: 'permitted_enctypes = arcfour-hmac\n',
  },
  {
    ...{ program: 'python3', backend: 'sequoia', code: STOPS, judge: toml },
    dropIn: '[other]\nx = 1\nx = 2\n',
  },
  {
    ...{ program: 'python3', backend: 'sequoia', code: STOPS, judge: toml },
    dropIn: '[hash_algorithms]\nsha4 = "never"\n',
  },
  {
    ...{ program: 'python3', backend: 'rpm-sequoia', code: STOPS, judge: toml },
    dropIn: '"ocb" = "always"\n',
  },
]

/** OpenSSH of this host may not know all names of a newer policy. */
const POLICY = shippedPolicy('FEDORA42', {
  'FEDORA42.pol':
    'cipher = AES-256-GCM AES-128-GCM AES-256-CBC\nmac = AEAD HMAC-SHA2-256 HMAC-SHA1\n'.concat(
      'group = X25519 SECP256R1 FFDHE-3072\nkey_exchange = ECDHE\nhash = SHA2-256 SHA2-384\n',
      'sign = RSA-SHA2-256 ECDSA-SHA2-256\nprotocol@TLS = TLS1.2 TLS1.3\nprotocol@IKE = IKEv2\n',
      'protocol@DTLS = DTLS1.2\nmin_rsa_size = 2048\nmin_dh_size = 2048\nmin_dsa_size = 2048\n',
    ),
}).policy

function policyText(backend: string): string {
  return findBackend(backend)?.generate(POLICY) ?? ''
}

function said(backend: string, dropIn: string): readonly string[] {
  const policy = { name: `back-ends/${backend}.config`, text: policyText(backend) }
  const source = { name: `local.d/${backend}-a.config`, text: dropIn }
  return checkDropIns(backend, policy, [source]).map(({ code }) => code)
}

for (const { program, backend, dropIn, code, judge } of CASES) {
  testWith(program, `${backend}: ${JSON.stringify(dropIn)} is told as ${code}`, async () => {
    const folder = scratchFolder()
    writeFiles(folder, {
      policy: policyText(backend),
      both: policyText(backend) + dropIn,
    })
    const alone = await judge(join(folder, 'policy'))
    const both = await judge(join(folder, 'both'))
    expect(alone).not.toBe('')
    if (code === VAIN) expect(both).toBe(alone)
    if (code === REPLACES) expect(both).not.toBe(alone)
    if (code === STOPS) expect(both).toBe('')
    expect(said(backend, dropIn)).toEqual(code === undefined ? [] : [code])
  })
}

testWith(
  'tstclnt',
  'nss: a second policy that allows something adds to that of the policy, and one that forbids does not',
  async () => {
    const text = policyText('nss')
    const own = text.slice(text.indexOf('library=\n'))
    const module = (config: string) =>
      `\n\nlibrary=\nname=Policy\nNSS=flags=policyOnly,moduleDB\nconfig="${config}"\n\n`
    const client = CLIENTS.find(({ target }) => target === 'nss')
    const texts = [own, own + module('allow=all:tls-version-min=tls1.0')]
    const hellos = (await client?.hellos(texts, { folder: scratchFolder() })) ?? []
    const [alone = 0, looser = 0] = hellos.map(
      (hello) => decodeClientHello(hello ?? Buffer.alloc(0)).suites.length,
    )
    expect(alone).toBeGreaterThan(0)
    expect(looser).toBeGreaterThan(alone)
    expect(said('nss', module('allow=all:tls-version-min=tls1.0'))).toEqual([REPLACES])
    expect(said('nss', module('disallow=SHA1'))).toEqual([])
  },
  60_000,
)

describe('a setting that the policy does not have', () => {
  test.each([
    ['java', 'jdk.jar.disabledAlgorithms=MD2\n'],
    ['openssh', 'SendEnv A\nSendEnv B\n'],
    ['bind', 'dnssec-validation auto;\n'],
    ['openssl_fips', '[other]\nactivate = 0\n'],
  ])('is the affair of the administrator: %s', (backend, dropIn) => {
    expect(said(backend, dropIn)).toEqual([])
  })
})

/** Of a setting that DEFAULT has too. */
const MANY = `[overrides]\n${'min-verification-profile = medium\n'.repeat(150)}`

/** Lines of `[global]` and `[overrides]`, and what is told of each file. */
const OVERRIDES: readonly (readonly [dropIn: string, codes: readonly string[]])[] = [
  ['[global]\noverride-mode = blocklist\n', [STOPS]],
  ['[overrides]\nenabled-version = tls1.0\n', ['DROPIN_ALLOWS_MORE']],
  ['[overrides]\ntls-enabled-cipher = CAMELLIA-128-CBC\n', ['DROPIN_ALLOWS_MORE']],
  ['[overrides]\nenabled-version = tls1.2\n', []],
  // However many lines stand above.
  [`${MANY}enabled-version = tls1.0\n`, ['DROPIN_ALLOWS_MORE']],
  [`${MANY}[global]\noverride-mode = blocklist\n`, [STOPS]],
]

for (const [dropIn, codes] of OVERRIDES) {
  testWith(
    'gnutls-cli',
    `gnutls: ${JSON.stringify(dropIn.replace(MANY, '... '))} is told as ${codes}`,
    () => {
      const golden = join(ROOT, 'test', 'golden', 'DEFAULT-gnutls.txt')
      const text = readFileSync(golden, 'utf8').replaceAll(NEWER, '')
      const alone = listPriority('@SYSTEM', text)
      const both = listPriority('@SYSTEM', text + dropIn)
      const policy = { name: 'back-ends/gnutls.config', text }
      const found = checkPriorityDropIns(policy, [{ name: 'gnutls-a.config', text: dropIn }])
      expect(found.map(({ code }) => code)).toEqual(codes)
      expect(alone.ok).toBe(true)
      expect(both.ok).toBe(!codes.includes(STOPS))
      const count = ({ suites, classes }: Listing) =>
        suites.length + [...classes.values()].flat().length
      if (codes.includes('DROPIN_ALLOWS_MORE')) expect(count(both)).toBeGreaterThan(count(alone))
      if (codes.length === 0) expect(both).toEqual(alone)
    },
  )
}

test('gnutls: a hash and a signature that are secure together for certificates only are told', () => {
  const text = readFileSync(join(ROOT, 'test', 'golden', 'DEFAULT-gnutls.txt'), 'utf8')
  const dropIn = '[overrides]\nsecure-hash = SHA1\nsecure-sig-for-cert = rsa-sha1\n'
  const source = { name: 'gnutls-a.config', text: dropIn }
  const [found] = checkPriorityDropIns({ name: 'gnutls.config', text }, [source])
  expect(found?.message).toMatch(/certificates signed with .*RSA-SHA1/)
})
