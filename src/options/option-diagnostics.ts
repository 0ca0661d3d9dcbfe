/** Every error of texts in QEMU's syntax of options, in one place. */
import { type DiagnosticKind, defineKinds } from '../diagnostics/diagnostic.ts'
import { didYouMean } from '../diagnostics/suggestion.ts'

type Kind<Data> = DiagnosticKind<Data>

const EXAMPLE = 'for instance: tls-creds-x509,id=tls0,endpoint=server,dir=/etc/pki/qemu'

const malformed: Kind<{ reason: string; hint?: string }> = {
  code: 'OBJECT_MALFORMED',
  severity: 'error',
  fault: 'input',
  summary: 'The text is no definition of an object: TYPE,id=ID,PROPERTY=VALUE, JSON or YAML.',
  message: ({ reason }) => reason,
  hint: ({ hint = EXAMPLE }) => hint || undefined,
}

const missingId: Kind<{ type: string }> = {
  code: 'OBJECT_MISSING_ID',
  severity: 'error',
  fault: 'input',
  summary: 'An object has no id, so nothing could name it.',
  message: ({ type }) => `the ${type} object has no id`,
  hint: () => 'add id=NAME, in YAML id: NAME',
}

const invalidId: Kind<{ id: string }> = {
  code: 'OBJECT_INVALID_ID',
  severity: 'error',
  fault: 'input',
  summary: 'An id begins with a letter and is made of letters, digits, `-`, `.` and `_`.',
  message: ({ id }) => `${id} cannot be an id`,
  hint: () => 'an id begins with a letter and is made of letters, digits, -, . and _',
}

const unknownProperty: Kind<{ type: string; name: string; known: readonly string[] }> = {
  code: 'OBJECT_UNKNOWN_PROPERTY',
  severity: 'error',
  fault: 'input',
  summary: 'Objects of the type do not have this property.',
  message: ({ type, name }) => `${type} has no property ${name}`,
  hint: ({ name, known }) =>
    didYouMean(name.replaceAll('`', ''), known) ?? `it has ${known.join(', ')}`,
}

const duplicateProperty: Kind<{ name: string }> = {
  code: 'OBJECT_DUPLICATE_PROPERTY',
  severity: 'error',
  fault: 'input',
  summary:
    'A property is given twice. QEMU takes the last one silently, which may not be the one that is meant.',
  message: ({ name }) => `the property ${name} is given twice`,
}

const missingProperty: Kind<{ what: string; name: string; hint?: string }> = {
  code: 'OBJECT_MISSING_PROPERTY',
  severity: 'error',
  fault: 'input',
  summary: 'An object lacks a property that it cannot do without.',
  message: ({ what, name }) => `${what} has no property \`${name}\``,
  hint: ({ hint, name }) => hint ?? `add ${name}=...`,
}

const wrongValue: Kind<{ name: string; value: string; expected: string; hint?: string }> = {
  code: 'OBJECT_WRONG_VALUE',
  severity: 'error',
  fault: 'input',
  summary: 'A property has a value that it cannot have.',
  message: ({ name, value, expected }) => `${name} cannot be ${value}: it takes ${expected}`,
  hint: ({ hint }) => hint,
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const OPTION_KINDS = defineKinds({
  malformed,
  missingId,
  invalidId,
  unknownProperty,
  duplicateProperty,
  missingProperty,
  wrongValue,
})
