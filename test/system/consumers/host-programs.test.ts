/** The programs of a host judge what back-ends write: each line and value that they do not know is found. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findConsumer } from '../../../src/system/consumers/all-consumers.ts'
import {
  type CheckDepth,
  type ConsumerFinding,
  findProgram,
  withWorkbench,
} from '../../../src/system/consumers/consumer.ts'
import { verifyConfigs } from '../../../src/system/verify.ts'
import { runFile, scratchFolder } from '../../cli/command.ts'
import { testWith } from '../../peers/peer.ts'

/** What the program that reads the files of a back-end says of a text. */
async function findingsOf(
  backend: string,
  text: string,
  depth: CheckDepth = 'all',
): Promise<readonly ConsumerFinding[]> {
  const consumer = findConsumer(backend)
  const path = findProgram(consumer?.program ?? '')
  if (!consumer || path === undefined) throw new Error(`nothing reads ${backend}`)
  return withWorkbench(path, (workbench) => consumer.check(workbench, text, depth))
}

const stops = (line: number, setting: string, value: string | null) => ({
  ...{ effect: 'stops', line, unknown: { setting, value } },
})

for (const [program, backend] of [
  ['ssh', 'openssh'],
  ['sshd', 'opensshserver'],
] as const) {
  testWith(program, `${program} names each value of a list that it does not know`, async () => {
    expect(await findingsOf(backend, 'Ciphers aes128-ctr,aes256-ctr\n')).toEqual([])
    const plain = 'Ciphers aes128-ctr,no@such,aes256-ctr,no@other\nMACs hmac-sha2-256\n'
    expect(await findingsOf(backend, plain)).toEqual([
      stops(1, 'Ciphers', 'no@such'),
      stops(1, 'Ciphers', 'no@other'),
    ])
    // It adds to the list that is built in.
    expect(await findingsOf(backend, 'Ciphers +aes128-ctr,no@such\n')).toEqual([
      stops(1, 'Ciphers', 'no@such'),
    ])
    expect(await findingsOf(backend, '\nNoSuchSetting yes\n')).toEqual([
      stops(2, 'NoSuchSetting', null),
    ])
  })
}

testWith('named-checkconf', 'named-checkconf names the line that it does not know', async () => {
  expect(await findingsOf('bind', 'recursion no;\n')).toEqual([])
  expect(await findingsOf('bind', 'recursion no;\nnonsense yes;\n')).toEqual([
    { effect: 'stops', line: 2, complaint: "unknown option 'nonsense'" },
  ])
})

for (const [program, backend, ...args] of [
  ['ssh', 'openssh', '-V'],
  ['sshd', 'opensshserver', '-V'],
  ['named-checkconf', 'bind', '-v'],
  ['openssl', 'opensslcnf', 'version'],
  ['gnutls-cli', 'gnutls', '--version'],
  ['ipsec', 'libreswan', '--version'],
  ['klist', 'krb5', '-V'],
  ['nginx', 'applications/x/nginx', '-v'],
  ['haproxy', 'applications/x/haproxy', '-v'],
  ['apache2', 'applications/x/apache', '-v'],
] as const) {
  testWith(program, `${program} is named with its version`, async () => {
    const { checked } = await verifyConfigs([{ policy: 'DEFAULT', backend, text: '' }])
    const { stdout, stderr } = runFile(findProgram(program) ?? '', args)
    const [{ version } = { version: '' }] = checked
    expect(version).toMatch(/^\d+\.\d+/)
    expect(stdout + stderr).toContain(version)
  })
}

for (const [program, backend] of [
  ['ssh', 'openssh'],
  ['sshd', 'opensshserver'],
] as const) {
  testWith(program, `${program} is heard on what is wrong besides, in every line`, async () => {
    expect(await findingsOf(backend, 'Ciphers\n')).toMatchObject([{ effect: 'stops', line: 1 }])
    const text = 'RekeyLimit abc\nKexAlgorithms curve25519-sha256,no-such\nNope 1\nMACs nope\n'
    expect(await findingsOf(backend, text)).toEqual([
      ...[stops(1, 'RekeyLimit', 'abc'), stops(2, 'KexAlgorithms', 'no-such')],
      ...[stops(3, 'Nope', null), stops(4, 'MACs', 'nope')],
    ])
  })

  testWith(program, `${program} is asked for the first alone where that is enough`, async () => {
    const said = (text: string) => findingsOf(backend, text, 'first-stop')
    expect(await said('Ciphers aes128-ctr\n')).toEqual([])
    expect(await said('# x\nCiphers no@such\nMACs nope\n')).toEqual([
      { effect: 'stops', line: 2, complaint: "Bad SSH2 cipher spec 'no@such'." },
    ])
    // A long list is cut.
    const [found] = await said(`Ciphers ${'a'.repeat(60)}\n`)
    expect(found).toMatchObject({ complaint: `Bad SSH2 cipher spec '${'a'.repeat(39)}...'.` })
  })
}

const ignored = (setting: string, value: string | null) => ({
  ...{ effect: value === null ? 'ignores-setting' : 'ignores-value' },
  unknown: { setting, value },
})

testWith('gnutls-cli', 'gnutls-cli names what it passes over, once', async () => {
  const text =
    '[overrides]\ntls-disabled-cipher = NO-SUCH\ntls-disabled-cipher = NO-SUCH\nnope = 1\n'
  const found = [ignored('tls-disabled-cipher', 'NO-SUCH'), ignored('nope', null)]
  expect(await findingsOf('gnutls', text)).toEqual(found)
  expect(await findingsOf('gnutls', text, 'stops')).toEqual([])
  // It tells of this only where it is to mind everything.
  expect(await findingsOf('gnutls', '[overrides]\nmin-verification-profile = odd\n')).toEqual([
    ignored('min-verification-profile', 'odd'),
  ])
  expect(await findingsOf('gnutls', '[global]\noverride-mode = odd\n')).toMatchObject([
    { effect: 'ignores-value', complaint: expect.stringContaining('does not say what') },
  ])
  expect(await findingsOf('gnutls', `${text}no sense\n`, 'stops')).toMatchObject([
    { effect: 'stops', line: 5, complaint: expect.stringContaining('cannot parse') },
  ])
})

/** OpenSSL ignores the whole setting for one value. */
const lost = (setting: string, value: string | null) => ({
  ...{ effect: 'ignores-setting', unknown: { setting, value } },
})
const complaint = (text: string) => ({ effect: 'ignores-setting', complaint: text })

testWith('openssl', 'openssl names the values for which it ignores a setting', async () => {
  const fine = 'CipherString = @SECLEVEL=2:kEECDH:!aNULL\nGroups = X25519\nMinProtocol = TLSv1.2\n'
  expect(await findingsOf('opensslcnf', fine)).toEqual([])
  expect(await findingsOf('opensslcnf', 'Groups = \n')).toEqual([])
  const values = 'Groups = X25519:no-such:P-256:none\nSignatureAlgorithms = RSA+SHA256:nope\n'
  expect(await findingsOf('opensslcnf', values)).toEqual([
    ...[lost('SignatureAlgorithms', 'nope'), lost('Groups', 'no-such'), lost('Groups', 'none')],
  ])
  // What stands below a heading belongs to another part.
  expect(await findingsOf('opensslcnf', 'Groups = X25519\n[x]\nGroups = nope\n')).toEqual([])
  expect(await findingsOf('opensslcnf', 'Groups = X25519::P-256\n')).toEqual([
    complaint('Groups: a syntax that it does not know'),
  ])
  expect(await findingsOf('opensslcnf', values, 'stops')).toEqual([])
})

testWith(
  'openssl',
  'openssl is told of cipher lists that leave nothing, or no certificate',
  async () => {
    const ciphers = (list: string) => findingsOf('opensslcnf', `CipherString = ${list}\n`)
    expect(await ciphers('NO-SUCH')).toEqual([complaint('CipherString leaves no cipher')])
    expect(await ciphers('')).toEqual([complaint('CipherString leaves no cipher')])
    for (const list of ['@SECLEVEL=0:aNULL', 'HIGH:ADH-AES256-GCM-SHA384', 'AECDH-AES128-SHA']) {
      expect(await ciphers(list), list).toEqual([
        complaint('CipherString enables anonymous ciphers'),
      ])
    }
  },
)

testWith('openssl', 'openssl names each property that it does not know', async () => {
  const text = 'Groups = X25519\n[evp_properties]\nno-such = 1\ndefault_properties = \n other = 2\n'
  expect(await findingsOf('opensslcnf', text)).toEqual([lost('no-such', null), lost('other', null)])
  // As many as that are looked for.
  const many = Array.from({ length: 9 }, (_, at) => `no-such${at} = 1`).join('\n')
  expect(await findingsOf('opensslcnf', `[evp_properties]\n${many}\n`)).toHaveLength(8)
})

testWith('openssl', 'openssl loses a file that it cannot parse, from a line on', async () => {
  expect(await findingsOf('opensslcnf', 'Groups = no-such\n[evp_properties\nx\n')).toEqual([
    {
      effect: 'ignores-file',
      line: 2,
      complaint: 'it cannot parse the file, and goes on without any of openssl.cnf',
    },
  ])
})

testWith('klist', 'klist says that it cannot read its file', async () => {
  expect(await findingsOf('krb5', '[libdefaults]\npermitted_enctypes = aes256-cts\n')).toEqual([])
  expect(await findingsOf('krb5', '[libdefaults\n')).toEqual([
    { effect: 'stops', complaint: expect.stringContaining('Kerberos configuration file') },
  ])
})

testWith('ipsec', 'ipsec names the line that it cannot read', async () => {
  expect(await findingsOf('libreswan', 'conn %default\n\tike=aes256-sha2\n')).toEqual([])
  expect(await findingsOf('libreswan', 'conn %default\n\tike=aes256-sha2\nnonsense\n')).toEqual([
    {
      effect: 'stops',
      line: 3,
      complaint: expect.stringMatching(/^[^/]*libreswan:3: syntax error/),
    },
  ])
})

/** What a program that is broken, or that no distribution of the tests has, makes of a text. */
async function findingsOfScript(backend: string, script: string, text: string) {
  const folder = scratchFolder()
  const consumer = findConsumer(backend)
  const path = join(folder, 'program')
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return withWorkbench(path, async (workbench) => consumer?.check(workbench, text, 'all'))
}

test('a program that takes no configuration at all is no judge', async () => {
  for (const backend of ['openssh', 'opensshserver', 'applications/x/nginx']) {
    const check = findingsOfScript(backend, 'echo it is broken >&2; exit 1', 'x\n')
    await expect(check, backend).rejects.toThrow('does not work here: it is broken')
  }
  const postfix = findingsOfScript('applications/x/postfix', 'echo no; exit 1', 'x = 1\n')
  await expect(postfix).rejects.toThrow('does not work here: no')
})

test('what a program says without a line is told as it is', async () => {
  const script = 'while [ "$1" != -F ]; do shift; done; test -s "$2" || exit 0; echo odd; exit 1'
  expect(await findingsOfScript('openssh', script, 'x\n')).toEqual([
    { effect: 'stops', complaint: 'odd' },
  ])
})

test('what the checker of Sequoia says is told by how it ends', async () => {
  const said = (script: string) => findingsOfScript('sequoia', script, '')
  expect(await said('exit 0')).toEqual([])
  expect(await said('echo a; echo b')).toEqual([
    ...['a', 'b'].map((complaint) => ({ effect: 'ignores-value', complaint })),
  ])
  expect(await said('echo bad; exit 1')).toEqual([{ effect: 'stops', complaint: 'bad' }])
  expect(await said('exit 1')).toEqual([{ effect: 'stops', complaint: '' }])
})

test('what the checker of NSS says is told by its warnings, where it fails', async () => {
  const said = (script: string) => findingsOfScript('nss', script, '')
  expect(await said('echo warning: x')).toEqual([])
  expect(await said('echo first; echo NSS-POLICY-WARN warning: x; exit 1')).toEqual([
    { effect: 'ignores-value', complaint: 'NSS-POLICY-WARN warning: x' },
  ])
  expect(await said('exit 2')).toEqual([
    { effect: 'ignores-value', complaint: expect.stringContaining('does not say why') },
  ])
})
