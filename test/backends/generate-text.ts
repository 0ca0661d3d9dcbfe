/** Compiles a policy that a test writes out. */
import type { Backend } from '../../src/backends/backend.ts'
import { hasErrors } from '../../src/diagnostics/diagnostic.ts'
import { type Policy, parsePolicy } from '../../src/policy/policy.ts'

/** Reads the lines of a policy; a mistake in them fails the test. */
export function policyOf(...lines: readonly string[]): Policy {
  const { policy, diagnostics } = parsePolicy('TEST', [
    { name: 'TEST.pol', text: `${lines.join('\n')}\n` },
  ])
  if (hasErrors(diagnostics)) throw new Error(diagnostics[0]?.message)
  return policy
}

/** What a back-end writes for the lines of a policy. */
export function generateText(backend: Backend, ...lines: readonly string[]): string {
  return backend.generate(policyOf(...lines))
}

/** The value behind `key` and a separator on the first such line, or undefined without one. */
export function findValue(text: string, key: string): string | undefined {
  const line = text.split('\n').find((candidate) => /^[\s=]/.test(rest(candidate, key)))
  return line === undefined ? undefined : rest(line, key).replace(/^\s*=?\s*/, '')
}

function rest(line: string, key: string): string {
  return line.trimStart().startsWith(key) ? line.trimStart().slice(key.length) : ''
}
