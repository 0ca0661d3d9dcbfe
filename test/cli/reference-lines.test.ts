import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testWith } from '../peers/peer.ts'
import { ROOT, runFile, scratchFolder } from './command.ts'
import { Host } from './host.ts'
import { runInProcess } from './in-process.ts'
import { resultOf } from './json-output.ts'

const PROGRAM = join(ROOT, 'bin', 'update-crypto-policies')

function runOn(host: Host, ...args: readonly string[]) {
  return host.updateInProcess(['--no-reload', ...args], { program: 'update-crypto-policies' })
}

/** Policies, and what update-crypto-policies 20260216 printed of each before anything else. */
const ERRORS: readonly (readonly [policy: string, lines: readonly string[]])[] = [
  [
    'cipher = AES-999\n',
    [
      'AlgorithmEmptyMatchError: Bad value of policy property `cipher`: `AES-999`',
      'Errors found in policy, first one:  ',
      'Bad value of policy property `cipher`: `AES-999`',
    ],
  ],
  [
    'cipher AES-256-GCM\n',
    [
      'MalformedLineError: Malformed line `cipher AES-256-GCM`',
      'Errors found in policy, first one:  ',
      'malformed line `cipher AES-256-GCM`',
    ],
  ],
  [
    'cipher = AES-256-GCM=b\nfoo = 1\n',
    [
      'MalformedLineError: Malformed line `cipher = AES-256-GCM = b`',
      'AlgorithmClassUnknownError: Unknown policy property: `foo`',
      'Errors found in policy, first one:  ',
      'malformed line `cipher = AES-256-GCM = b`',
    ],
  ],
  [
    'cipher@foo = AES-256-GCM\n',
    [
      'ScopeUnknownError: Unknown scope foo',
      'Errors found in policy, first one:  ',
      'unknown scope foo',
    ],
  ],
  [
    'min_dh_size = a\n',
    [
      'IntPropertyNonIntValueError: Bad value of policy property `min_dh_size`: value must be an integer',
      'Errors found in policy, first one:  ',
      'Bad value of policy property `min_dh_size`: value must be an integer',
    ],
  ],
  [
    'tls_cipher = AES-256-GCM\nssh_etm = 1\n',
    [
      'PolicySyntaxDeprecationWarning: Option tls_cipher is deprecated, please rewrite your rules using cipher@TLS; be advised that it is not always a 1-1 replacement',
    ],
  ],
]

for (const [text, lines] of ERRORS) {
  test(`prints what the reference prints first: ${lines[0]}`, async () => {
    const { stderr } = await runOn(new Host({ 'policies/X.pol': text }), '--set', 'X')
    expect(stderr.split('\n').slice(0, lines.length)).toEqual(lines)
  })
}

test('names the folders of an unknown policy as the reference does', async () => {
  const host = new Host()
  const { status, stderr } = await runOn(host, '--set', 'NOPE')
  expect(status).toBe(1)
  expect(stderr.split('\n')[0]).toBe(
    `Unknown policy \`NOPE\`: file \`NOPE.pol\` not found in (., policies, ${host.path('policies')}, ${join(ROOT, 'policies')})`,
  )
  expect((await runOn(host, '--set', 'DEFAULT:NOPE')).stderr).toMatch(
    /^Unknown policy `NOPE`: file `NOPE\.pmod`/,
  )
})

test('tells an empty name as the reference does, which looks for a module without one', async () => {
  const host = new Host()
  const { status, stderr } = await runOn(host, '--set', 'DEFAULT:')
  expect(status).toBe(1)
  expect(stderr.split('\n')[0]).toBe(
    `Unknown policy \`\`: file \`.pmod\` not found in (., policies/modules, ${host.path('policies/modules')}, ${join(ROOT, 'policies/modules')})`,
  )
})

test('calls itself as it was called, also through a link of that name', () => {
  const link = join(scratchFolder(), 'update-crypto-policies')
  symlinkSync(join(ROOT, 'bin', 'update-policies'), link)
  for (const program of [PROGRAM, link]) {
    const host = new Host()
    expect(runFile(program, ['--help']).stdout).not.toMatch(/\bupdate-policies\b/)
    const { stderr } = runFile(program, ['--base-dir', host.base, '--set', 'FIPS', '--no-verify'])
    expect(stderr).toMatch(
      /^Warning: Using 'update-crypto-policies --set FIPS' is not sufficient for\n/,
    )
    expect(runFile(program, ['--base-dir', host.path('new'), '--check']).stderr).toContain(
      'run update-crypto-policies',
    )
  }
  expect(runFile(join(ROOT, 'bin', 'update-policies'), ['--help']).stdout).toMatch(
    /Usage: update-policies/,
  )
})

testWith('setpriv', 'tells others than root who they are to be, by its name', () => {
  const user = ['--reuid=65534', '--regid=65534', '--clear-groups']
  const { stderr } = runFile('setpriv', [...user, PROGRAM, '--set', 'DEFAULT'])
  expect(stderr).toMatch(/^You must be root to run update-crypto-policies\.\n/)
})

test('lists policies, modules and what is in force, in both commands', async () => {
  const host = new Host({ config: 'LEGACY\n', 'policies/MINE.pol': '# mine\n' })
  const found = resultOf((await runOn(host, '--list', '--json')).stdout)
  expect(found).toMatchObject({ configured: 'LEGACY', inForce: null })
  expect(found.policies).toContainEqual({ name: 'MINE', path: host.path('policies', 'MINE.pol') })
  expect(found.modules.map(({ name }: { name: string }) => name)).toContain('NO-SHA1')
  await host.setInProcess('FUTURE:NO-PQ')
  const args = ['show', '--list', '--base-dir', host.base]
  const { stdout } = await runInProcess(args)
  expect(stdout).toBe((await runOn(host, '--list')).stdout)
  expect(stdout).toContain('in force: FUTURE:NO-PQ\n')
  expect(resultOf((await runInProcess([...args, '--json'])).stdout)).toMatchObject({
    action: 'list',
    inForce: 'FUTURE:NO-PQ',
  })
})
