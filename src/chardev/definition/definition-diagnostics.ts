/** Every error of definitions of chardevs. Where QEMU has a text for the mistake, the message is that text. */
import { type DiagnosticKind, defineKinds } from '../../diagnostics/diagnostic.ts'
import { didYouMean, nearestOrKnown } from '../../diagnostics/suggestion.ts'

type Kind<Data> = DiagnosticKind<Data>

const EXAMPLE =
  'for instance: socket,id=s0,host=10.0.0.1,port=9000,server=on,wait=off,tls-creds=tls0'

const noBackend: Kind<{ id?: string | undefined; example?: string }> = {
  code: 'CHARDEV_NO_BACKEND',
  severity: 'error',
  fault: 'input',
  summary: 'A chardev does not say what it is.',
  message: ({ id }) =>
    id === undefined ? 'chardev: the back-end is missing' : `chardev: "${id}" missing backend`,
  hint: () => EXAMPLE,
}

const unknownBackend: Kind<{ name: string; known: readonly string[] }> = {
  code: 'CHARDEV_UNKNOWN_BACKEND',
  severity: 'error',
  fault: 'input',
  summary: 'There is no back-end of that name.',
  message: ({ name }) => `'${name}' is not a valid char driver name`,
  hint: ({ name, known }) => nearestOrKnown(name, known),
}

const absentBackend: Kind<{ name: string; hint: string }> = {
  code: 'CHARDEV_ABSENT_BACKEND',
  severity: 'error',
  fault: 'input',
  summary: 'QEMU has the back-end or the option, and it is not here.',
  message: ({ name }) => `${name} is of QEMU and is not here`,
  hint: ({ hint }) => hint,
}

const noId: Kind<object> = {
  code: 'CHARDEV_NO_ID',
  severity: 'error',
  fault: 'input',
  summary: 'A chardev has no id, so that nothing could name it.',
  message: () => 'chardev: no id specified',
  hint: () => 'add id=NAME',
}

const invalidId: Kind<{ id: string }> = {
  code: 'CHARDEV_INVALID_ID',
  severity: 'error',
  fault: 'input',
  summary:
    'The id of a chardev begins with a letter and is made of letters, digits, `-`, `.`, `_`.',
  message: ({ id }) => `Parameter 'id' expects an identifier, not '${id}'`,
  hint: () => "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter.",
}

const unknownOption: Kind<{ name: string; known: readonly string[] }> = {
  code: 'CHARDEV_UNKNOWN_OPTION',
  severity: 'error',
  fault: 'input',
  summary: 'No chardev has the option.',
  message: ({ name }) => `Invalid parameter '${name}'`,
  hint: ({ name, known }) => didYouMean(name, known) ?? `it has ${known.join(', ')}`,
}

const uselessOption: Kind<{ name: string; what: string; known?: readonly string[] }> = {
  code: 'CHARDEV_USELESS_OPTION',
  severity: 'error',
  fault: 'input',
  summary:
    'An option belongs to another back-end. QEMU ignores it in silence, and a chardev that was meant to be secured would not be.',
  message: ({ name, what }) => `'${name}' is of no use with ${what}`,
  hint: ({ known }) => known && `it has ${known.join(', ')}`,
}

const wrongValue: Kind<{ name: string; expected: string; value: string }> = {
  code: 'CHARDEV_WRONG_VALUE',
  severity: 'error',
  fault: 'input',
  summary: 'An option of a chardev has a value that it cannot have.',
  message: ({ name, expected, value }) => `Parameter '${name}' expects ${expected}, not '${value}'`,
}

const missingOption: Kind<{ reason: string; hint: string }> = {
  code: 'CHARDEV_MISSING_OPTION',
  severity: 'error',
  fault: 'input',
  summary: 'A chardev lacks an option that its back-end cannot do without.',
  message: ({ reason }) => reason,
  hint: ({ hint }) => hint,
}

const incompatible: Kind<{ reason: string; hint?: string }> = {
  code: 'CHARDEV_INCOMPATIBLE_OPTIONS',
  severity: 'error',
  fault: 'input',
  summary: 'Options of a chardev exclude each other.',
  message: ({ reason }) => reason,
  hint: ({ hint }) => hint,
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const DEFINITION_KINDS = defineKinds({
  noBackend,
  unknownBackend,
  absentBackend,
  noId,
  invalidId,
  unknownOption,
  uselessOption,
  wrongValue,
  missingOption,
  incompatible,
})
