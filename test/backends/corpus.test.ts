import { expect, test } from 'vitest'
import { findBackend } from '../../src/backends/all-backends.ts'
import { readPolicyCorpus } from '../policy-corpus.ts'
import { shippedPolicy } from '../shipped-policies.ts'

const CASES = readPolicyCorpus().filter((entry) => entry.outputs !== undefined)

const OUTPUTS = CASES.flatMap((entry) =>
  Object.entries(entry.outputs ?? {}).map(([name, text]) => ({ entry, name, text })),
)

function generate(name: string, policyName: string, files: Readonly<Record<string, string>>) {
  const backend = findBackend(name)
  if (!backend) throw new Error(`no back-end ${name}`)
  return backend.generate(shippedPolicy(policyName, files).policy)
}

test('writes every output of the corpus as the reference does', () => {
  const given = OUTPUTS.filter((output) => output.text !== null)
  for (const { entry, name, text } of given) {
    expect(generate(name, entry.policy, entry.files), `case ${entry.id}, ${name}`).toBe(text)
  }
  expect(given.length).toBeGreaterThan(4000)
})

test('writes a configuration where the reference crashes', () => {
  const crashed = OUTPUTS.filter((output) => output.text === null)
  for (const { entry, name } of crashed) {
    const text = generate(name, entry.policy, entry.files)
    expect(text, `case ${entry.id}, ${name}`).toMatch(/\n$/)
    expect(text, `case ${entry.id}, ${name}`).not.toMatch(/undefined|null|NaN/)
  }
  expect(crashed.length).toBeGreaterThan(100)
})
