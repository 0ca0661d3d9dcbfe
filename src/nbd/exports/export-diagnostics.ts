/** Every error of exports, in one place. */
import { type DiagnosticKind, defineKinds } from '../../diagnostics/diagnostic.ts'
import { reasonOf } from '../../diagnostics/system-errors.ts'
import { STRING_LIMIT } from '../protocol/constants.ts'

type Kind<Data> = DiagnosticKind<Data>

const cannotOpen: Kind<{ path: string; error: unknown }> = {
  code: 'NBD_EXPORT_UNREADABLE',
  severity: 'error',
  fault: 'missing',
  summary: 'A file that is to be exported cannot be opened.',
  message: ({ path, error }) => `cannot export ${path}: ${reasonOf(error)}`,
  hint: ({ error }) => OPEN_HINTS[(error as NodeJS.ErrnoException).code ?? ''],
}

const OPEN_HINTS: Readonly<Record<string, string>> = {
  EACCES: 'with --read-only, permission to read is enough',
  EROFS: 'add --read-only',
  EISDIR: 'name an image file or a block device',
}

const duplicateExport: Kind<{ name: string }> = {
  code: 'NBD_DUPLICATE_EXPORT',
  severity: 'error',
  fault: 'usage',
  summary: 'Two exports have the same name.',
  message: ({ name }) => (name === '' ? 'two exports have no name' : `two exports are '${name}'`),
  hint: () => 'give each a name of its own: --export NAME=FILE, or --export-name NAME',
}

const unspeakable: Kind<{ what: string; text: string }> = {
  code: 'NBD_NAME_UNSPEAKABLE',
  severity: 'error',
  fault: 'usage',
  summary: 'A name or description of an export is longer than the protocol allows, or holds a NUL.',
  message: ({ what, text }) =>
    `the ${what} ${JSON.stringify(text.slice(0, 20))}... is not one that the protocol could carry`,
  hint: () => `it may have ${STRING_LIMIT} bytes, and no NUL`,
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const EXPORT_KINDS = defineKinds({ cannotOpen, duplicateExport, unspeakable })
