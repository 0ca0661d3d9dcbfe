/** Every error of PEM texts, in one place. */
import { type DiagnosticKind, defineKinds } from '../diagnostics/diagnostic.ts'

type Kind<Data> = DiagnosticKind<Data>

const missing: Kind<{ file: string; what: string; found: string }> = {
  code: 'TLS_PEM_MISSING',
  severity: 'error',
  fault: 'input',
  summary: 'A file does not hold what its name says: it is empty, binary, or holds something else.',
  message: ({ file, what, found }) => `${file}: no ${what} there: ${found}`,
  hint: ({ found }) =>
    found.includes('DER')
      ? 'convert it: openssl x509 -inform DER -in FILE -out FILE.pem'
      : 'the file needs PEM: -----BEGIN CERTIFICATE----- and its like',
}

const unended: Kind<{ file: string; line: number; label: string }> = {
  code: 'TLS_PEM_UNENDED',
  severity: 'error',
  fault: 'input',
  summary:
    'A block of PEM has a first line, but its last line is missing: the file may be cut off.',
  message: ({ file, line, label }) => `${file}:${line}: "-----END ${label}-----" is missing`,
}

const malformed: Kind<{ file: string; line: number }> = {
  code: 'TLS_PEM_MALFORMED',
  severity: 'error',
  fault: 'input',
  summary: 'A block of PEM holds something other than base64.',
  message: ({ file, line }) => `${file}:${line}: the block that begins here is not base64`,
}

const tooMany: Kind<{ file: string; limit: number }> = {
  code: 'TLS_PEM_TOO_MANY',
  severity: 'error',
  fault: 'input',
  summary: 'A file has more blocks than any sensible file of its kind.',
  message: ({ file, limit }) => `${file}: there are more than ${limit} blocks of PEM`,
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const PEM_KINDS = defineKinds({
  missing,
  unended,
  malformed,
  tooMany,
})
