import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, runFile, scratchFolder, writeFiles } from '../cli/command.ts'
import { runInProcess } from '../cli/in-process.ts'
import { resultOf } from '../cli/json-output.ts'
import { testWith } from '../peers/peer.ts'
import { readPolicyCorpus } from '../policy-corpus.ts'

const POLICIES = join(ROOT, 'policies')

test('builds every shipped policy as the reference does', async () => {
  const out = scratchFolder()
  const { status } = await runInProcess(['build', '--flat', '--no-verify', POLICIES, out])
  expect(status).toBe(0)
  const golden = readdirSync(join(ROOT, 'test', 'golden')).filter((name) => !name.includes(':'))
  for (const name of golden) {
    expect(readFileSync(join(out, name), 'utf8'), name).toBe(
      readFileSync(join(ROOT, 'test', 'golden', name), 'utf8'),
    )
  }
})

test('writes a folder for each policy, and the reload commands when asked', async () => {
  const out = scratchFolder()
  const args = ['build', '--no-verify', '--policy', 'FIPS:OSPP', '--reload-cmds', POLICIES, out]
  expect((await runInProcess(args)).status).toBe(0)
  expect(readdirSync(out).toSorted()).toEqual(['FIPS:OSPP', 'reload-cmds.sh'])
  expect(readFileSync(join(out, 'reload-cmds.sh'), 'utf8')).toContain('systemctl try-restart sshd')
})

test('compares under --test, shows the difference and leaves the file', async () => {
  const out = scratchFolder()
  writeFiles(out, { 'DEFAULT-krb5.txt': '[libdefaults]\npermitted_enctypes = none\n' })
  const args = ['build', '--flat', '--test', '--no-verify', '--policy', 'DEFAULT', POLICIES, out]
  const { status, stderr } = await runInProcess(args)
  expect(status).toBe(1)
  expect(stderr).toContain('-permitted_enctypes = none')
  expect(stderr).toMatch(/\+permitted_enctypes = aes256-cts/)
  expect(readFileSync(join(out, 'DEFAULT-krb5.txt'), 'utf8')).toContain('none')
})

test('refuses every policy of the corpus that the reference refuses, with 65', async () => {
  const refused = readPolicyCorpus().filter((entry) => entry.error !== undefined)
  for (const { files, policy, error } of refused) {
    const folder = scratchFolder()
    writeFiles(folder, { ...shippedFiles(), ...files })
    const out = join(folder, 'out')
    const args = ['build', '--no-verify', '--policy', policy, folder, out]
    const { status, stderr } = await runInProcess(args)
    expect(status, `${error}\n${stderr}`).toBe(65)
    expect(stderr).toMatch(/RAND(OM\.pol|MOD\.pmod):\d+:\d+: error\[POLICY_\w+\]: /)
    expect(existsSync(out)).toBe(false)
  }
})

test('treats warnings as errors under --strict', async () => {
  const folder = scratchFolder()
  writeFiles(folder, { 'OLD.pol': 'tls_cipher = AES-256-GCM\n' })
  const build = (...options: string[]) =>
    runInProcess(['build', '--no-verify', ...options, folder, join(folder, 'out')])
  expect((await build()).status).toBe(0)
  expect((await build()).stderr).toContain('warning[POLICY_DEPRECATED_PROPERTY]')
  expect((await build('--strict')).status).toBe(65)
})

test('exits 66 for an unknown policy and for a folder without policies', async () => {
  const out = scratchFolder()
  expect((await runInProcess(['build', '--policy', 'NOPE', POLICIES, out])).status).toBe(66)
  expect((await runInProcess(['build', out, out])).status).toBe(66)
})

test('exits 73 where it cannot write', async () => {
  const folder = scratchFolder()
  writeFiles(folder, { file: '' })
  const args = ['build', '--no-verify', '--policy', 'EMPTY', POLICIES, join(folder, 'file')]
  expect((await runInProcess(args)).status).toBe(73)
})

/** What GnuTLS 3.7.9 and OpenSSH 9.2 of Debian 12 do not know, and OpenSSL 3.0 either. */
testWith(
  'gnutls-cli',
  'names what the installed GnuTLS does not know, and writes it all the same',
  async () => {
    const version = runFile('gnutls-cli', ['--version']).stdout
    const out = scratchFolder()
    const args = ['build', '--policy', 'DEFAULT', '--json', POLICIES, out]
    const { status, stdout } = await runInProcess(args)
    const { verification } = resultOf(stdout)
    expect(status).toBe(0)
    expect(existsSync(join(out, 'DEFAULT', 'gnutls.txt'))).toBe(true)
    const unknown = verification.problems
      .filter((problem: { program: string }) => problem.program === 'gnutls-cli')
      .map((problem: { unknown: { value: string } }) => problem.unknown.value)
    if (version.includes('3.7.9')) expect(unknown).toContain('X25519-MLKEM768')
    else expect(verification.checked).toContainEqual(expect.objectContaining({ backend: 'gnutls' }))
    if (unknown.length === 0) return
    expect(
      (await runInProcess(['build', '--strict', '--policy', 'DEFAULT', POLICIES, out])).status,
    ).toBe(1)
  },
)

for (const [program, backend] of [
  ['openssl', 'opensslcnf'],
  ['ssh', 'openssh'],
  ['sshd', 'opensshserver'],
  ['named-checkconf', 'bind'],
  ['ipsec', 'libreswan'],
] as const) {
  testWith(
    program,
    `has ${backend} read by its program, which knows all of FEDORA42 or says what not`,
    async () => {
      const out = scratchFolder()
      const args = ['build', '--policy', 'FEDORA42', '--json', POLICIES, out]
      const { verification } = resultOf((await runInProcess(args)).stdout)
      expect(verification.checked).toContainEqual(expect.objectContaining({ backend, program }))
      const problems = verification.problems.filter(
        (problem: { program: string }) => problem.program === program,
      )
      // OpenSSL before 3.5 does not know the `*` of groups, and only some have the property.
      const settings = problems.map((problem: { unknown?: { setting: string } }) => problem.unknown)
      expect(problems.length).toBeLessThanOrEqual(program === 'openssl' ? 2 : 0)
      if (program !== 'openssl') return
      const ofDebian = runFile('/bin/sh', ['-c', 'cat /etc/debian_version']).status === 0
      if (ofDebian) {
        expect(settings).toContainEqual({ setting: 'rh-allow-sha1-signatures', value: null })
      }
    },
  )
}

testWith('sshd', 'names a value that only this host does not know', async () => {
  const folder = scratchFolder()
  const sources =
    'mac = HMAC-SHA2-256\ncipher = AES-256-GCM\nkey_exchange = KEM-ECDH\nhash = SHA2-384\n'
  writeFiles(folder, { 'ODD.pol': `${sources}group = P384-MLKEM1024\n` })
  const args = ['build', '--json', folder, join(folder, 'out')]
  const { verification } = resultOf((await runInProcess(args)).stdout)
  const version = runFile('/bin/sh', ['-c', 'ssh -V 2>&1']).stdout
  if (!version.includes('OpenSSH_9.2')) return
  expect(verification.problems).toContainEqual(
    expect.objectContaining({
      backend: 'opensshserver',
      unknown: { setting: 'KexAlgorithms', value: 'mlkem1024nistp384-sha384' },
    }),
  )
})

testWith('gnutls-cli', 'names a setting that GnuTLS passes over in silence', async () => {
  const folder = scratchFolder()
  writeFiles(folder, {
    'EMS.pol': `${FEW_WORDS}group = SECP256R1\nsign = ECDSA-SHA2-256\nprotocol@TLS = TLS1.2\n__ems = ENFORCE\n`,
  })
  const args = ['build', '--json', folder, join(folder, 'out')]
  const { verification } = JSON.parse((await runInProcess(args)).stdout).result
  const ofGnutls = verification.problems.filter(
    (problem: { backend: string }) => problem.backend === 'gnutls',
  )
  for (const problem of ofGnutls) expect(problem.complaint ?? 'a value').not.toBe('')
  if (!runFile('gnutls-cli', ['--version']).stdout.includes('3.7.9')) return
  expect(ofGnutls).toContainEqual(
    expect.objectContaining({ unknown: { setting: 'tls-session-hash', value: null } }),
  )
})

testWith(
  'sshd',
  'names the setting where sshd does not know that, and not its values',
  async () => {
    const { SSHD } = await import('../../src/system/consumers/openssh.ts')
    const { findProgram, withWorkbench } = await import('../../src/system/consumers/consumer.ts')
    const config = 'Ciphers aes256-ctr\nNoSuchSetting a,b\nMACs hmac-sha2-256,no-such-mac\n'
    const findings = await withWorkbench(findProgram('sshd') ?? '', (workbench) =>
      SSHD.check(workbench, config, 'all'),
    )
    expect(findings).toEqual([
      { effect: 'stops', line: 2, unknown: { setting: 'NoSuchSetting', value: null } },
      { effect: 'stops', line: 3, unknown: { setting: 'MACs', value: 'no-such-mac' } },
    ])
  },
)

testWith('gnutls-cli', 'writes the format of GnuTLS before 3.7.3 when asked', async () => {
  const out = scratchFolder()
  const args = ['build', '--gnutls-format', 'legacy', '--policy', 'FUTURE', '--json', POLICIES, out]
  const { verification } = resultOf((await runInProcess(args)).stdout)
  const text = readFileSync(join(out, 'FUTURE', 'gnutls.txt'), 'utf8')
  expect(text).toMatch(/^SYSTEM=NONE:\+VERS-[^\n]+\n$/)
  const priority = text.trim().replace('SYSTEM=', '')
  expect(runFile('gnutls-cli', ['-l', '--priority', priority]).status).toBe(0)
  expect(
    verification.problems.filter((problem: { backend: string }) => problem.backend === 'gnutls'),
  ).toEqual([])
})

/** A policy that all programs have known for long. */
const FEW_WORDS =
  'mac = HMAC-SHA2-256 AEAD\ncipher = AES-256-GCM\nkey_exchange = ECDHE\nhash = SHA2-256\nmin_rsa_size = 2048\n'

function shippedFiles(): Readonly<Record<string, string>> {
  const names = readdirSync(POLICIES, { recursive: true, encoding: 'utf8' })
  return Object.fromEntries(
    names
      .filter((name) => /\.p(ol|mod)$/.test(name))
      .map((name) => [name, readFileSync(join(POLICIES, name), 'utf8')]),
  )
}
