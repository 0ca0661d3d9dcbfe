/** Every error of the NBD server, and why it ends connections, in one place. */
import { type DiagnosticKind, defineKinds } from '../../diagnostics/diagnostic.ts'
import { reasonOf } from '../../diagnostics/system-errors.ts'
import { commandName, optionName } from '../protocol/names.ts'

type Kind<Data> = DiagnosticKind<Data>

const refused: Kind<{ option: number; text: string }> = {
  code: 'NBD_CLIENT_REFUSED',
  severity: 'warning',
  fault: 'answer',
  summary: 'A client was refused what it asked for, and left.',
  message: ({ option, text }) => `the client was refused ${optionName(option)}: ${text}`,
}

const storageFailed: Kind<{ export: string; command: number; offset: number; error: unknown }> = {
  code: 'NBD_STORAGE_FAILED',
  severity: 'error',
  fault: 'unavailable',
  summary: 'The storage of an export failed. The client was told, and the connection goes on.',
  message: ({ export: name, command, offset, error }) =>
    `export '${name}': ${commandName(command)} at ${offset} failed: ${reasonOf(error)}`,
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const NBD_SERVER_KINDS = defineKinds({ refused, storageFailed })
