/** Every error of metrics, in one place. */
import { type DiagnosticKind, defineKinds } from '../../diagnostics/diagnostic.ts'

type Kind<Data> = DiagnosticKind<Data>

const open: Kind<{ address: string }> = {
  code: 'METRICS_OPEN',
  severity: 'error',
  fault: 'input',
  summary:
    'Metrics are to be served where other hosts reach them. They have neither TLS nor clients that are known, and they tell what a host serves.',
  message: ({ address }) => `metrics cannot listen at ${address}, which other hosts reach`,
  hint: () => 'use unix:PATH, or a loopback address such as tcp:127.0.0.1:9100',
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const METRICS_KINDS = defineKinds({ open })
