import { expect, test } from 'vitest'
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
