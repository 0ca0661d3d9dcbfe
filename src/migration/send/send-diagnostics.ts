/** Every error of sending a stored migration, in one place. */
import { printCount } from '../../diagnostics/count.ts'
import { type DiagnosticKind, defineKinds } from '../../diagnostics/diagnostic.ts'
import { reasonOf } from '../../diagnostics/system-errors.ts'

type Kind<Data> = DiagnosticKind<Data>

const notSendable: Kind<{ file: string; reason: string; hint?: string | undefined }> = {
  code: 'MIGRATION_NOT_SENDABLE',
  severity: 'error',
  fault: 'input',
  summary: 'What is stored cannot be sent to a QEMU that waits for a migration. Nothing was sent.',
  message: ({ file, reason }) => `${file} cannot be sent: ${reason}`,
  hint: ({ hint }) => hint,
}

const destinationFailed: Kind<{ to: string; status: number; sent: number }> = {
  code: 'MIGRATION_DESTINATION_FAILED',
  severity: 'error',
  fault: 'answer',
  summary: 'The destination answered by its return path that it could not take the guest.',
  message: ({ to, status, sent }) =>
    `${to} could not take the guest: after ${sent} bytes it answered SHUT with status ${status}`,
  hint: () => 'see what its QEMU says on standard error',
}

type ClosedConnection = {
  readonly to: string
  readonly sent: number
  readonly total: number
  readonly isSecured?: boolean
  readonly error?: unknown
}

/** A server of TLS 1.3 judges its client when that one has begun to send. */
const SMALL = 1_048_576

const destinationClosed: Kind<ClosedConnection> = {
  code: 'MIGRATION_DESTINATION_CLOSED',
  severity: 'error',
  fault: 'answer',
  summary:
    'The destination ended the connection before it had the whole guest, or without its answer.',
  message: ({ to, sent, total, error }) =>
    `${to} ended the connection after ${sent} of ${total} bytes${error ? `: ${reasonOf(error)}` : ''}`,
  hint: ({ sent, isSecured }) =>
    `${isSecured && sent < SMALL ? 'it may refuse this certificate; ' : ''}see what its QEMU says on standard error; the machine, its devices and its memory have to be those of the source`,
}

const answerMalformed: Kind<{ to: string; reason: string }> = {
  code: 'MIGRATION_ANSWER_MALFORMED',
  severity: 'error',
  fault: 'answer',
  summary: 'What the destination sends back is no return path of a migration.',
  message: ({ to, reason }) => `${to} answered what is no return path: ${reason}`,
}

const noAnswer: Kind<{ to: string; seconds: number }> = {
  code: 'MIGRATION_NO_ANSWER',
  severity: 'error',
  fault: 'answer',
  summary: 'The destination has the whole stream and does not say whether it took the guest.',
  message: ({ to, seconds }) =>
    `${to} did not end the migration within ${printCount(seconds, 'second')}`,
  hint: () => '--timeout gives it more time',
}

const cancelled: Kind<{ to: string; sent: number }> = {
  code: 'MIGRATION_CANCELLED',
  severity: 'error',
  fault: 'answer',
  summary:
    'A signal ended the sending. The destination does not have the guest; the stored stream is unchanged.',
  message: ({ to, sent }) => `the guest was not sent to ${to}: cancelled after ${sent} bytes`,
}

const commandFailed: Kind<{ status: string }> = {
  code: 'MIGRATION_COMMAND_FAILED',
  severity: 'error',
  fault: 'answer',
  summary: 'The command of exec: took the stream and failed.',
  message: ({ status }) => `the command ended with ${status}`,
}

const clearText: Kind<{ to: string }> = {
  code: 'MIGRATION_CLEAR_TEXT',
  severity: 'warning',
  isAlwaysTold: true,
  fault: 'answer',
  summary: 'The memory of a guest goes over a network without TLS.',
  message: ({ to }) => `the guest's memory goes to ${to} in clear, over a network`,
  hint: () => '--object tls-creds-x509,id=tls0,dir=DIR,endpoint=client --tls-creds tls0',
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const SEND_KINDS = defineKinds({
  notSendable,
  destinationFailed,
  destinationClosed,
  answerMalformed,
  noAnswer,
  cancelled,
  commandFailed,
  clearText,
})
