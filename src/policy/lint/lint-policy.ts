/** Lints a policy: its files are read once and every rule looks at them. */
import { type Diagnostic, diagnose } from '../../diagnostics/diagnostic.ts'
import type { Source } from '../../diagnostics/source.ts'
import { parsePolicyFile } from '../parser.ts'
import { parseDirectives } from '../policy.ts'
import { LINT_KINDS } from './lint-diagnostics.ts'
import type { LintContext, LintFile, LintRule, PolicyFileKind } from './rule.ts'
import { LINT_RULES } from './rules.ts'

/**
 * A policy of more steps is not evaluated. The largest shipped ones have about 250, and the time of
 * some rules grows with their square.
 */
const STEP_LIMIT = 2_500

/** The most findings of one rule that are shown. */
const SHOWN_FINDINGS = 200

/** A text to lint, and whether it is a base policy (`.pol`) or a module (`.pmod`). */
export type LintInput = { readonly source: Source; readonly kind: PolicyFileKind }

/**
 * What the rules are given: a base file and the modules on it in order, or a module alone.
 *
 * @param name `POLICY:MODULE1:MODULE2`
 */
export function readContext(name: string, inputs: readonly LintInput[]): LintContext {
  const files = inputs.map(readFile)
  return {
    files,
    policy: { name, directives: files.flatMap((file) => file.directives) },
    hasBase: files[0]?.kind === 'base',
  }
}

/** Runs rules, and sorts what they find by file and place. */
export function lintContext(
  context: LintContext,
  rules: readonly LintRule[] = LINT_RULES,
): readonly Diagnostic[] {
  const steps = context.policy.directives.reduce(
    (sum, { operations }) => sum + operations.length,
    0,
  )
  const isSmall = steps <= STEP_LIMIT
  const findings = rules
    .filter((rule) => isSmall || !rule.evaluates)
    .flatMap((rule) => limitFindings(rule, rule.check(context)))
  const tooLarge = diagnose(LINT_KINDS.tooLargeToEvaluate, { operations: steps, limit: STEP_LIMIT })
  return [...sortByPlace(context, findings), ...(isSmall ? [] : [tooLarge])]
}

function readFile({ source, kind }: LintInput): LintFile {
  return {
    source,
    kind,
    statements: parsePolicyFile(source).statements,
    ...parseDirectives(source),
  }
}

function limitFindings(rule: LintRule, findings: readonly Diagnostic[]): readonly Diagnostic[] {
  if (findings.length <= SHOWN_FINDINGS) return findings
  // Parse errors were limited where they were found, with a last word of their own.
  if (findings.some((finding) => finding.severity === 'error')) return findings
  const more = findings.length - SHOWN_FINDINGS
  const last = diagnose(LINT_KINDS.moreFindings, { rule: rule.name, more })
  return [...findings.slice(0, SHOWN_FINDINGS), last]
}

/** Findings without a place come last. */
function sortByPlace(context: LintContext, findings: readonly Diagnostic[]): readonly Diagnostic[] {
  const order = context.files.map((file) => file.source)
  const rank = ({ span }: Diagnostic) => (span ? order.indexOf(span.source) : order.length)
  return findings.toSorted(
    (a, b) => rank(a) - rank(b) || (a.span?.start ?? 0) - (b.span?.start ?? 0),
  )
}
