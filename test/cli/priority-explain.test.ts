import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Outcome, scratchFolder, writeFiles } from './command.ts'
import { runInProcess } from './in-process.ts'
import { resultOf } from './json-output.ts'

function cryptopolicy(...args: readonly string[]): Promise<Outcome> {
  return runInProcess(args, { env: { GNUTLS_SYSTEM_PRIORITY_FILE: '/nonexistent' } })
}

describe('explain --priority', () => {
  test('prints a row for each token: what it is, where it stands, what it changed and left', async () => {
    const args = ['--gnutls', '3.8.9', '--priority', 'NORMAL:-RSA:%COMPAT']
    const { status, stdout } = await cryptopolicy('explain', ...args)
    expect(status).toBe(0)
    const rows = stdout.trimEnd().split('\n')
    expect(rows[0]).toMatch(/^GnuTLS 3\.8\.9, configuration \/nonexistent \(not there\)$/)
    expect(rows[3]).toMatch(/^NORMAL +level +<priority>:1:1 +\+ \d+ ciphers, .*\d+ ciphers/)
    expect(rows[4]).toMatch(/^-RSA +key exchange +<priority>:1:8 +- RSA +\d+ key exchanges$/)
    expect(rows[5]).toMatch(/^%COMPAT +option +<priority>:1:13 +encryptThenMac false;/)
    expect(rows.at(-1)).toMatch(/^allows \d+ cipher suites, \d+ protocols, /)
  })

  test('says where the tokens of a keyword are written', async () => {
    const folder = scratchFolder()
    writeFiles(folder, { 'x.config': '[priorities]\nLIBVIRT=NORMAL:-RSA\n' })
    const config = join(folder, 'x.config')
    const { stdout } = await cryptopolicy(
      'explain',
      '--priority',
      '@LIBVIRT:-PSK',
      '--config',
      config,
    )
    expect(stdout).toContain('@LIBVIRT:-PSK is LIBVIRT of priorities')
    expect(stdout).toMatch(/-RSA .*x\.config:2:16 /)
    expect(stdout).toMatch(/-PSK .*<priority>:1:10 /)
  })

  test('goes as far as GnuTLS does, then shows the error', async () => {
    const { status, stdout, stderr } = await cryptopolicy(
      'explain',
      '--priority',
      'NORMAL:-RSAA:+PSK',
    )
    expect(status).toBe(65)
    expect(stdout).toMatch(/-RSAA +unknown/)
    expect(stdout).not.toContain('+PSK')
    expect(stderr).toMatch(/1:8: error\[PRIORITY_UNKNOWN_WORD\](.*\n)*.*did you mean -RSA/)
  })

  test('names the form to write where the string is OpenSSL language', async () => {
    const { stderr } = await cryptopolicy('explain', '--priority', 'ECDHE+AESGCM')
    expect(stderr).toMatch(/error\[PRIORITY_OPENSSL_LANGUAGE\](.*\n)*hint: in a priority string: /)
  })

  test('gives the steps as JSON', async () => {
    const { stdout } = await cryptopolicy('explain', '--json', '--priority', 'NORMAL:-RSA')
    expect(resultOf(stdout)).toMatchObject({
      resolved: { given: 'NORMAL:-RSA' },
      steps: [
        { token: 'NORMAL' },
        { token: '-RSA', effects: [{ list: 'keyExchanges', removed: ['RSA'] }] },
      ],
      usable: true,
    })
  })
})

describe('explain --priority with one algorithm', () => {
  test.each([
    ['--suite', 'TLS_RSA_WITH_AES_128_CBC_SHA', 1, /not allowed: token -RSA at <priority>:1:8/],
    ['--suite', 'TLS_AES_256_GCM_SHA384', 0, /is allowed: token NORMAL at <priority>:1:1/],
    ['--group', 'secp256r1', 0, /SECP256R1 is allowed/],
    ['--sign', 'RSA-MD5', 1, /RSA-MD5 is not allowed/],
    ['--protocol', 'TLS1.0', 0, /TLS1.0 is allowed: every string starts with it/],
  ])('%s %s says who decided', async (option, name, status, words) => {
    const answer = await cryptopolicy('explain', '--priority', 'NORMAL:-RSA', option, name)
    expect(answer.stdout).toMatch(words)
    expect(answer.status).toBe(status)
  })

  test('gives as JSON that no token named it', async () => {
    const args = ['explain', '--json', '--priority', 'NORMAL', '--sign', 'RSA-MD5']
    const { stdout } = await cryptopolicy(...args)
    expect(resultOf(stdout)).toMatchObject({ verdicts: [{ deciding: { by: 'nothing' } }] })
  })

  test('names the override that decided', async () => {
    const folder = scratchFolder()
    writeFiles(folder, { 'x.config': '[overrides]\ndisabled-version = TLS1.0\n' })
    const config = ['--config', join(folder, 'x.config')]
    const args = ['explain', ...config, '--priority', 'NORMAL', '--protocol', 'TLS1.0']
    expect((await cryptopolicy(...args)).stdout).toMatch(/by disabled-version at .*x\.config:2:1/)
  })

  test('suggests a name for one that does not exist', async () => {
    const args = ['explain', '--priority', 'NORMAL', '--suite', 'TLS_AES_265_GCM_SHA384']
    const { status, stderr } = await cryptopolicy(...args)
    expect(status).toBe(64)
    expect(stderr).toContain('did you mean TLS_AES_256_GCM_SHA384')
  })
})

describe('explain of a policy', () => {
  test('needs the policy, and takes no string', async () => {
    expect((await cryptopolicy('explain')).status).toBe(64)
    expect((await cryptopolicy('explain', 'DEFAULT', '--priority', 'NORMAL')).status).toBe(64)
    const { stdout } = await cryptopolicy('explain', 'DEFAULT', '--value', 'AES-128-CBC')
    expect(stdout).toContain('AES-128-CBC is on')
  })
})

describe('diff --priority', () => {
  test('says what the second string allows more or less', async () => {
    const { status, stdout } = await cryptopolicy(
      'diff',
      '--priority',
      'NORMAL',
      'NORMAL:-GROUP-X448',
    )
    expect([status, stdout]).toEqual([0, 'groups:\n  - x448\n'])
  })

  test('says what an upgrade changes', async () => {
    const between = ['--from', '3.7.9', '--to', '3.8.13']
    const { stdout } = await cryptopolicy('diff', '--priority', 'NORMAL', ...between)
    expect(stdout).toMatch(/^signature schemes:\n {2}\+ mldsa44\n/)
  })

  test('takes the installed release for a side without one, and names both sides', async () => {
    const diff = async (...args: readonly string[]) => {
      const config = ['--config', '/dev/null', '--json']
      const { stdout } = await cryptopolicy('diff', '--priority', ...args, ...config)
      const { before, after } = resultOf(stdout)
      return [before, after]
    }
    const [, installed] = await diff('NORMAL', '--from', '3.8.9')
    expect(installed).toMatch(/^GnuTLS 3\./)
    expect(await diff('NORMAL', '--from', '3.8.9')).toEqual(['GnuTLS 3.8.9', installed])
    expect(await diff('NORMAL', '--to', '3.8.9')).toEqual([installed, 'GnuTLS 3.8.9'])
    expect(await diff('NORMAL', 'PFS', '--from', '3.8.9', '--to', '3.8.13')).toEqual([
      ...['NORMAL in GnuTLS 3.8.9', 'PFS in GnuTLS 3.8.13'],
    ])
    expect(await diff('NORMAL', 'PFS')).toEqual(['NORMAL', 'PFS'])
  })

  test('calls a refusal of one side a difference, and of both an error', async () => {
    const string = 'NORMAL:+GROUP-X25519-MLKEM768'
    const one = await cryptopolicy(
      'diff',
      '--priority',
      string,
      '--from',
      '3.8.13',
      '--to',
      'newest',
    )
    expect([one.status, one.stdout]).toEqual([0, 'refused: GnuTLS 3.8.13\n'])
    expect(one.stderr).toContain('warning[PRIORITY_OTHER_RELEASE]')
    expect((await cryptopolicy('diff', '--priority', 'FOO', 'BAR')).status).toBe(65)
  })

  test('prints nothing where both mean the same', async () => {
    const { status, stdout, stderr } = await cryptopolicy('diff', '--priority', 'NORMAL', 'NORMAL')
    expect([status, stdout, stderr]).toEqual([0, '', 'NORMAL and NORMAL mean the same\n'])
  })

  test('refuses wrong usage', async () => {
    expect((await cryptopolicy('diff', '--priority', 'NORMAL')).status).toBe(64)
    expect((await cryptopolicy('diff', 'FUTURE')).status).toBe(64)
    const args = ['--priority', 'NORMAL', '--from', '3.7.9', '--gnutls', '3.8.9']
    expect((await cryptopolicy('diff', ...args)).status).toBe(64)
  })
})
