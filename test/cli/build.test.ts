/** `cryptopolicy build` within the process of the test, by the outputs of the reference. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { BACKENDS } from '../../src/backends/all-backends.ts'
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts'
import { type BuildOptions, type BuildResult, buildPolicies } from '../../src/system/build.ts'
import { refusal } from '../diagnostic-code.ts'
import { ROOT, scratchFolder, writeFiles } from './command.ts'
import { runInProcess } from './in-process.ts'

const GOLDEN = join(ROOT, 'test', 'golden')

test('build writes what the reference writes, a file for each back-end', async () => {
  const folder = scratchFolder()
  const args = ['build', '--no-verify', '--flat', '--policy', 'FUTURE', join(ROOT, 'policies')]
  const { status, stdout, stderr } = await runInProcess([...args, folder])
  expect(status, stderr).toBe(0)
  expect(stdout).toBe(`FUTURE: ${readdirSync(folder).length} files written\n`)
  const names = readdirSync(GOLDEN).filter((name) => name.startsWith('FUTURE-'))
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(names))
  for (const name of names) {
    const [ours, theirs] = [folder, GOLDEN].map((from) => readFileSync(join(from, name), 'utf8'))
    expect(ours, name).toBe(theirs)
  }
})

test('build shows every error of a policy, and writes nothing', async () => {
  const [policies, out] = [scratchFolder(), scratchFolder()]
  writeFiles(policies, { 'X.pol': 'cipher = AES-256-GCMM\nhash = SHA2-257\n' })
  const { status, stderr } = await runInProcess(['build', '--no-verify', policies, out])
  expect(status).toBe(65)
  expect(stderr).toMatch(
    /X\.pol:1:10: error\[POLICY_UNKNOWN_ALGORITHM\].*\n.*\n.*\nhint: did you mean AES-256-GCM/,
  )
  expect(stderr).toMatch(/X\.pol:2:8: error\[POLICY_UNKNOWN_ALGORITHM\]/)
  expect(readdirSync(out)).toEqual([])
})

test('build tells what is deprecated, and writes all the same', async () => {
  const [policies, out] = [scratchFolder(), scratchFolder()]
  writeFiles(policies, { 'X.pol': 'cipher = AES-256-GCM\nsha1_in_dnssec = 1\n' })
  const { status, stderr } = await runInProcess(['build', '--no-verify', policies, out])
  expect(status, stderr).toBe(0)
  expect(stderr).toMatch(/X\.pol:2:1: warning\[POLICY_DEPRECATED_PROPERTY\]/)
  expect(readdirSync(out)).toEqual(['X'])
})

describe('policies of a folder are built', () => {
  const TEXT = 'cipher = AES-256-GCM\nmac = AEAD\nhash = SHA2-256\ngroup = X25519\n'

  function scene(files: Readonly<Record<string, string>> = { 'A.pol': TEXT, 'B.pol': TEXT }) {
    const [policyDir, outDir] = [scratchFolder(), join(scratchFolder(), 'deep', 'out')]
    writeFiles(policyDir, files)
    const directories = { base: scratchFolder(), profile: '/nowhere' }
    const build = (more: Partial<BuildOptions> = {}): BuildResult => {
      const flags = { flat: false, test: false, reloadCommands: false, strict: false }
      return buildPolicies({ policyDir, outDir, ...flags, ...more }, directories)
    }
    return { outDir, build, path: (...names: string[]) => join(outDir, ...names) }
  }

  const outcomes = ({ files }: BuildResult) => new Set(files.map(({ outcome }) => outcome))

  test('all of them, or the one that is named, a folder each or none', () => {
    const { outDir, build, path } = scene()
    const { files, diagnostics } = build()
    expect(diagnostics).toEqual([])
    expect(readdirSync(outDir)).toEqual(['A', 'B'])
    expect(files.map(({ policy, backend }) => `${policy} ${backend}`)).toEqual(
      ['A', 'B'].flatMap((name) => BACKENDS.map((backend) => `${name} ${backend.name}`)),
    )
    expect(readFileSync(path('A', 'krb5.txt'), 'utf8')).toContain('permitted_enctypes')
    build({ flat: true, policy: 'b' })
    expect(readdirSync(outDir).filter((name) => name.endsWith('krb5.txt'))).toEqual(['B-krb5.txt'])
    build({ reloadCommands: true, policy: 'A' })
    expect(readdirSync(outDir)).toContain('reload-cmds.sh')
  })

  test('anew only where the text is another', () => {
    const { build, path } = scene({ 'A.pol': TEXT })
    expect(outcomes(build())).toEqual(new Set(['written']))
    expect(outcomes(build())).toEqual(new Set(['same']))
    writeFileSync(path('A', 'krb5.txt'), 'old\n')
    rmSync(path('A', 'nss.txt'))
    const tested = build({ test: true }).files.filter(({ outcome }) => outcome !== 'same')
    expect(tested.map(({ backend, outcome }) => [backend, outcome])).toEqual(
      expect.arrayContaining([
        ['krb5', 'differs'],
        ['nss', 'written'],
      ]),
    )
    expect(tested).toHaveLength(2)
    expect(tested.find(({ backend }) => backend === 'krb5')?.difference).toContain('\n-old\n')
    expect(readFileSync(path('A', 'krb5.txt'), 'utf8')).toBe('old\n')
    expect(existsSync(path('A', 'nss.txt'))).toBe(true)
    expect(build().files.filter(({ outcome }) => outcome === 'written')).toHaveLength(1)
    expect(readFileSync(path('A', 'krb5.txt'), 'utf8')).not.toBe('old\n')
  })

  test('and with an error in any of them none is', () => {
    const { outDir, build } = scene({ 'A.pol': TEXT, 'B.pol': 'odd\n', 'C.pol': 'hash = MD6\n' })
    const codes = ['POLICY_MISSING_EQUALS', 'POLICY_UNKNOWN_ALGORITHM']
    expect(() => build()).toThrow(
      expect.objectContaining({
        diagnostics: codes.map((code) => expect.objectContaining({ code })),
      }),
    )
    expect(existsSync(outDir)).toBe(false)
    expect(() => scene({}).build()).toThrow(refusal('FILE_MISSING'))
    expect(() => scene().build({ policy: 'A/B' })).toThrow(refusal('POLICY_BAD_NAME'))
  })

  test('and a warning is an error where it is strict', () => {
    const { build } = scene({ 'A.pol': `${TEXT}ssh_etm = 1\n` })
    const [warning, ...more] = build().diagnostics
    expect([warning?.severity, more]).toEqual(['warning', []])
    expect(() => build({ strict: true })).toThrow(refusal(warning?.code ?? ''))
  })

  test('and what is said of an application over each policy alike is told once', () => {
    const { build } = scene()
    const source = { name: 'a.pmod', text: 'text' }
    const said = (start: number, message = 'x', code = 'X'): Diagnostic => ({
      ...{ code, severity: 'warning', fault: 'input', message },
      span: { source, start, end: 4 },
    })
    const told = [said(0), said(1), said(0, 'y'), said(0, 'x', 'Y')]
    const ofOther = { ...said(0), span: { source: { ...source, name: 'b' }, start: 0, end: 4 } }
    const { diagnostics, files } = build({
      compileApplications: ({ name }) => ({
        ...{ applications: [], gnutlsLines: 'X=NORMAL\n', sources: [] },
        files: new Map([['back-ends/applications/web/nginx.config', `# ${name}\n`]]),
        diagnostics: [...told, said(0), ofOther],
      }),
    })
    expect(diagnostics).toEqual([...told, ofOther])
    expect(files.find(({ backend }) => backend === 'gnutls')?.text).toMatch(/\nX=NORMAL\n$/)
    const ofApplications = files.filter(({ backend }) => backend === 'applications/web/nginx')
    expect(ofApplications.map(({ policy, text }) => [policy, text])).toEqual([
      ['A', '# A\n'],
      ['B', '# B\n'],
    ])
    expect(ofApplications[0]?.path).toMatch(/\/out\/A\/applications\/web\/nginx\.config$/)
  })

  test('by a generator of an older format where one is given; what is in the way is told', () => {
    const { outDir, build, path } = scene({ 'A.pol': TEXT })
    build({ generators: { krb5: () => 'older\n' } })
    expect(readFileSync(path('A', 'krb5.txt'), 'utf8')).toBe('older\n')
    rmSync(outDir, { recursive: true })
    writeFileSync(outDir, '')
    expect(() => build()).toThrow(refusal('FILE_UNWRITABLE'))
  })
})
