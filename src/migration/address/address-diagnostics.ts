/** Every error of the places that a migration goes to or comes from. */
import { type DiagnosticKind, defineKinds } from '../../diagnostics/diagnostic.ts'

type Kind<Data> = DiagnosticKind<Data>

const invalidUri: Kind<{ text: string; reason: string; hint?: string | undefined }> = {
  code: 'MIGRATION_URI_INVALID',
  severity: 'error',
  fault: 'usage',
  summary: 'The place of a migration is not written as QEMU writes it.',
  message: ({ text, reason }) => `${JSON.stringify(text)} is no place of a migration: ${reason}`,
  hint: ({ hint }) => hint,
}

const unusableUri: Kind<{ place: string; reason: string; hint?: string | undefined }> = {
  code: 'MIGRATION_URI_UNUSABLE',
  severity: 'error',
  fault: 'usage',
  summary: 'A place of a migration is well written, but of no use for what it was given for.',
  message: ({ place, reason }) => `${place} cannot be used: ${reason}`,
  hint: ({ hint }) => hint,
}

const hostnameMissing: Kind<{ place: string }> = {
  code: 'MIGRATION_HOSTNAME_MISSING',
  severity: 'error',
  fault: 'usage',
  summary:
    'The name that the certificate of the destination has to bear is not known: only tcp: tells it.',
  message: ({ place }) =>
    `--tls-hostname is required: ${place} does not tell the name that the certificate has to bear; only tcp: does`,
  hint: () => '--tls-hostname NAME, as in the certificate of the destination',
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const ADDRESS_KINDS = defineKinds({ invalidUri, unusableUri, hostnameMissing })
