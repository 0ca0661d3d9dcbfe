import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { opensslSuiteName } from '../../src/algorithms/tls-suite-openssl.ts'
import { findTlsSuiteByName } from '../../src/algorithms/tls-suites.ts'
import { testWith } from '../peers/peer.ts'
import { type Outcome, runFile, scratchFolder } from './command.ts'
import { runInProcess } from './in-process.ts'
import { parseEnvelope, resultOf } from './json-output.ts'

const ENVIRONMENT = { env: { GNUTLS_SYSTEM_PRIORITY_FILE: '/nonexistent' } }

function cryptopolicy(...args: readonly string[]): Promise<Outcome> {
  return runInProcess(args, ENVIRONMENT)
}

/** The names of the suites that a cipher list selects, as OpenSSL itself expands it. */
function expandWithOpenssl(ciphers: string, suites13: string): readonly string[] {
  const args = ['ciphers', '-s', '-v', '-psk', '-ciphersuites', suites13, ciphers]
  const { stdout } = runFile('openssl', args)
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
}

/** The names in OpenSSL's words of what a priority string allows. */
async function expandPriority(priority: string): Promise<readonly string[]> {
  const { stdout } = await cryptopolicy('list', '--json', '--priority', priority)
  const { allowed } = resultOf(stdout) as { allowed: { suites: { name: string }[] } }
  return allowed.suites.map(({ name }) => {
    const suite = findTlsSuiteByName(name)
    return (suite && opensslSuiteName(suite)) ?? name
  })
}

describe('to OpenSSL', () => {
  test.each(['NORMAL', 'PFS', 'SECURE192', 'NORMAL:+PSK:-AES-128-GCM'])('%s', async (priority) => {
    const { status, stdout } = await cryptopolicy('convert', '--to', 'openssl', priority)
    expect(status).toBe(0)
    expect(stdout).toMatch(/^MinProtocol = .*\nMaxProtocol = .*\nCipherString = .*@SECLEVEL=\d\n/)
  })

  testWith('openssl', 'allows no other suites to `openssl ciphers -s -v`', async () => {
    for (const priority of ['NORMAL', 'PFS', 'SECURE192', 'NORMAL:-AES-128-GCM:-VERS-TLS1.1']) {
      const { stdout } = await cryptopolicy('convert', '--to', 'openssl', '--quiet', priority)
      const [, ciphers = ''] = /^CipherString = (.*)$/m.exec(stdout) ?? []
      const [, suites13 = ''] = /^Ciphersuites = (.*)$/m.exec(stdout) ?? []
      const ours = new Set(await expandPriority(priority))
      const extra = expandWithOpenssl(ciphers, suites13).filter((name) => !ours.has(name))
      expect({ priority, extra }).toEqual({ priority, extra: [] })
    }
  })

  test('names what the release knows that is asked for', async () => {
    const args = ['convert', '--to', 'openssl', '--quiet', 'NORMAL:+GROUP-X25519-MLKEM768']
    expect((await cryptopolicy(...args)).stdout).not.toContain('MLKEM')
    expect((await cryptopolicy(...args, '--openssl', '3.0')).stdout).not.toContain('MLKEM')
    expect((await cryptopolicy(...args, '--openssl', '3.5')).stdout).toContain('X25519MLKEM768')
    expect((await cryptopolicy(...args, '--openssl', '3.5.9')).stdout).toContain('X25519MLKEM768')
  })

  test('asks no program of the host for the oldest release', async () => {
    const args = ['convert', '--json', '--to', 'openssl', 'NORMAL']
    const { stdout } = await runInProcess(args, { env: { PATH: '/nowhere' } })
    expect(resultOf(stdout)).toMatchObject({ releases: { openssl: '3.0' } })
  })

  testWith('openssl', 'asks the installed program with --target installed', async () => {
    const args = ['convert', '--json', '--to', 'openssl', '--target', 'installed', 'NORMAL']
    const { releases } = resultOf((await cryptopolicy(...args)).stdout) as { releases: object }
    const [, version = ''] =
      /^OpenSSL (\d+\.\d+)/.exec(runFile('openssl', ['version']).stdout) ?? []
    expect(releases).toEqual({ openssl: version })
  })
})

const ALL_13 = [
  ...['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'],
  ...['TLS_AES_128_CCM_SHA256', 'TLS_AES_128_CCM_8_SHA256'],
].join(':')

describe('from OpenSSL', () => {
  testWith('openssl', 'never allows a suite that the list does not select', async () => {
    for (const list of ['HIGH:!aNULL', 'ECDHE+AESGCM', 'DEFAULT:!DH', 'AES128-SHA:AES256-SHA']) {
      const args = ['convert', '--from', 'openssl', '--to', 'gnutls', '--quiet', list]
      const { status, stdout } = await cryptopolicy(...args)
      expect(status).toBe(0)
      const theirs = new Set(expandWithOpenssl(list, ALL_13))
      const extra = (await expandPriority(stdout.trim())).filter((name) => !theirs.has(name))
      expect({ list, extra }).toEqual({ list, extra: [] })
    }
  })

  test('asks for what the release has that is named', async () => {
    const args = ['convert', '--from', 'openssl', '--to', 'gnutls', '--gnutls', '3.8.9', '--quiet']
    const convert = async (...more: readonly string[]) =>
      (await cryptopolicy(...args, ...more, 'HIGH')).stdout
    expect(await convert()).not.toContain('ML-DSA')
    expect(await convert('--openssl', '3.5')).toContain('SIGN-ML-DSA-65')
  })

  test('says what was left out and which words select nothing', async () => {
    const args = ['convert', '--from', 'openssl', '--to', 'gnutls', 'ECDHE+AESGCM:RC4']
    const { status, stdout, stderr } = await cryptopolicy(...args)
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^NONE:\+VERS-TLS1\.3:.*\n$/)])
    expect(stderr).toContain('warning[CIPHER_LIST_IDLE_WORD]: `RC4` selects no cipher suite here')
    expect(stderr).toMatch(/warning\[CONVERT_OMITTED\]: left out 1 suite .*CHACHA20/)
    expect(stderr).toMatch(/^subset: /m)
  })

  test('shows the word that OpenSSL does not have', async () => {
    const args = ['convert', '--from', 'openssl', '--to', 'gnutls', 'HIGH:!aNUL']
    const { status, stdout, stderr } = await cryptopolicy(...args)
    expect([status, stdout]).toEqual([65, ''])
    expect(stderr).toContain('error[CIPHER_LIST_UNKNOWN_WORD]: `aNUL` is no word')
    expect(stderr).toContain(' 1 | HIGH:!aNUL\n   |       ^^^^\nhint: did you mean aNULL')
  })

  test('takes the policy in force for PROFILE=SYSTEM', async () => {
    const base = scratchFolder()
    const convert = (list: string): Promise<Outcome> =>
      cryptopolicy('convert', '--from', 'openssl', '--to', 'gnutls', '--base-dir', base, list)
    expect(await convert('PROFILE=SYSTEM')).toMatchObject({ status: 66 })
    mkdirSync(join(base, 'back-ends'))
    const policy = readFileSync(join(import.meta.dirname, '../golden/FUTURE-opensslcnf.txt'))
    writeFileSync(join(base, 'back-ends', 'opensslcnf.config'), policy)
    const { status, stdout } = await convert('PROFILE=SYSTEM')
    expect(status).toBe(0)
    expect(stdout).toContain(':%PROFILE_HIGH\n')
    expect(stdout).not.toMatch(/\+RSA:|AES-128|FFDHE2048/)
    expect((await convert('PROFILE=SYSTEM:!ECDHE')).stdout).not.toMatch(/ECDHE-(RSA|ECDSA)/)
  })
})

test('names the releases that it knows', async () => {
  const { stderr } = await cryptopolicy('convert', '--to', 'go', '--go', '1.2', 'NORMAL')
  expect(stderr).toContain('error[USAGE_UNKNOWN_NAME]: unknown release of go `1.2`')
})

test('says that the text means just what was given', async () => {
  const { stderr } = await cryptopolicy('convert', '--to', 'openssl', 'SUITEB128')
  expect(stderr).toBe('exact: it allows what was given\n')
})

test('writes nothing to standard output but the text', async () => {
  const { stdout, stderr } = await cryptopolicy('convert', '--to', 'nss', 'NORMAL')
  expect(stdout.split('\n').slice(0, 3)).toEqual([
    'library=',
    'name=Policy',
    'NSS=flags=policyOnly,moduleDB',
  ])
  expect(stderr).toMatch(/warning\[CONVERT_OMITTED\]: left out 1 group .*x448/)
})

test('gives the same as JSON', async () => {
  const { stdout } = await cryptopolicy('convert', '--json', '--to', 'go', 'NORMAL')
  const { result, diagnostics } = parseEnvelope(stdout)
  expect(diagnostics).toContainEqual(expect.objectContaining({ code: 'CONVERT_OMITTED' }))
  expect(result).toMatchObject({
    from: 'gnutls',
    to: 'go',
    text: expect.stringContaining('&tls.Config{'),
    exactness: 'looser',
    releases: { go: '1.19' },
  })
})

test.each([
  [['--to', 'perl', 'NORMAL'], 64],
  [['NORMAL'], 64],
  [['--from', 'openssl', '--to', 'java', 'HIGH'], 64],
  [['--to', 'gnutls', 'NORMAL'], 64],
  [['--to', 'openssl', 'NORMAL:-FOO'], 65],
  [['--to', 'openssl', '@NOWHERE'], 66],
  [['--to', 'openssl', '--config', '/nonexistent', 'NORMAL'], 66],
  [['--to', 'openssl', '--openssl', '1.1.1', 'NORMAL'], 64],
  [['--to', 'go', '--openssl', '3.5', 'NORMAL'], 64],
  [['--to', 'go', '--go', '1.24', '--target', 'installed', 'NORMAL'], 64],
  [['--to', 'go', 'NONE:+VERS-TLS1.3:+AES-128-GCM:+AEAD:+GROUP-ALL:+SIGN-ALL'], 1],
  [['--from', 'openssl', '--to', 'gnutls', ''], 65],
  [['--from', 'openssl', '--to', 'gnutls', 'high:!anull'], 65],
])('convert %j gives %i', async (args, status) => {
  expect((await cryptopolicy('convert', ...args)).status).toBe(status)
})
