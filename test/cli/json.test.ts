import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startNbdkit } from '../nbd/nbd-servers.ts'
import { testWith } from '../peers/peer.ts'
import { ROOT, scratchFolder, writeFiles } from './command.ts'
import { Host } from './host.ts'
import { runInProcess } from './in-process.ts'
import { parseEnvelope, resultOf, SCHEMA_FILES } from './json-output.ts'

const POLICIES = join(ROOT, 'policies')

function cryptopolicy(...args: readonly string[]) {
  return runInProcess(args)
}

/** What a run under --json says; standard error stays empty. */
async function envelopeOf(...args: readonly string[]) {
  const { stdout, stderr, status } = await cryptopolicy(...args, '--json')
  expect(stderr).toBe('')
  return { ...parseEnvelope(stdout), status }
}

/** The commands that `--help` lists with --json. */
async function commandsWithJson(group: readonly string[] = []): Promise<readonly string[]> {
  const { stdout } = await cryptopolicy(...group, '--help')
  const names = [...stdout.matchAll(/^ {2}([a-z]+) /gm)]
    .map((match) => match[1] ?? '')
    .filter((name) => name !== 'help')
  const found: string[] = []
  for (const name of names) {
    const words = [...group, name]
    const { stdout } = await cryptopolicy(...words, '--help')
    if (stdout.includes(' --json ')) found.push(words.join('-'))
    if (group.length === 0) found.push(...(await commandsWithJson(words)))
  }
  return found
}

test('every command with --json has a schema, and every schema a command', async () => {
  const logs = [
    'connection-log',
    'nbd-serve-log',
    'chardev-log',
    'migrate-relay-log',
    'endpoint-run-log',
  ]
  const others = ['envelope', 'error', 'update-policies', ...logs]
  const names = [...others, ...(await commandsWithJson())]
  expect(SCHEMA_FILES.toSorted()).toEqual(names.map((name) => `${name}.v1.json`).toSorted())
})

describe('each command gives a result as its schema has it', () => {
  test.each([
    ['build', '--no-verify', '--policy', 'DEFAULT', POLICIES, '/dev/null/never'],
    ['show', 'DEFAULT'],
    ['show', 'FIPS', '--scope', 'ssh'],
    ['show', 'DEFAULT', '--backend', 'java'],
    ['plan', '--set', 'FUTURE'],
    ['diff', 'DEFAULT', 'FUTURE'],
    ['diff', 'DEFAULT', 'DEFAULT'],
    ['diff', '--priority', 'NORMAL:-GROUP-X25519:+GROUP-X25519', 'PFS:%COMPAT'],
    ['diff', '--priority', 'NORMAL', '--from', '3.7.9', '--to', '3.8.13'],
    ['diff', '--priority', 'NORMAL', 'NONE'],
    ['explain', 'DEFAULT', '--value', 'AES-128-CBC'],
    ['explain', 'DEFAULT', '--property', 'min_rsa_size'],
    ['explain', '--priority', 'NORMAL:-RSA:%PROFILE_HIGH'],
    ['explain', '--priority', 'NORMAL:NOPE'],
    ['explain', '--priority', 'NORMAL', '--group', 'X25519', '--protocol', 'TLS1.3'],
    ['lint', join(POLICIES, 'DEFAULT.pol')],
    ['resolve', 'NORMAL'],
    ['list', '--priority', 'NORMAL'],
    ['convert', '--to', 'openssl', 'NORMAL'],
  ])('%s %s %s %s %s', async (...words) => {
    const out = scratchFolder()
    const args = words.map((word) => (word === '/dev/null/never' ? out : word))
    expect((await envelopeOf(...args)).ok).toBe(true)
  })

  test('endpoint check', async () => {
    const folder = scratchFolder()
    writeFiles(folder, { 'host.yaml': 'monitors: [{id: m, listen: "unix:m.sock"}]' })
    const { ok, result } = await envelopeOf('endpoint', 'check', join(folder, 'host.yaml'))
    expect({ ok, entries: result.entries }).toEqual({ ok: true, entries: ['monitor m'] })
  })

  test('pki and authz', async () => {
    const folder = scratchFolder()
    const other = scratchFolder()
    const key = ['--key', 'ecdsa', '--priority', 'NORMAL']
    expect(await envelopeOf('pki', 'init', folder, ...key)).toMatchObject({ ok: true })
    expect((await envelopeOf('pki', 'issue', 'client', folder, '--cn', 'x', ...key)).ok).toBe(true)
    expect((await envelopeOf('pki', 'renew', folder, '--priority', 'NORMAL')).ok).toBe(true)
    expect((await envelopeOf('pki', 'check', folder, '--priority', 'NORMAL')).ok).toBe(true)
    expect((await envelopeOf('pki', 'psk', 'qemu', folder)).ok).toBe(true)
    expect((await envelopeOf('pki', 'request', 'client', other, '--cn', 'x', ...key)).ok).toBe(true)
    const sign = ['sign', 'client', `${other}/client-request.pem`, folder, '--cn', 'x']
    expect((await envelopeOf('pki', ...sign, '--priority', 'NORMAL')).ok).toBe(true)
    writeFiles(other, { pw: 'secret\n' })
    const pass = ['--passphrase-file', join(other, 'pw')]
    const p12 = join(other, 'client.p12')
    expect((await envelopeOf('pki', 'export', 'client', folder, '--p12', p12, ...pass)).ok).toBe(
      true,
    )
    const into = [join(other, 'imported'), ...pass, '--priority', 'NORMAL']
    expect((await envelopeOf('pki', 'import', 'client', p12, ...into)).ok).toBe(true)
    expect((await envelopeOf('pki', 'revoke', folder, `${folder}/client-cert.pem`)).ok).toBe(true)
    const test = ['authz', 'test', join(folder, 'client-cert.pem')]
    expect((await envelopeOf(...test)).result.allowed).toBe(null)
    const rules = ['--object', 'authz-simple,id=a,identity=CN=y']
    expect(await envelopeOf(...test, ...rules)).toMatchObject({
      status: 1,
      result: { allowed: false },
    })
  })

  test('update-policies', async () => {
    const host = new Host()
    const json = async (...args: readonly string[]) =>
      resultOf((await host.updateInProcess([...args, '--json'])).stdout)
    expect((await json('--is-applied')).applied).toBe(null)
    expect((await json('--check')).matches).toBe(false)
    expect((await json('--set', 'DEFAULT', '--no-reload')).policy).toBe('DEFAULT')
    expect((await json('--show')).policy).toBe('DEFAULT')
    host.write({ config: 'FUTURE\n' })
    expect((await json('--check')).drift[0].line).toBeGreaterThan(0)
  })
})

describe('each failure has the same form, on standard output alone', () => {
  test.each([
    ['a command line without a command', [], 'error', 'USAGE_UNKNOWN_OPTION'],
    ['an unknown command', ['nope'], 'error', 'USAGE_UNKNOWN_COMMAND'],
    ['an unknown command of a group', ['nbd', 'nope'], 'error', 'USAGE_UNKNOWN_COMMAND'],
    ['an unknown option', ['list', '--nope'], 'list', 'USAGE_UNKNOWN_OPTION'],
    ['a missing argument', ['nbd', 'info'], 'nbd-info', 'USAGE_MISSING_ARGUMENT'],
    ['a missing option', ['convert', 'NORMAL'], 'convert', 'USAGE_MANDATORY_OPTION'],
    ['an invalid value', ['convert', 'A', '--to', 'x'], 'convert', 'USAGE_INVALID_VALUE'],
    ['excess arguments', ['plan', 'a', 'b'], 'plan', 'USAGE_EXCESS_ARGUMENTS'],
    ['a conflict', ['explain', 'A', '--priority', 'B'], 'explain', 'USAGE_CONFLICTING_OPTIONS'],
    ['a policy that is not there', ['show', 'NOPE'], 'show', 'POLICY_NOT_FOUND'],
    ['a string without meaning', ['list', '--priority', 'NOPE'], 'list', 'PRIORITY_UNKNOWN_WORD'],
    ['no server', ['nbd', 'info', 'nbd://127.0.0.1:1/'], 'nbd-info', 'NET_UNREACHABLE'],
    ['no folder', ['pki', 'check', '/nowhere'], 'pki-check', 'FILE_MISSING'],
  ])('%s', async (_, args, command, code) => {
    const { schema, ok, result, diagnostics, status } = await envelopeOf(...args)
    expect({ schema, ok, result }).toEqual({
      ...{ schema: `cryptopolicy.${command}.v1`, ok: false, result: null },
    })
    expect(diagnostics.map((diagnostic) => diagnostic.code)).toContain(code)
    expect(status).not.toBe(0)
  })

  test('update-policies too, with its own statuses', async () => {
    const host = new Host()
    for (const [args, code, expected] of [
      [['--nope'], 'USAGE_UNKNOWN_OPTION', 2],
      [['--show', '--check'], 'USAGE_CONFLICTING_OPTIONS', 2],
      [['--set', 'NOPE'], 'POLICY_NOT_FOUND', 1],
    ] as const) {
      const { status, stdout, stderr } = await host.updateInProcess([...args, '--json'])
      const { ok, diagnostics } = parseEnvelope(stdout)
      expect([status, stderr, ok, diagnostics[0]?.code]).toEqual([expected, '', false, code])
    }
  })

  test('a place is a file, a line and a column', async () => {
    const folder = scratchFolder()
    writeFiles(folder, { 'BAD.pol': 'hash = SHA2-256\nhash = SHA9\n' })
    const { diagnostics } = await envelopeOf('build', folder, join(folder, 'out'))
    expect(diagnostics[0]).toMatchObject({ file: join(folder, 'BAD.pol'), line: 2, column: 8 })
  })
})

test('warnings are in the document, also under -q', async () => {
  const host = new Host({
    'local.d/gnutls-a.config': 'A=NONE:+VERS-ALL',
    'local.d/gnutls-b.config': 'B=NONE\n',
  })
  for (const more of [[], ['-q']]) {
    const { stdout, stderr } = await host.updateInProcess([
      '--set',
      'DEFAULT',
      '--no-reload',
      '--json',
      ...more,
    ])
    expect(stderr).toBe('')
    expect(parseEnvelope(stdout).diagnostics[0]).toMatchObject({ code: 'DROPIN_UNENDED', line: 1 })
  }
})

test('what a terminal obeys is escaped, and reads the same', async () => {
  const folder = scratchFolder()
  const name = 'a\u009b31m\u202eb\u2028'
  mkdirSync(join(folder, name))
  const { stdout } = await cryptopolicy('pki', 'check', join(folder, name, 'c\u0085'), '--json')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there.
  expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/)
  expect(stdout).toContain('\\u009b')
  expect(parseEnvelope(stdout).diagnostics[0]?.message).toContain('c')
})

testWith('nbdkit', 'commands that talk to a server', async () => {
  const server = await startNbdkit(['memory', '1M'])
  const uri = server.uri().text
  const out = join(scratchFolder(), 'out')
  writeFileSync(out, '')
  expect((await envelopeOf('nbd', 'info', '--map', uri)).result.map).toHaveLength(1)
  expect((await envelopeOf('nbd', 'list', '--long', uri)).result.exports[0].details.size).toBe(
    1_048_576,
  )
  expect((await envelopeOf('nbd', 'copy', uri, out)).result.size).toBe(1_048_576)
  expect((await envelopeOf('nbd', 'bench', '--seconds', '1', uri)).result.results).toHaveLength(2)
})
