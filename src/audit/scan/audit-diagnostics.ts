/** Every error of audits, in one place. */
import { type DiagnosticKind, defineKinds } from '../../diagnostics/diagnostic.ts'

type Kind<Data> = DiagnosticKind<Data>

const badTarget: Kind<{ text: string; reason: string; hint?: string | undefined }> = {
  code: 'AUDIT_BAD_TARGET',
  severity: 'error',
  fault: 'usage',
  summary: 'What is to be audited is not written as HOST:PORT or SCHEME://HOST:PORT.',
  message: ({ text, reason }) => `\`${text}\` is no target of an audit: ${reason}`,
  hint: ({ hint }) => hint ?? 'for instance: cryptopolicy audit host.example:443',
}

const unreachable: Kind<{ target: string; reason: string }> = {
  code: 'AUDIT_UNREACHABLE',
  severity: 'error',
  fault: 'unavailable',
  summary: 'No connection to the server could be made, so that nothing was learnt of it.',
  message: ({ target, reason }) => `${target} cannot be audited: ${reason}`,
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const AUDIT_KINDS = defineKinds({ badTarget, unreachable })
