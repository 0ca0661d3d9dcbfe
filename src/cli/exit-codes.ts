/** Exit statuses of `cryptopolicy`, after sysexits.h where it has one. */
import type { Diagnostic, Fault } from '../diagnostics/diagnostic.ts'

export const EXIT = {
  done: 0,
  /** It ran and the answer is no: drift, findings, refused. */
  answerIsNo: 1,
  /** Changes are pending (`plan`). */
  changes: 2,
  usage: 64,
  badInput: 65,
  inputMissing: 66,
  unavailable: 69,
  internal: 70,
  cannotWrite: 73,
  /** No permission, or nothing to check. */
  noPermission: 77,
  /** As a shell tells that Ctrl-C ended a program. */
  interrupted: 130,
  /** As a shell tells of a program that SIGPIPE has ended. */
  readerLeft: 141,
} as const

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT]

const STATUS_OF: { readonly [F in Fault]: ExitStatus } = {
  answer: EXIT.answerIsNo,
  usage: EXIT.usage,
  input: EXIT.badInput,
  missing: EXIT.inputMissing,
  unavailable: EXIT.unavailable,
  write: EXIT.cannotWrite,
  permission: EXIT.noPermission,
}

/** The status of the first error; 0 where there is none. */
export function exitStatusOf(diagnostics: readonly Diagnostic[]): ExitStatus {
  const error = diagnostics.find((diagnostic) => diagnostic.severity === 'error')
  return error ? STATUS_OF[error.fault] : EXIT.done
}
