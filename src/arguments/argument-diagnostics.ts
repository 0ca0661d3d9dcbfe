/** What the library says of the calls of a program. */
import { type DiagnosticKind, defineKinds } from '../diagnostics/diagnostic.ts'
import { didYouMean } from '../diagnostics/suggestion.ts'

const argument: DiagnosticKind<{ name: string; expected: string; given: string }> = {
  code: 'LIBRARY_ARGUMENT',
  severity: 'error',
  fault: 'usage',
  summary: 'A program called the library with an argument that it cannot have.',
  message: ({ name, expected, given }) => `\`${name}\` has to be ${expected}, and is ${given}`,
}

const option: DiagnosticKind<{ name: string; key: string; known: readonly string[] }> = {
  code: 'LIBRARY_OPTION',
  severity: 'error',
  fault: 'usage',
  summary:
    'A program gave the library an option that does not exist. It would have no effect, so it is refused.',
  message: ({ name, key, known }) =>
    `\`${name}.${key}\` is no option; \`${name}\` takes ${known.join(', ')}`,
  hint: ({ key, known }) => didYouMean(key, known),
}

export const ARGUMENT_KINDS = defineKinds({ argument, option })
