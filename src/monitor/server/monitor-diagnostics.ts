/** Every error of monitors as servers, in one place. */
import { type DiagnosticKind, defineKinds } from '../../diagnostics/diagnostic.ts'
import { printHostAndPort } from '../../net/address.ts'

type Kind<Data> = DiagnosticKind<Data>

const open: Kind<{ host: string; port: string }> = {
  code: 'MONITOR_OPEN',
  severity: 'error',
  fault: 'usage',
  summary:
    'A monitor is to listen on TCP without credentials or without an authorization. Its clients can do whatever the process can, so it is open only to clients that are known.',
  message: ({ host, port }) =>
    `a monitor at ${printHostAndPort(host || '*', Number(port))} needs tls-creds and tls-authz`,
  hint: () => 'name both, or use a Unix socket',
}

const abstract: Kind<{ name: string }> = {
  code: 'MONITOR_ABSTRACT',
  severity: 'error',
  fault: 'usage',
  summary:
    'A monitor is to listen on an abstract socket, which every user of the host can connect to.',
  message: ({ name }) => `a monitor cannot listen on the abstract socket @${name}`,
  hint: () => 'use the path of a file: it belongs to its owner alone',
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const MONITOR_KINDS = defineKinds({ open, abstract })
