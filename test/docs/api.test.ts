import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT, runFile, scratchFolder } from '../cli/command.ts'
import { PARTS, renderReport, reportFile, unexportedTypes } from './api-report.ts'

/** What can be called, by the part that exports it. */
async function valuesOf(part: string): Promise<readonly string[]> {
  const module = (await import(join(ROOT, 'dist', `${part}.js`))) as Record<string, unknown>
  return Object.keys(module)
}

for (const part of PARTS) {
  describe(`cryptopolicy/${part}`, () => {
    test('is as docs/api has it', () => {
      expect(readFileSync(reportFile(part), 'utf8'), 'npm run docs:api writes it').toBe(
        renderReport(part),
      )
    })

    test('exports every type that its signatures name', () => {
      expect(unexportedTypes(part)).toEqual([])
    })

    test('has its page, which names every function', async () => {
      const page = readFileSync(join(ROOT, 'docs', 'library', `${part}.md`), 'utf8')
      const library = join(ROOT, 'src', 'library', `${part}.ts`)
      const passedOn = readFileSync(library, 'utf8').includes("'./priority.ts'") ? 'priority' : ''
      const others = passedOn && part !== 'priority' ? await valuesOf('priority') : []
      const tls = part === 'nbd' ? await valuesOf('tls') : []
      const own = (await valuesOf(part)).filter(
        (name) => !others.includes(name) && !tls.includes(name),
      )
      const shared = ['DiagnosticError', 'printDiagnostic', 'formatLocation', 'locate']
      const missing = own.filter((name) => !shared.includes(name) && !page.includes(`\`${name}`))
      expect(missing).toEqual([])
    })
  })
}

test('the whole is its parts but for pki, which loads more', async () => {
  const parts = await Promise.all(PARTS.filter((part) => part !== 'pki').map(valuesOf))
  expect((await valuesOf('index')).toSorted()).toEqual([...new Set(parts.flat())].toSorted())
})

/** A program that hands on what the library gives, and writes declarations for its own users. */
async function makeConsumer(): Promise<string> {
  const folder = scratchFolder()
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(ROOT, join(folder, 'node_modules/cryptopolicy'))
  symlinkSync(join(ROOT, 'node_modules/@types'), join(folder, 'node_modules/@types'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  for (const part of [...PARTS, 'index']) {
    const from = part === 'index' ? 'cryptopolicy' : `cryptopolicy/${part}`
    const values = await valuesOf(part)
    const lines = values.map((name) =>
      /^[a-z]/.test(name)
        ? `export const get_${name} = (...args: Parameters<typeof part.${name}>) => part.${name}(...args)`
        : `export const value_${name} = part.${name}`,
    )
    const text = [`import * as part from '${from}'`, ...lines, ''].join('\n')
    writeFileSync(join(folder, `${part}.ts`), text)
  }
  writeFileSync(
    join(folder, 'parts.ts'),
    `import { evaluatePriority, explainPriority, allowedTls, isResolved, resolvePriority } from 'cryptopolicy'
const outcome = evaluatePriority('NORMAL')
export const evaluation = outcome.ok ? outcome.evaluation : undefined
export const failure = outcome.ok ? undefined : outcome.failure
export const options = evaluation?.options
export const adjustments = evaluation?.adjustments
export const rules = evaluation?.certificateProhibitions
export const steps = explainPriority('NORMAL').steps
export const step = steps[0]
export const instruction = step?.instruction
export const allowed = evaluation && allowedTls(evaluation)
const resolution = resolvePriority('@SYSTEM')
export const entry = isResolved(resolution) ? resolution.entry : undefined
export const segments = isResolved(resolution) ? resolution.segments : undefined
`,
  )
  return folder
}

test('a program that hands on all of it can write its declarations', async () => {
  const folder = await makeConsumer()
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
  const options = ['--declaration', '--outDir', 'out', '--strict', '--module', 'nodenext']
  const files = [...PARTS, 'index', 'parts'].map((part) => `${part}.ts`)
  const args = [compiler, ...options, '--target', 'es2024', '--types', 'node', ...files]
  const { status, stdout } = runFile(process.execPath, args, { cwd: folder })
  expect([status, stdout]).toEqual([0, ''])
  // What it wrote leads through the package's own paths, and not into its folders.
  for (const part of PARTS) {
    expect(readFileSync(join(folder, 'out', `${part}.d.ts`), 'utf8')).not.toMatch(
      /cryptopolicy\/dist/,
    )
  }
})

describe('an argument that cannot be is named', () => {
  const cases: readonly (readonly [string, string, readonly unknown[], string])[] = [
    ['priority', 'evaluatePriority', [42], '`priority`'],
    ['priority', 'evaluatePriority', [null], '`priority`'],
    ['priority', 'evaluatePriority', [{ text: 'NORMAL' }], '`priority.name`'],
    ['priority', 'evaluatePriority', ['NORMAL', { release: '1.0' }], '`options.release`'],
    ['priority', 'resolvePriority', ['@A', { config: 'x' }], '`options.config`'],
    ['priority', 'explainPriority', ['NORMAL', 'x'], '`options`'],
    ['priority', 'requirePriority', [[]], '`priority`'],
    ['priority', 'parseSystemConfig', [undefined], '`text`'],
    ['policy', 'parsePolicy', [1, []], '`name`'],
    ['policy', 'parsePolicy', ['A', 'hash = SHA1'], '`texts`'],
    ['policy', 'parsePolicy', ['A', [1]], '`texts[0]`'],
    ['policy', 'evaluatePolicy', [{}], '`policy`'],
    ['policy', 'evaluatePolicy', [{ name: 'A', directives: [] }, ['tsl']], '`scopes`'],
    ['policy', 'allowedByPolicy', [{ name: 'A', directives: [] }, 'openssh'], '`purposeName`'],
    ['convert', 'convertPriority', [{}, 'go'], '`evaluation`'],
    ['convert', 'convertFromOpenssl', [1], '`list`'],
    ['tls', 'tlsOptionsFor', ['NORMAL', {}], '`options.role`'],
    ['tls', 'tlsOptionsFor', ['NORMAL', { role: 'peer' }], '`options.role`'],
    ['tls', 'tlsOptionsFor', [1, { role: 'client' }], '`priority`'],
    ['nbd', 'parseNbdUri', [1], '`text`'],
    ['pki', 'replacePsk', [{ folder: '/x' }], '`request.user`'],
    ['pki', 'createAuthority', [undefined], '`request`'],
    ['pki', 'checkCredentials', [{ root: '/x' }], '`request.strength`'],
  ]
  test.each(cases)('%s: %s(%j)', async (part, name, args, argument) => {
    const module = (await import(join(ROOT, 'dist', `${part}.js`))) as Record<
      string,
      (...args: readonly unknown[]) => unknown
    >
    expect(() => module[name]?.(...args)).toThrow(argument)
    expect(() => module[name]?.(...args)).toThrow(
      expect.objectContaining({
        diagnostics: [expect.objectContaining({ code: 'LIBRARY_ARGUMENT' })],
      }),
    )
  })
})

test('a string that GnuTLS refuses is put into words', async () => {
  const { evaluatePriority, diagnoseFailure, isResolved, resolvePriority, diagnoseUnresolved } =
    (await import(join(ROOT, 'dist/index.js'))) as typeof import('../../src/index.ts')
  const outcome = evaluatePriority('NORMAL:-RSAA', { release: '3.8.9' })
  expect(
    outcome.ok ? undefined : diagnoseFailure(outcome.failure, { release: '3.8.9' }),
  ).toMatchObject({
    ...{ code: 'PRIORITY_UNKNOWN_WORD', hint: 'did you mean -RSA?' },
  })
  const resolution = resolvePriority('@NOWHERE')
  expect(isResolved(resolution) ? undefined : diagnoseUnresolved(resolution, {}).code).toBe(
    'PRIORITY_UNRESOLVED',
  )
})
