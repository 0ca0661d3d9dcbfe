/** Errors that are told seldom, each by a real call that leads to it. */
import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { tlsOptionsFor } from '../../src/library/tls.ts'
import { parsePolicy } from '../../src/policy/policy.ts'
import { parseSystemConfig } from '../../src/priority/system-config.ts'
import { systemRules } from '../../src/priority/system-rules.ts'
import { dhParameters } from '../../src/tls/dh-parameters.ts'
import { element, sequence } from '../tls/certificates.ts'
import { credentialFiles, credentialFolder, endpoint } from '../tls/objects/folder.ts'
import { objectsOf } from '../tls/objects/meeting.ts'
import { scratchFolder, writeFiles } from './command.ts'
import { Host } from './host.ts'
import { runInProcess } from './in-process.ts'
import { parseEnvelope } from './json-output.ts'

describe('a policy', () => {
  test.each([
    ['hash = SHA2-256 \\', 'POLICY_DANGLING_CONTINUATION'],
    ['min_rsa_size = 2147483648\n', 'POLICY_INTEGER_TOO_LARGE'],
    ['hash@tls,ssh = SHA2-256\n', 'POLICY_SCOPE_COMMA'],
    ['hash@{tls = SHA2-256\n', 'POLICY_SCOPE_BRACES'],
    ['tls_cipher@ssh = AES-256-GCM\n', 'POLICY_FORMER_PROPERTY'],
  ])('%j: %s', (text, code) => {
    const { diagnostics } = parsePolicy('OURS', [{ name: 'OURS.pol', text }])
    expect(diagnostics.map((one) => one.code)).toContain(code)
  })

  test('may have the largest number that there is', () => {
    const text = 'min_rsa_size = 2147483647\n'
    expect(parsePolicy('OURS', [{ name: 'OURS.pol', text }]).diagnostics).toEqual([])
  })
})

test('GnuTLS holds so many values of a key, and later ones are told of', () => {
  const line = 'tls-disabled-cipher = AES-128-CBC\n'
  const ignored = (times: number) => {
    const source = { name: 'gnutls.config', text: `[overrides]\n${line.repeat(times)}` }
    return systemRules(parseSystemConfig(source), '3.7.9').ignored.map(({ code }) => code)
  }
  expect(ignored(1)).toEqual([])
  expect(ignored(500)).toContain('GNUTLS_CONFIG_TOO_MANY')
})

test('a key exchange for which no credentials can be given is left out', () => {
  const { omissions } = tlsOptionsFor('NORMAL:+SRP', { role: 'server', release: '3.7.9' })
  expect(omissions.map(({ code }) => code)).toContain('TLS_NO_CREDENTIALS')
})

describe('credentials', () => {
  const warningsOf = (dir: string): readonly string[] =>
    objectsOf(`tls-creds-x509,id=s,endpoint=server,dir=${dir}`).warnings.map(({ code }) => code)

  test('with a file of Diffie-Hellman parameters that is not used', () => {
    const dir = credentialFolder({ others: { 'dh-params.pem': dhParameters(2048).toString() } })
    expect(warningsOf(dir)).toContain('OBJECT_UNUSED_DH_PARAMETERS')
    expect(warningsOf(credentialFolder())).not.toContain('OBJECT_UNUSED_DH_PARAMETERS')
  })

  test('of a server that promises an OCSP status', () => {
    const value = sequence(element(0x02, Buffer.from([5])))
    const own = endpoint({ subject: 'own', extensions: [['1.3.6.1.5.5.7.1.24', false, value]] })
    const dir = credentialFolder()
    writeFiles(dir, credentialFiles({ server: [own] }))
    expect(warningsOf(dir)).toContain('TLS_CERTIFICATE_OWN_NEEDS_STATUS')
  })
})

describe('pki', () => {
  async function codeOf(...args: readonly string[]): Promise<string | undefined> {
    const { stderr } = await runInProcess(['pki', ...args])
    return /error\[(\w+)\]/.exec(stderr)?.[1]
  }

  test('refuses names and files that no certificate can be made of', async () => {
    const folder = join(scratchFolder(), 'pki')
    expect(await codeOf('init', folder, '--key', 'ed25519')).toBeUndefined()
    expect(await codeOf('issue', 'server', folder)).toBe('PKI_NO_NAME')
    expect(await codeOf('issue', 'client', folder)).toBe('PKI_NO_NAME')
    expect(await codeOf('issue', 'client', folder, '--cn', 'x'.repeat(65))).toMatch(/^PKI_NAME_/)
    const host = `${'a.'.repeat(32)}example`
    expect(await codeOf('issue', 'server', folder, '--dns', host)).toBe('PKI_NAME_TOO_LONG')
    writeFiles(folder, { 'ca-key.pem': 'nonsense\n' })
    expect(await codeOf('issue', 'client', folder, '--cn', 'x')).toBe('PKI_KEY_UNREADABLE')
  })
})

test('a renewal that fails says as data what it has replaced before', async () => {
  const folder = join(scratchFolder(), 'pki')
  const pki = (...args: readonly string[]) => runInProcess(['pki', ...args])
  await pki('init', folder, '--key', 'ed25519')
  await pki('issue', 'server', folder, '--key', 'ed25519', '--dns', 'host.example')
  await pki('issue', 'client', folder, '--key', 'ed25519', '--cn', 'laptop')
  writeFiles(folder, { 'client-cert.pem': 'nonsense\n' })
  const before = readFileSync(join(folder, 'server-cert.pem'), 'utf8')
  const { status, stdout } = await pki('renew', folder, '--json')
  expect(status).not.toBe(0)
  const told = parseEnvelope(stdout).diagnostics.find(({ code }) => code === 'PKI_WRITTEN')
  expect(told?.data).toMatchObject({ certificateFile: join(folder, 'server-cert.pem') })
  expect(readFileSync(join(folder, 'server-cert.pem'), 'utf8')).not.toBe(before)
})

test('an application policy that is masked is neither enabled nor shown', async () => {
  const host = new Host({ config: 'DEFAULT\n', 'applications/other.pmod': '' })
  symlinkSync('/dev/null', host.path('applications', 'mine.pmod'))
  const refused = await host.updateInProcess(['--enable-application', 'mine', '--no-reload'])
  expect([refused.status, refused.stderr]).toEqual([
    1,
    expect.stringContaining('error[APPLICATION_NOT_ENABLED]'),
  ])
  const shown = await runInProcess(['show', '--app', 'mine', '--base-dir', host.base])
  expect(shown.stderr).toContain('is masked: its file is a link to /dev/null')
})

test('what a library offers whatever it is told is a surplus', async () => {
  const args = ['convert', '--to', 'go', 'SECURE192']
  const { stderr } = await runInProcess(args)
  expect(stderr).toContain('CONVERT_SURPLUS')
})
