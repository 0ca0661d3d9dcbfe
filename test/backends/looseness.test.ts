import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { expect, test } from 'vitest'
import { findBackend } from '../../src/backends/all-backends.ts'
import { findLooseness, LOOSENESS_RULES } from '../../src/backends/looseness/looseness.ts'
import { parsePolicy } from '../../src/policy/policy.ts'
import { loadPolicy, policyFolders } from '../../src/system/policy-files.ts'
import { parseSelection } from '../../src/system/policy-selection.ts'
import { ROOT, run, runFile, scratchFolder, writeFiles } from '../cli/command.ts'
import { Host } from '../cli/host.ts'
import { spawn } from '../peers/child-process.ts'
import { testWith } from '../peers/peer.ts'
import { shippedPolicy } from '../shipped-policies.ts'

/** A policy that leaves something of every class. */
const FULL = `cipher = AES-256-GCM AES-128-GCM AES-256-CBC AES-128-CBC AES-256-CTR
mac = AEAD HMAC-SHA2-256 HMAC-SHA1
group = X25519 SECP256R1 FFDHE-2048
hash = SHA2-256 SHA2-384
sign = ECDSA-SHA2-256 RSA-SHA2-256 RSA-PSS-SHA2-256
key_exchange = ECDHE RSA DHE-RSA
protocol@TLS = TLS1.3 TLS1.2 DTLS1.2
protocol@IKE = IKEv2
min_rsa_size = 2048
min_dh_size = 2048
min_ec_size = 256
`

function policyOf(text: string) {
  return parsePolicy('P', [{ name: 'P.pol', text: `${FULL}${text}\n` }]).policy
}

function findIds(text: string): Readonly<Record<string, readonly string[]>> {
  const found = findLooseness(policyOf(text))
  return Object.fromEntries(found.map(({ id, kept }) => [id, kept]))
}

function shipped(name: string, openssl = '3.5.0'): readonly string[] {
  const folders = policyFolders({ base: '/nonexistent', profile: ROOT })
  return findLooseness(loadPolicy(parseSelection(name), folders).policy, { openssl }).map(
    ({ id }) => id,
  )
}

test('finds nothing in policies that every library can be told', () => {
  expect(shipped('DEFAULT')).toEqual([])
  expect(shipped('LEGACY')).toEqual([])
})

test('finds that a mark makes an older OpenSSL keep DSA under each policy with ML-DSA', () => {
  expect(shipped('DEFAULT', '3.2.6')).toEqual(['openssl-signatures'])
  expect(shipped('DEFAULT', '3.3.0')).toEqual([])
})

test('finds what shipped policies cannot make libraries do', () => {
  expect(shipped('DEFAULT:NO-PQ')).toEqual(['java-hybrid-groups', 'nss-hybrid-groups'])
  expect(shipped('FUTURE')).toContain('nss-ffdhe')
  expect(shipped('FIPS', '3.0.17')).toEqual(
    expect.arrayContaining(['openssl-groups', 'openssh-host-keys']),
  )
  expect(shipped('FIPS:OSPP')).toEqual(expect.arrayContaining(['java-versions', 'nss-versions']))
})

testWith('sshd', 'sshd has every key exchange without a hash, and one without a group', () => {
  const { policy } = shippedPolicy('DEFAULT')
  mkdirSync('/run/sshd', { recursive: true })
  const exchanges = (change: string) => {
    const folder = scratchFolder()
    const module = parsePolicy('M', [{ name: 'M.pmod', text: `${change}\n` }]).policy
    const changed = { ...policy, directives: [...policy.directives, ...module.directives] }
    const text = findBackend('opensshserver')?.generate(changed) ?? ''
    writeFiles(folder, { sshd_config: /^KexAlgorithms .*\n/m.exec(text)?.[0] ?? '' })
    const key = join(folder, 'key')
    runFile('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
    const { stdout } = runFile('/usr/sbin/sshd', ['-T', '-h', key, '-f', `${folder}/sshd_config`])
    return /^kexalgorithms (.*)$/m.exec(stdout)?.[1]?.split(',') ?? []
  }
  expect(exchanges('hash@SSH =')).toContain('sntrup761x25519-sha512@openssh.com')
  expect(exchanges('group@SSH =')).toEqual(['diffie-hellman-group-exchange-sha256'])
})

/** Tried with sqv 1.5 and signatures of GnuPG, and with `sq config inspect policy`. */
test('finds pairs of what Sequoia is told each for itself', () => {
  const all = 'hash = SHA2-256\nsign = RSA-SHA2-256 ECDSA-SHA2-256 EDDSA-ED25519'
  const signatures = (change: string) => {
    const found = findIds(`${all}\n${change}`)
    return [found['sequoia-signatures'], found['rpm-sequoia-signatures']]
  }
  expect(signatures('')).toEqual([undefined, undefined])
  expect(signatures('sign@sequoia = -ECDSA-*')).toEqual([['ECDSA-SHA2-256'], undefined])
  expect(signatures('hash@rpm = SHA1+')).toEqual([undefined, ['RSA-SHA1', 'ECDSA-SHA1']])
  expect(signatures('sign = -ECDSA-* -RSA-*\ngroup = -SECP*')).toEqual([undefined, undefined])

  const ciphers = (text: string) => findIds(`cipher = ${text}`)['sequoia-aead']
  expect(ciphers('AES-256-CFB AES-128-CFB AES-128-OCB')).toEqual(['AES-256-OCB'])
  expect(ciphers('AES-128-CFB AES-128-OCB')).toBeUndefined()
})

testWith('sshd', 'sshd has every cipher where no line says which, and the rule says so', () => {
  const text = findBackend('opensshserver')?.generate(
    policyOf('cipher@SSH = -AES* -CHACHA20-POLY1305'),
  )
  const folder = scratchFolder()
  mkdirSync('/run/sshd', { recursive: true })
  const ciphers = (config: string) => {
    writeFiles(folder, { sshd_config: config })
    const key = join(folder, 'key')
    runFile('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
    const args = ['-T', '-h', key, '-f', join(folder, 'sshd_config')]
    return /^ciphers (.*)$/m.exec(runFile('/usr/sbin/sshd', args).stdout)?.[1]
  }
  // Lines that this release does not know have nothing to do with it.
  const known = (text ?? '').split('\n').filter((line) => /^(MACs|CASig)/.test(line))
  expect(ciphers(known.join('\n'))).toBe(ciphers(''))
  expect(ciphers('')).toContain('aes128-ctr')
  expect(findIds('cipher@SSH = -AES* -CHACHA20-POLY1305')['opensshserver-empty']).toEqual([
    'all that it has built in of ciphers',
  ])
  // Ciphers that SSH has no word for leave no line either.
  expect(findIds('cipher@SSH = AES-256-CCM')['opensshserver-empty']).toHaveLength(1)
})

/** The encryption types that kinit asks for under the file of a policy, by their numbers; none where it fails. */
async function kerberosTypes(change: string): Promise<readonly number[]> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const folder = scratchFolder()
  const realm = `R.TEST = {\nkdc = 127.0.0.1:${socket.address().port}\n}`
  writeFiles(folder, {
    'policies/crypto-policies': findBackend('krb5')?.generate(policyOf(change)) ?? '',
    'krb5.conf': `includedir ${folder}/policies\n[realms]\n${realm}\n`,
  })
  const request = once(socket, 'message').then(([message]) => message as Buffer)
  const client = spawn('timeout', ['-k', '5', '30', 'kinit', 'user@R.TEST'], {
    env: { ...process.env, KRB5_CONFIG: join(folder, 'krb5.conf') },
    stdio: 'ignore',
  })
  const failed = once(client, 'exit').then(() => Buffer.alloc(0))
  const message = await Promise.race([request, failed])
  client.kill()
  socket.close()
  // KDC-REQ-BODY ends with etype [8] SEQUENCE OF Int32 where no addresses are asked for (RFC 4120 section 5.4.1).
  const types = /a8..30..((?:0201..)+)/.exec(message.toString('hex'))?.[1] ?? ''
  return [...types.matchAll(/0201(..)/g)].map(([, number = '']) => Number.parseInt(number, 16))
}

/** des3-cbc-sha1-kd and rc4-hmac: IANA, Kerberos encryption type numbers. */
const [DES3, RC4] = [16, 23]

testWith(
  'kinit',
  'Kerberos uses its own list where none is left, and the rule says so',
  async () => {
    const kept = ['all that it has built in of encryption types']
    for (const change of ['cipher@krb5 =', 'cipher@krb5 = AES-256-GCM', 'mac@krb5 =']) {
      expect(await kerberosTypes(change), change).toEqual(expect.arrayContaining([DES3, RC4]))
      expect(findIds(change)['krb5-empty'], change).toEqual(kept)
    }
    const closed = [
      '',
      'mac@krb5 =\ncipher@krb5 = CAMELLIA-256-CBC',
      'cipher@krb5 =\nmin_dh_size = 3072',
    ]
    for (const change of closed) {
      expect(await kerberosTypes(change), change).not.toContain(RC4)
      expect(findIds(change)['krb5-empty'], change).toBe(undefined)
    }
  },
)

/** Tried with named 9.18.49 and 9.20.30: forged answers are refused, taken, or nothing is answered. */
test('finds that BIND does not check zones whose algorithms its file disables, whatever else is left', () => {
  const written = (change: string) => findBackend('bind')?.generate(policyOf(change))
  const found = (change: string) => findIds(change)['bind-unchecked']
  const common = 'sign@bind = RSA-SHA2-256 RSA-SHA2-512 ECDSA-SHA2-256 ECDSA-SHA2-384 EDDSA-*'
  const full = `hash = SHA2-256 SHA2-384\ngroup@bind = SECP256R1 SECP384R1\n${common}`
  const all = 'sign@bind = RSA-PSS-SHA2-256'
  expect(written(all)).toBe(written('sign@bind ='))
  for (const change of ['sign@bind =', all, 'sign@bind = ECDSA-SHA2-256\ngroup@bind = X25519']) {
    expect(found(change), change).toEqual(['answers of signed zones, unchecked'])
  }
  expect(found(full)).toBe(undefined)
  expect(found(`${full}\nsign@bind = -RSA-SHA2-256`)).toEqual([
    'answers of zones with RSASHA256 alone, unchecked',
  ])
  for (const change of [
    'hash@bind =',
    'hash@bind = SHA2-512',
    'hash@bind = SHA2-384\nsign@bind =',
  ]) {
    expect(found(change), change).toBe(undefined)
  }
})

testWith('ssh', 'ssh takes host keys of any kind, and the rule says so', () => {
  const text = findBackend('openssh')?.generate(policyOf('')) ?? ''
  const folder = scratchFolder()
  const known = text.split('\n').filter((line) => /^(Pubkey|CASig)/.test(line))
  writeFiles(folder, { ssh_config: `${known.join('\n')}\n` })
  const { stdout } = runFile('ssh', ['-G', '-F', join(folder, 'ssh_config'), 'host.invalid'])
  expect(/^hostkeyalgorithms (.*)$/m.exec(stdout)?.[1]).toContain('ssh-ed25519')
  expect(findIds('')['openssh-host-keys']).toContain('host keys with EDDSA-ED25519')
})

testWith(
  'openssl',
  'OpenSSL keeps ciphers that have no word of their own, as the rule says',
  () => {
    const NAMES = { 'AES-128-CBC': /AES\(128\)/, 'AES-256-CBC': /AES\(256\)/ }
    for (const change of [
      '',
      'cipher = -AES-128-CBC',
      'cipher = -AES-256-CBC',
      'cipher = -AES-*-CBC',
    ]) {
      const policy = policyOf(change)
      const text = findBackend('opensslcnf')?.generate(policy) ?? ''
      const ciphers = /^CipherString = (.*)$/m.exec(text)?.[1] ?? ''
      const { stdout } = runFile('openssl', ['ciphers', '-v', ciphers])
      const forbidden = Object.entries(NAMES).filter(
        ([name]) => change.includes('*') || change.includes(name),
      )
      const kept = forbidden.filter(([, mark]) => mark.test(stdout)).map(([name]) => name)
      expect(findIds(change)['openssl-ciphers'] ?? [], change).toEqual(kept)
    }
  },
)

testWith('openssl', 'OpenSSL takes RSA keys below a size that no level stands for', () => {
  const folder = scratchFolder()
  const key = join(folder, 'key.pem')
  const args = ['req', '-x509', '-newkey', 'rsa:3072', '-nodes', '-subj', '/CN=x', '-keyout', key]
  const certificate = join(folder, 'cert.pem')
  expect(runFile('openssl', [...args, '-out', certificate, '-days', '1']).status).toBe(0)
  const text = findBackend('opensslcnf')?.generate(
    policyOf('min_rsa_size = 4096\nmin_dh_size = 4096'),
  )
  const level = /@SECLEVEL=(\d)/.exec(text ?? '')?.[1] ?? ''
  const verify = runFile('openssl', [
    ...['verify', '-auth_level', level, '-CAfile', certificate, certificate],
  ])
  expect(verify.status).toBe(0)
  expect(findIds('min_rsa_size = 4096\nmin_dh_size = 4096')['openssl-key-sizes']).toEqual([
    'RSA keys of 3072 bits',
    'Diffie-Hellman keys of 3072 bits',
  ])
})

test('finds sizes of keys that SSH programs have no option for', () => {
  const sizes = 'min_rsa_size = 3072\nmin_dh_size = 3072\nkey_exchange = DHE+'
  const found = findIds(`${sizes}\narbitrary_dh_groups = 1`)
  expect(found['libssh-key-sizes']).toEqual(['RSA keys of 1024 bits'])
  for (const id of ['libssh-dh-size', 'openssh-dh-size', 'opensshserver-dh-size']) {
    expect(found[id], id).toEqual(['group exchanges with primes of 2048 bits'])
    expect(findIds(sizes)[id], id).toBe(undefined)
  }
})

test('finds holes in ranges of versions, and versions above the one that NSS is told', () => {
  const found = findIds('protocol@TLS = -TLS1.2 TLS1.1+')
  expect(found['openssl-versions']).toEqual(['TLS1.2'])
  expect(found['nss-versions']).toContain('TLS1.2')
  expect(findIds('protocol@TLS = -TLS1.3')['java-versions']).toEqual(['TLS1.3'])
  expect(findIds('sign = ECDSA-SHA2-256 RSA-SHA2-512')['nss-signatures']).toContain('RSA-SHA2-256')
})

test('lint, plan and update-policies warn alike', () => {
  const host = new Host()
  host.set('DEFAULT')
  const warned = (text: string) =>
    text.split('\n').flatMap((line) => /warning\[BACKEND_CANNOT_SAY\]: (.*)/.exec(line)?.[1] ?? [])
  const base = ['--base-dir', host.base]
  const planned = run('cryptopolicy', ['plan', '--set', 'DEFAULT:NO-PQ', ...base])
  const linted = run('cryptopolicy', ['lint', 'DEFAULT:NO-PQ', ...base])
  const set = host.update(['--set', 'DEFAULT:NO-PQ', '--no-reload'])
  expect(set.status).toBe(0)
  expect(warned(set.stderr)).toHaveLength(2)
  expect(warned(planned.stderr)).toEqual(warned(set.stderr))
  expect(warned(linted.stdout)).toEqual(warned(set.stderr))
  expect(host.update(['--no-reload']).stderr).toBe('')
})

test('the page has each rule, with its reason', () => {
  const page = readFileSync(join(ROOT, 'docs', 'back-ends-cannot-say.md'), 'utf8')
  for (const { id, because } of LOOSENESS_RULES) {
    expect(page).toContain(`| \`${id}\` |`)
    expect(page.replaceAll('\\*', '*'), id).toContain(because)
  }
})

testWith(
  'openssl',
  'OpenSSL has TLS where no version of it is left, and the rule says so',
  async () => {
    const text = findBackend('opensslcnf')?.generate(policyOf('protocol@TLS = DTLS1.2')) ?? ''
    const range = text.split('\n').filter((line) => line.startsWith('TLS.M'))
    const folder = scratchFolder()
    const lines = ['openssl_conf = i', '[i]', 'ssl_conf = s', '[s]', 'system_default = p', '[p]']
    writeFiles(folder, { 'openssl.cnf': [...lines, ...range, ''].join('\n') })
    const server = createTcpServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const hello = once(server, 'connection').then(
      async ([socket]) => (await once(socket, 'data'))[0],
    )
    const client = spawn(
      'timeout',
      ['30', 'openssl', 's_client', '-connect', `127.0.0.1:${port}`],
      {
        env: { ...process.env, OPENSSL_CONF: join(folder, 'openssl.cnf') },
        stdio: 'ignore',
      },
    )
    const failed = once(client, 'exit').then(() => Buffer.alloc(0))
    const first = (await Promise.race([hello, failed])) as Buffer
    client.kill()
    server.close()
    // A ClientHello in a record of TLS.
    expect([first[0], first[1], first[5]]).toEqual([0x16, 0x03, 0x01])
    expect(findIds('protocol@TLS = DTLS1.2')['openssl-versions']).toContain('TLS1.2')
  },
)

testWith(
  'certtool',
  'GnuTLS takes the smaller of two key sizes for both, and the rule says so',
  () => {
    const text = findBackend('gnutls')?.generate(policyOf('min_rsa_size = 3072')) ?? ''
    const profile = /^min-verification-profile = (.*)$/m.exec(text)?.[1] ?? ''
    const folder = scratchFolder()
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const request = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=x',
      '-days',
      '1',
    ]
    runFile('openssl', [...request, '-keyout', key, '-out', certificate])
    const args = ['--verify', '--verify-profile', profile, '--load-ca-certificate', certificate]
    expect(runFile('certtool', [...args, '--infile', certificate]).status).toBe(0)
    expect(findIds('min_rsa_size = 3072')['gnutls-key-sizes']).toEqual(['RSA keys of 2048 bits'])
  },
)

/** Lets NSS connect under a policy to a server that takes one group and TLS 1.3 only. */
async function nssConnects(policy: string, group: string): Promise<boolean> {
  const folder = scratchFolder()
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const request = ['req', '-x509', '-newkey', 'rsa:3072', '-nodes', '-subj', '/CN=localhost']
  const name = ['-addext', 'subjectAltName=DNS:localhost', '-days', '1']
  runFile('openssl', [...request, ...name, '-keyout', key, '-out', certificate])
  const database = join(folder, 'db')
  mkdirSync(database)
  runFile('certutil', ['-N', '-d', `sql:${database}`, '--empty-password'])
  runFile('certutil', ['-A', '-d', `sql:${database}`, '-n', 'ca', '-t', 'C,,', '-i', certificate])
  const golden = readFileSync(join(ROOT, 'test', 'golden', `${policy}-nss.txt`), 'utf8')
  // The first module needs a library that may not be there.
  appendFileSync(join(database, 'pkcs11.txt'), `\n${golden.slice(golden.indexOf('library=\n'))}`)
  const options = { key: readFileSync(key), cert: readFileSync(certificate), ecdhCurve: group }
  const server = createServer({ ...options, minVersion: 'TLSv1.3' }, (socket) => socket.end('x'))
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const shakes = once(server, 'secureConnection').then(() => true)
  const args = ['-k', '5', '30', 'tstclnt', '-d', `sql:${database}`, '-h', 'localhost', '-4']
  const client = spawn('timeout', [...args, '-p', String(port), '-V', 'tls1.0:', '-Q'], {
    stdio: 'ignore',
  })
  const fails = once(client, 'exit').then(() => false)
  const connected = await Promise.race([shakes, fails])
  client.kill()
  server.close()
  return connected
}

testWith('tstclnt', 'NSS keeps TLS 1.3 and groups of RFC 7919, as the rules say', async () => {
  expect(await nssConnects('FIPS:OSPP', 'secp384r1')).toBe(true)
  expect(await nssConnects('FUTURE', 'ffdhe2048')).toBe(true)
  // What it has a word for, it is told.
  expect(await nssConnects('FIPS:OSPP', 'x25519')).toBe(false)
})
