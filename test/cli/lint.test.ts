import { chmodSync, chownSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scratchFolder, writeFiles } from './command.ts'
import { Host } from './host.ts'
import { runInProcess } from './in-process.ts'
import { resultOf } from './json-output.ts'

// Each forbids something that a library goes on allowing, and none is wrong.
for (const policy of ['FUTURE', 'FIPS', 'DEFAULT:NO-PQ']) {
  test(`lint of ${policy} warns of what libraries keep, and the answer is yes`, async () => {
    const { status, stdout } = await runInProcess(['lint', policy])
    expect(stdout).toContain('warning[BACKEND_CANNOT_SAY]')
    expect(status).toBe(0)
  })
}

test('lint of a policy that weakens connections answers no', async () => {
  const { status, stdout } = await runInProcess(['lint', 'LEGACY', '--json'])
  expect(status).toBe(1)
  const { findings } = resultOf(stdout) as { findings: readonly { code: string }[] }
  expect(findings.map(({ code }) => code)).toContain('LINT_WEAK_ALGORITHM')
})

describe('the answer and the count', () => {
  test.each([
    ['nothing', 'cipher@ssh = -3DES-CBC\n', 0, 'no problems'],
    ['a warning', 'hash = -MD5 -MD5\n', 1, '0 errors, 1 warning, 0 notes'],
    ['an error', 'hash = -MD6\nhash = -MD7\n', 1, '2 errors, 0 warnings, 0 notes'],
  ])('of a module with %s', async (_, text, status, counted) => {
    const folder = scratchFolder()
    writeFiles(folder, { 'OURS.pmod': text })
    const outcome = await runInProcess(['lint', join(folder, 'OURS.pmod')])
    expect([outcome.status, outcome.stderr]).toEqual([status, `${counted}\n`])
  })

  test('of a target that is not there is another than that of a mistake beside it', async () => {
    const folder = scratchFolder()
    writeFiles(folder, { 'OURS.pmod': 'hash = -MD6\n' })
    const targets = [join(folder, 'OURS.pmod'), join(folder, 'MISSING.pol')]
    const { status, stdout } = await runInProcess(['lint', ...targets])
    expect(status).toBe(66)
    expect(stdout).toContain('error[FILE_MISSING]')
  })
})

describe('--fix', () => {
  const OLD = '# mine\nssh_etm = 1\ngroup = +X25519-MLKEM768 # both\n'
  const NEW = '# mine\netm@SSH = ANY\ngroup = +MLKEM768-X25519 # both\n'

  test('rewrites the files that are named, says how many places, and is done after one run', async () => {
    const folder = scratchFolder()
    writeFiles(folder, { 'A.pmod': OLD, 'B.pmod': NEW })
    const paths = ['A.pmod', 'B.pmod'].map((name) => join(folder, name))
    const { status, stderr } = await runInProcess(['lint', '--fix', ...paths])
    expect(stderr.split('\n')[0]).toBe(`${paths[0]}: 2 places rewritten`)
    expect(stderr).not.toContain(`${paths[1]}:`)
    expect(status).toBe(0)
    for (const path of paths) expect(readFileSync(path, 'utf8')).toBe(NEW)
    const { stdout } = await runInProcess(['lint', '--fix', '--json', ...paths])
    expect(resultOf(stdout).fixed).toEqual([])
  })

  test('leaves owner, group and mode as they were', async () => {
    const folder = scratchFolder()
    writeFiles(folder, { 'A.pmod': OLD })
    const path = join(folder, 'A.pmod')
    const owner = process.geteuid?.() === 0 ? 65_534 : statSync(path).uid
    const group = process.geteuid?.() === 0 ? 65_534 : statSync(path).gid
    chownSync(path, owner, group)
    chmodSync(path, 0o640)
    expect((await runInProcess(['lint', '--fix', path])).status).toBe(0)
    expect(readFileSync(path, 'utf8')).toBe(NEW)
    const { uid, gid, mode } = statSync(path)
    expect([uid, gid, mode & 0o777]).toEqual([owner, group, 0o640])
  })

  test('tells as JSON what it rewrote', async () => {
    const folder = scratchFolder()
    writeFiles(folder, { 'A.pmod': OLD })
    const path = join(folder, 'A.pmod')
    const { stdout, stderr } = await runInProcess(['lint', '--fix', '--json', path])
    expect(stderr).toBe('')
    const { fixed, findings } = resultOf(stdout)
    expect(fixed).toEqual([{ path, count: 2 }])
    expect(findings).toEqual([])
  })

  test('touches no file where one of the targets is no file of a policy', async () => {
    const folder = scratchFolder()
    writeFiles(folder, { 'A.pmod': OLD })
    const path = join(folder, 'A.pmod')
    for (const targets of [[], ['DEFAULT'], [path, 'DEFAULT'], [`${path}.config`]]) {
      const { status, stderr } = await runInProcess(['lint', '--fix', ...targets])
      expect([status, stderr]).toEqual([64, expect.stringContaining('USAGE_MISSING_OPTION')])
    }
    expect(readFileSync(path, 'utf8')).toBe(OLD)
  })
})

describe('without a target', () => {
  test('the configured policy and the drop-ins of all back-ends are looked at', async () => {
    const host = new Host({
      config: 'OURS\n',
      'policies/OURS.pol': 'hash = SHA9\n',
      'local.d/gnutls-x.config': 'NORMAL\n',
      'local.d/bind-x.config': '// mine\n',
      'local.d/java-x.config': '# mine\n',
      'local.d/stranger-x.config': 'x\n',
    })
    const { status, stdout } = await runInProcess(['lint', '--base-dir', host.base, '--json'])
    const { findings } = resultOf(stdout) as { findings: readonly { code: string }[] }
    expect(status).toBe(1)
    const codes = findings.map(({ code }) => code)
    expect(codes.filter((code) => !code.startsWith('LINT_'))).toEqual([
      // It keeps drop-ins from being checked, and is told once all the same.
      'POLICY_UNKNOWN_ALGORITHM',
      'DROPIN_GNUTLS_BARE_PRIORITY',
      'DROPIN_OF_NO_BACKEND',
    ])
  })
})

/** What Java and NSS keep without a class: test/interop/policy/java-nss.test.ts asks them. */
test.each([
  ['cipher', /java-tls/],
  ['mac', /nss-tls/],
  ['group', /java-tls, nss-tls/],
  ['hash', /java-tls, nss-tls/],
  ['sign', /java-tls/],
])(
  'lint of a policy without any %s does not say that what needs one fails where a library keeps some',
  async (name, expected) => {
    const host = new Host({ 'policies/modules/NONE.pmod': `${name} =\n` })
    const base = ['--base-dir', host.base]
    const { stdout } = await runInProcess(['lint', 'DEFAULT:NONE', ...base])
    const lines = stdout.split('\n').filter((line) => line.includes('LINT_EMPTY_CLASS'))
    const keeping = lines.filter((line) => line.endsWith('keeps some')).join('\n')
    expect(keeping).toMatch(expected)
    expect(lines.filter((line) => line.endsWith('fails')).join('\n')).not.toMatch(
      new RegExp(`for .*(${expected.source.replace(', ', '|')})`),
    )
  },
)
