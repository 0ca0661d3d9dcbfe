/** Lint rule: what Java permits although the file for it names it among what is disabled. */
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import { evaluatePolicy } from '../effective-policy.ts'
import { scopesAt } from '../purpose-readers.ts'
import { LINT_KINDS } from './lint-diagnostics.ts'
import type { LintRule } from './rule.ts'

/**
 * The reference writes two names without the comma between them. The bytes of the back-end stay as
 * they are; Java takes them for the name of one algorithm that it does not have.
 */
export const javaFusedName: LintRule = {
  name: 'java-fused-name',
  summary:
    'The file for Java has two names run together, so that neither of the two signatures is disabled.',
  kinds: [LINT_KINDS.javaFusedName],
  evaluates: true,
  check: ({ files, policy, hasBase }): readonly Diagnostic[] => {
    const source = files[0]?.source
    if (!hasBase || !source) return []
    const { disabled, integers } = evaluatePolicy(policy, scopesAt('java-tls'))
    const data = {
      hasMd5: !disabled.hash.includes('MD5'),
      // Without a size every RSA key is off, and so are its signatures.
      hasRsa: integers.min_rsa_size > 0,
    }
    return [diagnose(LINT_KINDS.javaFusedName, data, { source, start: 0, end: 0 })]
  },
}
