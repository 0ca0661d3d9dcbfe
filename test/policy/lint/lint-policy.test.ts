import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LINT_KINDS } from '../../../src/policy/lint/lint-diagnostics.ts'
import { lintContext, readContext } from '../../../src/policy/lint/lint-policy.ts'
import { LINT_RULES } from '../../../src/policy/lint/rules.ts'
import { cpuSeconds } from '../../cpu-time.ts'
import { fc } from '../../seed.ts'
import { policySources } from '../../shipped-policies.ts'
import { policyText, sourceOf } from '../random-policies.ts'

const POLICIES = join(import.meta.dirname, '..', '..', '..', 'policies')
const BASES = readdirSync(POLICIES)
  .filter((name) => name.endsWith('.pol'))
  .map((name) => name.slice(0, -'.pol'.length))
const MODULES = readdirSync(join(POLICIES, 'modules')).map((name) => name.slice(0, -'.pmod'.length))

function lintShipped(name: string) {
  const inputs = policySources(name).map((source, index) => ({
    source,
    kind: index === 0 ? ('base' as const) : ('module' as const),
  }))
  return lintContext(readContext(name, inputs))
}

function lintText(text: string) {
  return lintContext(readContext('TEST', [{ source: sourceOf(text), kind: 'base' }]))
}

/** The codes of what is more than a note, each once. */
function warningsOf(findings: ReturnType<typeof lintText>): readonly string[] {
  const warnings = findings.filter(({ severity }) => severity !== 'note')
  return [...new Set(warnings.map(({ code }) => code))].toSorted()
}

test('every rule has a test of its own, and every kind is found by a rule', () => {
  const tests = readdirSync(import.meta.dirname)
  for (const rule of LINT_RULES) expect(tests).toContain(`${rule.name}.test.ts`)
  const found = new Set(LINT_RULES.flatMap((rule) => rule.kinds.map(({ code }) => code)))
  const { tooLargeToEvaluate, moreFindings, ...kinds } = LINT_KINDS
  for (const kind of Object.values(kinds)) expect(found).toContain(kind.code)
  expect([tooLargeToEvaluate.code, moreFindings.code]).toEqual([
    'LINT_TOO_LARGE',
    'LINT_MORE_FINDINGS',
  ])
})

test.each(['DEFAULT', 'FIPS', 'FUTURE', 'NEXT', 'FEDORA42', 'FEDORA43'])(
  'finds nothing worse than notes in %s',
  (name) => {
    expect(warningsOf(lintShipped(name))).toEqual([])
  },
)

test.each([
  ['BSI', ['LINT_NO_EFFECT']],
  ['EMPTY', ['LINT_EMPTY_CLASS']],
  ['GOST-ONLY', ['LINT_EMPTY_CLASS', 'LINT_WEAK_ALGORITHM']],
  ['LEGACY', ['LINT_WEAK_ALGORITHM', 'LINT_WEAK_SETTING']],
])('warns of what %s is known for', (name, codes) => {
  expect(BASES).toContain(name)
  expect(warningsOf(lintShipped(name))).toEqual(codes)
})

test('finds no error in any shipped module on DEFAULT', () => {
  for (const module of MODULES) {
    const findings = lintShipped(`DEFAULT:${module}`)
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([])
  }
})

test('tells the weaknesses of LEGACY in few words', () => {
  expect(lintShipped('LEGACY').length).toBeLessThan(30)
})

test('sorts findings by file and place', () => {
  const findings = lintShipped('DEFAULT:SHA1:NO-SHA1')
  const order = ['DEFAULT.pol', 'modules/SHA1.pmod', 'modules/NO-SHA1.pmod']
  const ranks = findings.map(
    ({ span }) => order.indexOf(span?.source.name ?? '') * 1e6 + (span?.start ?? 0),
  )
  expect(ranks).toEqual(ranks.toSorted((a, b) => a - b))
})

test('every finding has a place and a message of one line', () => {
  fc.assert(
    fc.property(policyText, (text) => {
      for (const finding of lintText(text)) {
        expect(finding.span).toBeDefined()
        expect(finding.message).not.toContain('\n')
      }
    }),
    { numRuns: 300 },
  )
})

test('never throws on any text', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void lintText(text)))
})

test('linting DEFAULT is little work', () => {
  lintShipped('DEFAULT')
  expect(cpuSeconds(() => lintShipped('DEFAULT'))).toBeLessThan(1)
})

test.each([
  'mac = +AEAD\n',
  'cipher = +* -*\n',
  'hash = SHA1\nhash = MD5\n',
  'cipher@!tls = -NULL\n',
  'x\n',
  '\\\n',
  'tls_cipher = *\n',
  'hash = -SHA1 -MD5 +SHA1\nhash@{tls,ssh} = SHA1+\n',
])(
  'linting a quarter of a mebibyte of %j is seconds of work, with findings that can be read',
  (line) => {
    const text = line.repeat(Math.floor(2 ** 18 / line.length))
    let findings: ReturnType<typeof lintText> = []
    expect(
      cpuSeconds(() => {
        findings = lintText(text)
      }),
    ).toBeLessThan(5)
    expect(findings.length).toBeLessThan(3_000)
  },
)

test('linting the largest policy that is evaluated is seconds of work', () => {
  const text = 'sign = *\nsign@!tls = -MLDSA44\nsign = +MLDSA44\n'.repeat(18)
  const more = 'sign = +RSA-MD5\nsign@ssh = +RSA-SHA1\n'.repeat(70)
  let findings: ReturnType<typeof lintText> = []
  expect(
    cpuSeconds(() => {
      findings = lintText(text + more)
    }),
  ).toBeLessThan(20)
  expect(findings.map(({ code }) => code)).not.toContain('LINT_TOO_LARGE')
})

test('says when a policy is too large to be evaluated', () => {
  expect(lintText('mac = +AEAD\n'.repeat(30_000)).at(-1)?.code).toBe('LINT_TOO_LARGE')
})

test('limits the findings of one rule', () => {
  const findings = lintText('mac = AEAD AEAD\n'.repeat(300))
  expect(findings.filter(({ code }) => code === 'LINT_DUPLICATE_VALUE')).toHaveLength(200)
  expect(findings.map(({ message }) => message)).toContain('duplicate-value found 100 more')
})
