import { describe, expect, test } from 'vitest'
import { opensslSuiteName } from '../../src/algorithms/tls-suite-openssl.ts'
import { findTlsSuiteByName } from '../../src/algorithms/tls-suites.ts'
import { testWith } from '../peers/peer.ts'
import { type Outcome, run, runFile } from './command.ts'
import { parseEnvelope, resultOf } from './json-output.ts'

const ENVIRONMENT = { env: { GNUTLS_SYSTEM_PRIORITY_FILE: '/nonexistent' } }

function cryptopolicy(...args: readonly string[]): Outcome {
  return run('cryptopolicy', args, ENVIRONMENT)
}

/** The names of the suites that a cipher list selects, as OpenSSL itself expands it. */
function expandWithOpenssl(ciphers: string, suites13: string): readonly string[] {
  const list = `${ciphers}:@SECLEVEL=0`
  const args = ['ciphers', '-s', '-v', '-psk', '-ciphersuites', suites13, list]
  const { stdout } = runFile('openssl', args)
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
}

/** The names in OpenSSL's words of what a priority string allows. */
function expandPriority(priority: string): readonly string[] {
  const { stdout } = cryptopolicy('list', '--json', '--priority', priority)
  const { allowed } = resultOf(stdout) as { allowed: { suites: { name: string }[] } }
  return allowed.suites.map(({ name }) => {
    const suite = findTlsSuiteByName(name)
    return (suite && opensslSuiteName(suite)) ?? name
  })
}

describe('to OpenSSL', () => {
  test.each(['NORMAL', 'PFS', 'SECURE192', 'NORMAL:+PSK:-AES-128-GCM'])('%s', (priority) => {
    const { status, stdout } = cryptopolicy('convert', '--to', 'openssl', priority)
    expect(status).toBe(0)
    expect(stdout).toMatch(/^MinProtocol = .*\nMaxProtocol = .*\nCipherString = .*\n/)
  })

  testWith('openssl', 'means the same suites to `openssl ciphers -s -v`', () => {
    const known = new Set(expandWithOpenssl('ALL:COMPLEMENTOFALL', ALL_13))
    for (const priority of ['NORMAL', 'PFS', 'SECURE192', 'NORMAL:-AES-128-GCM:-VERS-TLS1.1']) {
      const { stdout } = cryptopolicy('convert', '--to', 'openssl', '--quiet', priority)
      const [, ciphers = ''] = /^CipherString = (.*)$/m.exec(stdout) ?? []
      const [, suites13 = ''] = /^Ciphersuites = (.*)$/m.exec(stdout) ?? []
      const theirs = expandWithOpenssl(ciphers, suites13)
      const ours = expandPriority(priority).filter((name) => known.has(name))
      expect({ priority, suites: theirs.toSorted() }).toEqual({
        priority,
        suites: [...new Set(ours)].toSorted(),
      })
    }
  })
})

const ALL_13 = [
  ...['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'],
  ...['TLS_AES_128_CCM_SHA256', 'TLS_AES_128_CCM_8_SHA256'],
].join(':')

describe('from OpenSSL', () => {
  testWith('openssl', 'never allows a suite that the list does not select', () => {
    for (const list of ['HIGH:!aNULL', 'ECDHE+AESGCM', 'DEFAULT:!DH', 'AES128-SHA:AES256-SHA']) {
      const args = ['convert', '--from', 'openssl', '--to', 'gnutls', '--quiet', list]
      const { status, stdout } = cryptopolicy(...args)
      expect(status).toBe(0)
      const theirs = new Set(expandWithOpenssl(list, ALL_13))
      const extra = expandPriority(stdout.trim()).filter((name) => !theirs.has(name))
      expect({ list, extra }).toEqual({ list, extra: [] })
    }
  })

  test('says what was left out and which words select nothing', () => {
    const args = ['convert', '--from', 'openssl', '--to', 'gnutls', 'ECDHE+AESGCM:FOO']
    const { status, stdout, stderr } = cryptopolicy(...args)
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^NONE:\+VERS-TLS1\.3:.*\n$/)])
    expect(stderr).toContain('warning[CONVERT_IGNORED_WORD]: `FOO` selects no cipher suite')
    expect(stderr).toMatch(/warning\[CONVERT_OMITTED\]: left out 1 suite .*CHACHA20/)
    expect(stderr).toMatch(/^subset: /m)
  })
})

test('says that the text means just what was given', () => {
  const { stderr } = cryptopolicy('convert', '--to', 'openssl', 'SUITEB128')
  expect(stderr).toBe('exact: it allows what was given\n')
})

test('writes nothing to standard output but the text', () => {
  const { stdout, stderr } = cryptopolicy('convert', '--to', 'nss', 'NORMAL')
  expect(stdout.split('\n').slice(0, 3)).toEqual([
    'library=',
    'name=Policy',
    'NSS=flags=policyOnly,moduleDB',
  ])
  expect(stderr).toMatch(/warning\[CONVERT_OMITTED\]: left out \d+ groups .*x448/)
})

test('gives the same as JSON', () => {
  const { stdout } = cryptopolicy('convert', '--json', '--to', 'go', 'NORMAL')
  const { result, diagnostics } = parseEnvelope(stdout)
  expect(diagnostics).toContainEqual(expect.objectContaining({ code: 'CONVERT_OMITTED' }))
  expect(result).toMatchObject({
    from: 'gnutls',
    to: 'go',
    text: expect.stringContaining('&tls.Config{'),
    exactness: 'subset',
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
])('convert %j gives %i', (args, status) => {
  expect(cryptopolicy('convert', ...args).status).toBe(status)
})
