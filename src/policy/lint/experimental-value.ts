/** Lint rule: experimental algorithms. */
import { POLICY_KINDS } from '../policy-diagnostics.ts'
import type { LintRule } from './rule.ts'

const KIND = POLICY_KINDS.experimentalValue

export const experimentalValue: LintRule = {
  name: 'experimental-value',
  summary: 'What a policy relies on should keep its name and its meaning.',
  kinds: [KIND],
  evaluates: false,
  check: ({ files }) =>
    files.flatMap((file) => file.diagnostics.filter(({ code }) => code === KIND.code)),
}
