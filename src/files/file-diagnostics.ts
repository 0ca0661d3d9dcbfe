/** Every error about reading and writing files, in one place. */
import { type DiagnosticKind, defineKinds } from '../diagnostics/diagnostic.ts'
import { reasonOf, remedyOf } from '../diagnostics/system-errors.ts'
import { nameUnwritable } from './missing-folder.ts'

type Kind<Data> = DiagnosticKind<Data>

/** A path that is empty, as an unset variable of a shell leaves it, has to be visible in a message. */
const shown = (path: string): string => (path === '' ? "a file named ''" : path)

const missing: Kind<{ path: string; hint?: string }> = {
  code: 'FILE_MISSING',
  severity: 'error',
  fault: 'missing',
  summary: 'A file or folder that is needed does not exist.',
  message: ({ path }) => `${shown(path)} does not exist`,
  hint: ({ hint }) => hint,
}

const unreadable: Kind<{ path: string; error: unknown }> = {
  code: 'FILE_UNREADABLE',
  severity: 'error',
  fault: 'input',
  summary: 'A file is there but cannot be read.',
  message: ({ path, error }) => `cannot read ${shown(path)}: ${reasonOf(error)}`,
  hint: ({ error }) => remedyOf(error),
}

const notAFile: Kind<{ path: string; what: string }> = {
  code: 'FILE_NOT_REGULAR',
  severity: 'error',
  fault: 'input',
  summary: 'A directory, device or pipe stands where a file is needed.',
  message: ({ path, what }) => `cannot read ${shown(path)}: it is a ${what}, not a file`,
}

const tooLarge: Kind<{ path: string; limit: number }> = {
  code: 'FILE_TOO_LARGE',
  severity: 'error',
  fault: 'input',
  summary: 'The file is larger than any sensible file of its kind, so it was not read.',
  message: ({ path, limit }) => `cannot read ${shown(path)}: it is larger than ${limit} bytes`,
}

const invalidUtf8: Kind<{ offset: number }> = {
  code: 'FILE_INVALID_UTF8',
  severity: 'error',
  fault: 'input',
  summary: 'The file is not valid UTF-8.',
  message: ({ offset }) => `byte ${offset} is not UTF-8`,
  hint: () => 'save the file as UTF-8',
}

const inUse: Kind<{ path: string }> = {
  code: 'FILE_IN_USE',
  severity: 'error',
  fault: 'write',
  summary: 'Another run of the program writes the same file.',
  message: ({ path }) => `cannot write ${shown(path)}: another run writes it`,
  hint: () => 'wait until it has ended, or name another file',
}

const unwritable: Kind<{ path: string; error: unknown; hint?: string }> = {
  code: 'FILE_UNWRITABLE',
  severity: 'error',
  fault: 'write',
  summary: 'A file cannot be written. Of a host, the configuration that was in force still is.',
  message: ({ path, error }) =>
    `cannot write ${shown(nameUnwritable(path, error))}: ${reasonOf(error)}`,
  hint: ({ hint, error }) => hint ?? remedyOf(error),
}

const libvirtSyntax: Kind<{ reason: string }> = {
  code: 'FILE_LIBVIRT_SYNTAX',
  severity: 'error',
  fault: 'input',
  summary: "A file is not as libvirt's configuration is written.",
  message: ({ reason }) => reason,
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const FILE_KINDS = defineKinds({
  missing,
  unreadable,
  notAFile,
  tooLarge,
  invalidUtf8,
  inUse,
  unwritable,
  libvirtSyntax,
})
