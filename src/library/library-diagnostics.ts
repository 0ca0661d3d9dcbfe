/** What the library says of the calls of a program. */
import { type DiagnosticKind, defineKinds } from '../diagnostics/diagnostic.ts'

const argument: DiagnosticKind<{ name: string; expected: string; given: string }> = {
  code: 'LIBRARY_ARGUMENT',
  severity: 'error',
  fault: 'usage',
  summary: 'A program called the library with an argument that it cannot have.',
  message: ({ name, expected, given }) => `\`${name}\` has to be ${expected}, and is ${given}`,
}

export const LIBRARY_KINDS = defineKinds({ argument })
