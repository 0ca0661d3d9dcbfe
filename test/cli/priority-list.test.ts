import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { GNUTLS_RELEASES } from '../../src/priority/releases.ts'
import { testWith } from '../peers/peer.ts'
import { readPriorityCorpus } from '../priority-corpus.ts'
import { type RunOptions, runFile, scratchFolder, writeFiles } from './command.ts'
import { runInProcess } from './in-process.ts'
import { resultOf } from './json-output.ts'

const STRINGS = 100
const TIMEOUT = 300_000

/** Every so many of the corpus, each with the file that GnuTLS is to read. */
const CASES = readPriorityCorpus()
  .filter((_, index, { length }) => index % (length / STRINGS) === 0)
  .map(({ priority, config, out }) => ({ priority, config, out }))

/** Points at a configuration, or at one that is not there. */
function environmentFor(config: string | undefined): RunOptions {
  const folder = scratchFolder()
  if (config !== undefined) writeFiles(folder, { 'gnutls.config': config })
  return { env: { LC_ALL: 'C', GNUTLS_SYSTEM_PRIORITY_FILE: join(folder, 'gnutls.config') } }
}

function list(priority: string, options: RunOptions, release: string) {
  return runInProcess(['list', '--gnutls', release, '--priority', priority], options)
}

test(
  `prints and ends as recorded for ${STRINGS} strings of the corpus`,
  async () => {
    expect(CASES).toHaveLength(STRINGS)
    for (const [index, { priority, config, out }] of CASES.entries()) {
      const release = (['3.7.9', '3.8.9', '3.8.13'] as const)[index % 3] ?? '3.8.13'
      const { stdout, status } = await list(priority, environmentFor(config), release)
      const expected = { priority, stdout: out[release].stdout, status: out[release].rc }
      expect({ priority, stdout, status }).toEqual(expected)
    }
  },
  TIMEOUT,
)

testWith(
  'gnutls-cli',
  `prints and ends as the installed one for ${STRINGS} strings`,
  async () => {
    const version = /^gnutls-cli (\S+)/.exec(runFile('gnutls-cli', ['--version']).stdout)?.[1]
    const release = GNUTLS_RELEASES.find((name) => name === version)
    if (!release) return
    for (const { priority, config } of CASES) {
      const options = environmentFor(config)
      const theirs = runFile('gnutls-cli', ['-l', '--priority', priority], options)
      const { stdout, status } = await list(priority, options, release)
      expect({ priority, stdout, status }).toEqual({
        priority,
        stdout: theirs.stdout,
        status: theirs.status,
      })
    }
  },
  TIMEOUT,
)

describe('errors', () => {
  test('are explained on standard error, with the status of gnutls-cli', async () => {
    const { status, stdout, stderr } = await runInProcess([
      ...['list', '--gnutls', '3.8.9', 'NORMAL:-RSAA'],
    ])
    expect([status, stdout]).toEqual([1, 'Cipher suites for NORMAL:-RSAA\n'])
    expect(stderr.split('\n')).toEqual([
      '<priority>:1:8: error[PRIORITY_UNKNOWN_WORD]: GnuTLS 3.8.9 does not know `-RSAA`',
      ' 1 | NORMAL:-RSAA',
      '   |        ^^^^^',
      'hint: did you mean -RSA?',
      '',
    ])
  })

  test('say which class became empty and which token emptied it', async () => {
    const { stderr } = await runInProcess(['list', '--priority', 'NORMAL:-VERS-ALL'])
    expect(stderr).toMatch(/error\[PRIORITY_EMPTIED\]: `-VERS-ALL` .*no protocols are left/)
    expect(stderr).toMatch(/\n {3}\| {8}\^{9}\n/)
  })

  test('of usage and of files have statuses of their own', async () => {
    expect((await runInProcess(['list'])).status).toBe(64)
    expect((await runInProcess(['list', '--priority'])).status).toBe(64)
    const args = ['list', '--priority', 'NORMAL', '--config', '/nonexistent']
    expect((await runInProcess(args)).status).toBe(66)
  })

  test('of a configuration end it where GnuTLS is told to mind them', async () => {
    const options = environmentFor('[overrides]\nciper = X\n')
    const env = { ...options.env, GNUTLS_SYSTEM_PRIORITY_FAIL_ON_INVALID: '1' }
    const { status, stdout, stderr } = await list('NORMAL', { env }, '3.8.13')
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toContain('warning[GNUTLS_CONFIG_UNKNOWN_KEY]')
  })
})

test('gives the evaluation as JSON', async () => {
  const args = ['list', '--json', '--priority', 'SUITEB192']
  const { stdout } = await runInProcess(args, environmentFor(undefined))
  expect(resultOf(stdout)).toMatchObject({
    resolved: { text: 'SUITEB192', origin: 'given' },
    config: null,
    mode: 'blocklist',
    allowed: {
      versions: expect.arrayContaining(['TLS1.2']),
      suites: [{ name: 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', number: 0xc02c }],
      groups: ['secp384r1'],
    },
    lists: { ciphers: ['AES-256-GCM'] },
  })
})
