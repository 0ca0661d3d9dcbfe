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

const unixTls: Kind<{ path: string }> = {
  code: 'MONITOR_UNIX_TLS',
  severity: 'error',
  fault: 'usage',
  summary: 'A monitor at a Unix socket is to have TLS or an authorization, which it has not there.',
  message: ({ path }) => `a monitor at ${path} has no TLS, so tls-creds and tls-authz do nothing`,
  hint: () => 'leave them out: its owner alone can use that socket; or let it listen on TCP',
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const MONITOR_KINDS = defineKinds({ open, abstract, unixTls })
