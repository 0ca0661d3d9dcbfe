/** Every error of receiving a migration that is not about the bytes of one stream. */
import { type DiagnosticKind, defineKinds } from '../../diagnostics/diagnostic.ts'

type Kind<Data> = DiagnosticKind<Data>

const channelRefused: Kind<{ reason: string; hint?: string }> = {
  code: 'MIGRATION_CHANNEL_REFUSED',
  severity: 'error',
  fault: 'answer',
  summary:
    'A connection is no channel of the migration that is received. That connection alone was ended.',
  message: ({ reason }) => `the connection is no channel of this migration: ${reason}`,
  hint: ({ hint }) => hint,
}

const postcopyRefused: Kind<{ offset: number }> = {
  code: 'MIGRATION_POSTCOPY_REFUSED',
  severity: 'error',
  fault: 'answer',
  summary:
    'The source announces post-copy, which needs a destination where the guest runs. Nothing of the guest was stored.',
  message: ({ offset }) =>
    `byte ${offset}, command POSTCOPY_ADVISE: a guest cannot be stored by post-copy`,
  hint: () => 'turn the capability postcopy-ram of the source off',
}

const coloRefused: Kind<{ offset: number }> = {
  code: 'MIGRATION_COLO_REFUSED',
  severity: 'error',
  fault: 'answer',
  summary:
    'The source wants two guests to run side by side (COLO), which needs a destination where the guest runs.',
  message: ({ offset }) => `byte ${offset}, command ENABLE_COLO: a guest cannot be stored by COLO`,
  hint: () => 'turn the capability x-colo of the source off',
}

const returnPathRequired: Kind<object> = {
  code: 'MIGRATION_RETURN_PATH_REQUIRED',
  severity: 'error',
  fault: 'unavailable',
  summary:
    'The source has no return path, and this server sends session tickets in TLS 1.3: the end of the guest could be lost without a notice. Nothing of the guest was stored.',
  message: () =>
    'the source has no return path, and the session tickets of this server could make it lose the end of the guest',
  hint: () =>
    'turn the capability return-path of the source on; or install the package koffi, see TLS_SESSION_TICKETS',
}

const silent: Kind<{ seconds: number; bytes: number }> = {
  code: 'MIGRATION_SOURCE_SILENT',
  severity: 'error',
  fault: 'unavailable',
  summary: 'The source sent nothing for too long, and the guest is not whole.',
  message: ({ seconds, bytes }) =>
    `byte ${bytes}: the source has sent nothing for ${seconds} s, and the guest is not whole`,
  hint: () => 'see --idle-limit',
}

const unusablePlace: Kind<{ path: string; reason: string }> = {
  code: 'MIGRATION_PLACE_UNUSABLE',
  severity: 'error',
  fault: 'write',
  summary: 'What stands where the migration is to be stored cannot be replaced by it.',
  message: ({ path, reason }) => `${path} cannot hold a migration: ${reason}`,
}

const replaced: Kind<{ path: string }> = {
  code: 'MIGRATION_FILE_REPLACED',
  severity: 'error',
  fault: 'write',
  summary: 'Another program replaced the unfinished file, so nothing was put in its place.',
  message: ({ path }) => `${path} was replaced by another program meanwhile`,
}

const cancelled: Kind<{ path: string }> = {
  code: 'MIGRATION_RECEIVE_CANCELLED',
  severity: 'error',
  fault: 'answer',
  summary: 'A signal ended the work before the guest was whole. Nothing of it is left.',
  message: ({ path }) => `${path} was not written: the migration was cancelled here`,
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const RECEIVE_KINDS = defineKinds({
  channelRefused,
  postcopyRefused,
  coloRefused,
  returnPathRequired,
  silent,
  unusablePlace,
  replaced,
  cancelled,
})
