import { expect, test } from 'vitest'
import { BACKENDS } from '../../src/backends/all-backends.ts'
import { hasErrors } from '../../src/diagnostics/diagnostic.ts'
import { dumpPolicy } from '../../src/policy/dump.ts'
import { parsePolicy } from '../../src/policy/policy.ts'
import { readPolicyCorpus } from '../policy-corpus.ts'
import { shippedPolicy } from '../shipped-policies.ts'

const CASES = readPolicyCorpus()
const ACCEPTED = CASES.filter((entry) => entry.error === undefined)
const REFUSED = CASES.filter((entry) => entry.error !== undefined)

test('dumps every accepted policy of the corpus as the reference does', () => {
  for (const entry of ACCEPTED) {
    const { policy, diagnostics } = shippedPolicy(entry.policy, entry.files)
    expect(diagnostics.filter((d) => d.severity === 'error')).toEqual([])
    expect(dumpPolicy(policy), `case ${entry.id}`).toBe(entry.dump)
  }
  expect(ACCEPTED.length).toBeGreaterThan(300)
})

test('warns where the reference warns', () => {
  const kinds: Readonly<Record<string, string>> = {
    POLICY_DEPRECATED_PROPERTY: 'PolicySyntaxDeprecationWarning',
    POLICY_DEPRECATED_VALUE: 'PolicySyntaxDeprecationWarning',
    POLICY_EXPERIMENTAL_VALUE: 'ExperimentalValueWarning',
  }
  for (const entry of ACCEPTED) {
    const { diagnostics } = shippedPolicy(entry.policy, entry.files)
    const found = new Set(diagnostics.map((diagnostic) => kinds[diagnostic.code]))
    expect([...found].toSorted(), `case ${entry.id}`).toEqual(entry.warnings?.toSorted())
  }
})

test('refuses every policy that the reference refuses', () => {
  for (const entry of REFUSED) {
    const { diagnostics } = shippedPolicy(entry.policy, entry.files)
    expect(hasErrors(diagnostics), `case ${entry.id}: ${entry.error}`).toBe(true)
    expect(diagnostics.every((diagnostic) => diagnostic.span !== undefined)).toBe(true)
  }
  expect(REFUSED.length).toBeGreaterThan(30)
})

test('tells each refusal in the words of the reference, for scripts that look for them', () => {
  for (const entry of REFUSED) {
    const { diagnostics } = shippedPolicy(entry.policy, entry.files)
    const told = diagnostics.flatMap(({ reference: line }) =>
      line ? `${line.kind}: ${line.text}` : [],
    )
    // Newer releases of the reference print the choices in brackets.
    const error = entry.error?.replace(/must be one of \((.*)\)$/, 'must be one of [$1]')
    expect(told, `case ${entry.id}`).toContain(error)
  }
})

test.each(['DEFAULT', 'LEGACY', 'FIPS:OSPP', 'DEFAULT:GOST', 'BSI'])(
  'the dump of %s is a policy that gives the same files',
  (name) => {
    const { policy } = shippedPolicy(name)
    const dumped = parsePolicy(name, [{ name: 'CURRENT.pol', text: dumpPolicy(policy) }])
    expect(hasErrors(dumped.diagnostics)).toBe(false)
    for (const backend of BACKENDS) {
      expect(backend.generate(dumped.policy), backend.name).toBe(backend.generate(policy))
    }
  },
)
