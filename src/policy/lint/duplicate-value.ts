/** Lint rule: a directive that names one value twice. */
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import type { Directive } from '../directive.ts'
import { isGlob } from '../posix-glob.ts'
import { type PolicyWord, spanOf } from '../syntax.ts'
import { LINT_KINDS } from './lint-diagnostics.ts'
import type { LintRule } from './rule.ts'

export const duplicateValue: LintRule = {
  name: 'duplicate-value',
  summary: 'One of two mentions is a mistake, all the more where they contradict each other.',
  kinds: [LINT_KINDS.duplicateValue],
  evaluates: false,
  check: ({ policy }) => policy.directives.flatMap(checkDirective),
}

/** What a wildcard matches besides is no duplicate: `-AES-* +AES-256-GCM` is meant so. */
function checkDirective(directive: Directive): readonly Diagnostic[] {
  const first = new Map<string, PolicyWord>()
  const findings: Diagnostic[] = []
  for (const operation of directive.operations) {
    if (operation.kind === 'reset' || operation.kind === 'set') continue
    const { word, value } = operation
    if (isGlob(word.text)) continue
    const earlier = first.get(value)
    if (!earlier) {
      first.set(value, word)
      continue
    }
    const data = { word: word.text, value, earlier: earlier.text }
    findings.push(diagnose(LINT_KINDS.duplicateValue, data, spanOf(directive.statement, word)))
  }
  return findings
}
