/** Runs one lint rule on texts, for the tests of the rules. */
import { formatLocation } from '../../../src/diagnostics/source.ts'
import { lintContext, readContext } from '../../../src/policy/lint/lint-policy.ts'
import type { LintRule } from '../../../src/policy/lint/rule.ts'
import { sourceOf } from '../random-policies.ts'

/** What the rule finds in a base policy and modules on it. */
export function findInBase(rule: LintRule, base: string, ...modules: readonly string[]) {
  const inputs = [
    { kind: 'base' as const, source: sourceOf(base, 'BASE.pol') },
    ...modules.map((text, index) => moduleInput(text, `M${index + 1}.pmod`)),
  ]
  return lintContext(readContext('BASE', inputs), [rule])
}

/** What the rule finds in a module alone. */
export function findInModule(rule: LintRule, text: string) {
  return lintContext(readContext('MODULE', [moduleInput(text, 'MODULE.pmod')]), [rule])
}

/** `severity CODE file:line:column message` of each finding. */
export function summarize(findings: ReturnType<typeof findInBase>): readonly string[] {
  return findings.map(({ severity, code, span, message }) => {
    const where = span ? formatLocation(span) : 'nowhere'
    return `${severity} ${code} ${where} ${message}`
  })
}

function moduleInput(text: string, name: string) {
  return { kind: 'module' as const, source: sourceOf(text, name) }
}
