/** What is told of back-ends, in one place. */
import {
  type Diagnostic,
  type DiagnosticKind,
  defineKinds,
  diagnose,
} from '../../diagnostics/diagnostic.ts'
import type { Looseness } from './looseness-rule.ts'

/** The most things that a message names; the others are counted. */
const NAMED = 8

function list(names: readonly string[]): string {
  const shown = names.slice(0, NAMED).join(', ')
  return names.length > NAMED ? `${shown} and ${names.length - NAMED} more` : shown
}

const cannotSay: DiagnosticKind<Looseness> = {
  code: 'BACKEND_CANNOT_SAY',
  severity: 'warning',
  fault: 'answer',
  summary:
    'The policy forbids something, and a library allows it all the same, since its configuration has no way to forbid it. See [what back-ends cannot say](back-ends-cannot-say.md).',
  message: ({ who, kept, because }) =>
    `${who} keeps what the policy forbids: ${list(kept)}: ${because}`,
  hint: ({ remedy }) => remedy,
}

/** @internal Exported for tests. */
export const LOOSENESS_KINDS = defineKinds({ cannotSay })

/** A warning for each library that keeps something that the policy forbids. */
export function warnOfLooseness(found: readonly Looseness[]): readonly Diagnostic[] {
  return found.map((each) => diagnose(LOOSENESS_KINDS.cannotSay, each))
}
