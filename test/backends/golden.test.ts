import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BACKENDS } from '../../src/backends/all-backends.ts'
import { shippedPolicy } from '../shipped-policies.ts'

const FOLDER = join(import.meta.dirname, '..', 'golden')
const FILES = readdirSync(FOLDER)

/** Splits `POLICY-BACKEND.txt`; back-end and policy names may both contain a hyphen. */
function findBackend(file: string) {
  const matches = BACKENDS.filter((backend) => file.endsWith(`-${backend.name}.txt`))
  return matches.toSorted((a, b) => b.name.length - a.name.length)[0]
}

test('has a reference output of every back-end for 16 policies', () => {
  expect(FILES).toHaveLength(208)
  for (const backend of BACKENDS) {
    expect(FILES.filter((file) => findBackend(file) === backend)).toHaveLength(16)
  }
})

test.each(FILES)('writes %s as the reference does', (file) => {
  const backend = findBackend(file)
  if (!backend) throw new Error(`no back-end writes ${file}`)
  const name = file.slice(0, -`-${backend.name}.txt`.length)
  const { policy } = shippedPolicy(name)
  expect(backend.generate(policy)).toBe(readFileSync(join(FOLDER, file), 'utf8'))
})
