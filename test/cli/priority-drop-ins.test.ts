import { expect, test } from 'vitest'
import type { Outcome } from './command.ts'
import { Host } from './host.ts'
import { runInProcess } from './in-process.ts'

const DROP_IN = 'local.d/gnutls-libvirt.config'

/** What a line of a drop-in is, and the code, place and words that answer. */
const FINDINGS: Readonly<Record<string, readonly [line: string, finding: RegExp]>> = {
  'that does not parse': [
    'LIBVIRT=NORMAL:-RSAA',
    /:2:16: warning\[PRIORITY_UNKNOWN_WORD\].*\n.*\n {3}\| {16}\^{5}\nhint: did you mean -RSA\?/,
  ],
  'with a keyword, which does not nest': [
    'LIBVIRT=@SYSTEM:-RSA',
    /:2:9: warning\[PRIORITY_NESTED_KEYWORD\]: `@SYSTEM`/,
  ],
  'that allows nothing': ['LIBVIRT=NORMAL:-VERS-ALL', /:2:16: warning\[PRIORITY_EMPTIED\]/],
  'that re-enables a cipher': [
    'LIBVIRT=NONE:+VERS-TLS1.2:+RSA:+CAMELLIA-128-CBC:+SHA1:+SIGN-RSA-SHA256',
    /:2:32: warning\[PRIORITY_REENABLES\]: LIBVIRT allows .*`\+CAMELLIA-128-CBC` brings the ciphers/,
  ],
  'that re-enables versions with a level': [
    'LIBVIRT=NORMAL',
    /:2:9: warning\[PRIORITY_REENABLES\]: .*`NORMAL` brings the protocols TLS1\.1, TLS1\.0/,
  ],
  'that names a curve in vain': [
    'LIBVIRT=NONE:+VERS-TLS1.3:+AES-256-GCM:+AEAD:+GROUP-X25519:+GROUP-SECP224R1:+SIGN-RSA-PSS-RSAE-SHA256',
    /:2:60: warning\[PRIORITY_IN_VAIN\]: `\+GROUP-SECP224R1` .*not on the allowlist/,
  ],
  'that comes too late': ['SYSTEM=NORMAL', /:2:1: warning\[GNUTLS_CONFIG_SHADOWED\]/],
  'that is forbidden by a blocklist above it': [
    '[overrides]\ntls-disabled-cipher = AES-128-GCM\n[global]\noverride-mode = blocklist\n[priorities]\nLIBVIRT=NORMAL:+AES-128-GCM',
    /:7:16: warning\[PRIORITY_IN_VAIN\]: .*disabled by tls-disabled-cipher at .*:3:1/,
  ],
}

function hostWith(line: string): Host {
  return new Host({ [DROP_IN]: `# for libvirt\n${line}\n` })
}

function lint(host: Host, ...files: readonly string[]): Promise<Outcome> {
  return runInProcess(['lint', '--base-dir', host.base, ...files])
}

for (const [what, [line, finding]] of Object.entries(FINDINGS)) {
  test(`warns of a string ${what}, as lint does, and refuses it under --strict`, async () => {
    const host = hostWith(line)
    // Under a blocklist above the policy no program could use @SYSTEM any more.
    const args = ['--set', 'DEFAULT', '--no-reload', '--force']
    const { status, stderr } = await host.updateInProcess(args)
    expect(stderr).toMatch(finding)
    expect(status).toBe(0)
    expect(await lint(host)).toMatchObject({ status: 1, stdout: expect.stringMatching(finding) })
    const before = host.visible()
    const strict = await host.updateInProcess(['--set', 'FUTURE', '--strict', '--no-reload'])
    expect(strict.status).toBe(1)
    expect(strict.stderr).toMatch(/error\[/)
    expect(host.visible()).toEqual(before)
    expect(host.read('config')).toBe('DEFAULT\n')
  })
}

test('says nothing of a string that stays within the policy', async () => {
  const line =
    'LIBVIRT=NONE:+VERS-TLS1.3:+AES-256-GCM:+AEAD:+GROUP-X25519:+SIGN-RSA-PSS-RSAE-SHA256'
  const { status, stderr } = await hostWith(line).update([
    '--set',
    'DEFAULT',
    '--strict',
    '--no-reload',
  ])
  // What OpenSSL of this host keeps has nothing to do with the string.
  const said = stderr.split('\n').filter((one) => /^(error|warning)(?!\[BACKEND)/.test(one))
  expect([status, said]).toEqual([0, []])
})

test('lint finds the same, in all drop-ins or in the one that is named', async () => {
  const host = hostWith('LIBVIRT=NORMAL:-RSAA')
  host.write({ config: 'DEFAULT\n', 'local.d/gnutls-qemu.config': 'QEMU=@SYSTEM\n' })
  const all = await lint(host)
  expect(all.status).toBe(1)
  expect(all.stdout).toMatch(/gnutls-libvirt\.config:2:16: warning\[PRIORITY_UNKNOWN_WORD\]/)
  expect(all.stdout).toMatch(/gnutls-qemu\.config:1:6: warning\[PRIORITY_NESTED_KEYWORD\]/)
  const one = await lint(host, host.path('local.d/gnutls-qemu.config'))
  expect(one.stdout).toMatch(/^\S+gnutls-qemu\.config:1:6: warning\[PRIORITY_NESTED_KEYWORD\]/)
  expect(one.stdout).not.toContain('gnutls-libvirt')
})
