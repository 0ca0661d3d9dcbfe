/** What a policy allows is what GnuTLS has under the file that is written for it. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parsePolicy } from '../../../src/policy/policy.ts'
import { hasGnutlsCli } from '../../backends/gnutls-cli.ts'
import { ROOT } from '../../cli/command.ts'
import { Random } from '../../fuzz/random.ts'
import { shippedPolicy } from '../../shipped-policies.ts'
import { drawPolicy } from './draw-policies.ts'
import { findGnutlsProblems } from './gnutls-judge.ts'

const POLICIES = namesIn('policies', '.pol')
const MODULES = namesIn('policies/modules', '.pmod')

function namesIn(folder: string, end: string): readonly string[] {
  const names = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith(end))
  return names.map((name) => name.slice(0, -end.length))
}

const testGnutls = test.skipIf(!hasGnutlsCli())

testGnutls(
  'every shipped policy, with each module, is what GnuTLS lists [gnutls-cli]',
  () => {
    const selections = POLICIES.flatMap((name) => [name, ...MODULES.map((one) => `${name}:${one}`)])
    const found = selections.flatMap((name) =>
      findGnutlsProblems(shippedPolicy(name).policy).map((problem) => `${name}: ${problem}`),
    )
    expect(found).toEqual([])
    expect(selections.length).toBeGreaterThan(100)
  },
  600_000,
)

testGnutls(
  '200 random policies are what GnuTLS lists [gnutls-cli]',
  () => {
    const random = new Random(9)
    const found = Array.from({ length: 200 }, () => drawPolicy(random)).flatMap((text) => {
      const { policy, diagnostics } = parsePolicy('P', [{ name: 'P.pol', text }])
      expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
      return findGnutlsProblems(policy).map((problem) => `${text}${problem}`)
    })
    expect(found).toEqual([])
  },
  600_000,
)
