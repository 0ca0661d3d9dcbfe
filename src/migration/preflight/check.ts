/** One question of a preflight, and its answer. */
import { type Diagnostic, hasErrors } from '../../diagnostics/diagnostic.ts'

type CheckOutcome = 'passed' | 'warning' | 'failed' | 'not checked'

export type Check = {
  /** `connection`, `certificate for host.example.com`. */
  readonly name: string
  readonly outcome: CheckOutcome
  /** What was found, in words; empty where the diagnostics say it. */
  readonly found: string
  /** What was found, as a list for programs. */
  readonly values?: readonly string[]
  readonly diagnostics: readonly Diagnostic[]
}

export function checked(
  name: string,
  found: string,
  diagnostics: readonly Diagnostic[] = [],
): Check {
  const outcome = hasErrors(diagnostics) ? 'failed' : diagnostics.length > 0 ? 'warning' : 'passed'
  return { name, outcome, found, diagnostics }
}

/** @param reason Why it was not asked. */
export function notChecked(name: string, reason: string): Check {
  return { name, outcome: 'not checked', found: reason, diagnostics: [] }
}
