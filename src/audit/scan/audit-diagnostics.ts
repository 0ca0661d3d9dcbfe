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

const badFile: Kind<{ path: string; what: string; reason: string }> = {
  code: 'AUDIT_BAD_FILE',
  severity: 'error',
  fault: 'input',
  summary:
    'A file that was named is no scan, no evidence of an audit, or has no guidelines of that level.',
  message: ({ path, what, reason }) => `${path} holds no ${what}: ${reason}`,
}

const evidenceMismatch: Kind<{ path: string; claim: string }> = {
  code: 'AUDIT_EVIDENCE_MISMATCH',
  severity: 'error',
  fault: 'input',
  summary:
    'The evidence does not hold what the audit asks: it was changed, or another release made it.',
  message: ({ path, claim }) => `${path} has no answer to \`${claim}\``,
  hint: () => 'evidence is replayed by the release that made it',
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const AUDIT_KINDS = defineKinds({ badTarget, unreachable, badFile, evidenceMismatch })
