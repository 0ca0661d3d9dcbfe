/** Every error of exports, in one place. */
import { printCount } from '../../diagnostics/count.ts'
import { type DiagnosticKind, defineKinds } from '../../diagnostics/diagnostic.ts'
import { reasonOf } from '../../diagnostics/system-errors.ts'
import { STRING_LIMIT } from '../protocol/constants.ts'

type Kind<Data> = DiagnosticKind<Data>

const cannotOpen: Kind<{ path: string; error: unknown }> = {
  code: 'NBD_EXPORT_UNREADABLE',
  severity: 'error',
  fault: 'missing',
  summary: 'The file of an export cannot be opened.',
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

const exists: Kind<{ name: string }> = {
  code: 'NBD_EXPORT_EXISTS',
  severity: 'error',
  fault: 'usage',
  summary: 'The server has an export of this name already.',
  message: ({ name }) => `NBD server already has export named '${name}'`,
}

const notFound: Kind<{ name: string }> = {
  code: 'NBD_EXPORT_NOT_FOUND',
  severity: 'error',
  fault: 'usage',
  summary: 'The server does not have the export that it was asked to remove.',
  message: ({ name }) => `Export '${name}' is not found`,
}

const inUse: Kind<{ name: string; clients: number }> = {
  code: 'NBD_EXPORT_IN_USE',
  severity: 'error',
  fault: 'answer',
  summary:
    'Clients use the export, so it is not removed. It can be removed with its clients disconnected.',
  message: ({ name }) => `export '${name}' still in use`,
  hint: ({ clients }) =>
    `it has ${printCount(clients, 'client')}; use mode 'hard' to force client disconnect`,
}

const offsetBeyond: Kind<{ path: string; offset: number; error: unknown }> = {
  code: 'NBD_OFFSET_BEYOND',
  severity: 'error',
  fault: 'usage',
  summary: 'An export begins behind the end of its file.',
  message: ({ path, offset, error }) =>
    `${path} cannot be exported from byte ${offset} on: ${reasonOf(error)}`,
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const EXPORT_KINDS = defineKinds({
  offsetBeyond,
  cannotOpen,
  duplicateExport,
  unspeakable,
  exists,
  notFound,
  inUse,
})
