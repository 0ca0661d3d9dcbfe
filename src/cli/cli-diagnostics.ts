/** Every error of the command lines themselves, in one place. */
import { type DiagnosticKind, defineKinds } from '../diagnostics/diagnostic.ts'
import { didYouMean } from '../diagnostics/suggestion.ts'

type Kind<Data> = DiagnosticKind<Data>

/** A longer list of names helps nobody. */
const LISTED_NAMES = 50

const internal: Kind<{ message: string }> = {
  code: 'INTERNAL',
  severity: 'error',
  fault: 'answer',
  summary: 'The program is wrong, not you. Please report it with the output of --debug.',
  message: ({ message }) => `the program failed: ${message}`,
  hint: () => 'run it again with --debug and report what it prints',
}

const unknownName: Kind<{ what: string; name: string; known: readonly string[] }> = {
  code: 'USAGE_UNKNOWN_NAME',
  severity: 'error',
  fault: 'usage',
  summary: 'An argument names a scope, back-end or format that does not exist.',
  message: ({ what, name }) => `unknown ${what} \`${name}\``,
  hint: ({ name, known }) =>
    didYouMean(name, known) ??
    (known.length > LISTED_NAMES ? undefined : `known are ${known.join(', ')}`),
}

const missingOption: Kind<{ what: string; hint: string }> = {
  code: 'USAGE_MISSING_OPTION',
  severity: 'error',
  fault: 'usage',
  summary: 'An option or argument that the command needs is missing.',
  message: ({ what }) => what,
  hint: ({ hint }) => hint,
}

const conflictingOptions: Kind<{ first: string; second: string }> = {
  code: 'USAGE_CONFLICTING_OPTIONS',
  severity: 'error',
  fault: 'usage',
  summary: 'Two options that were given exclude each other.',
  message: ({ first, second }) => `${first} and ${second} cannot be given together`,
}

export const CLI_KINDS = defineKinds({ internal, unknownName, missingOption, conflictingOptions })
