/** Every error of connections below TLS, in one place. */
import { printCount } from '../diagnostics/count.ts'
import { type DiagnosticKind, defineKinds } from '../diagnostics/diagnostic.ts'
import { reasonOf, remedyOf } from '../diagnostics/system-errors.ts'

type Kind<Data> = DiagnosticKind<Data>

const unreachable: Kind<{ server: string; error: unknown }> = {
  code: 'NET_UNREACHABLE',
  severity: 'error',
  fault: 'unavailable',
  summary: 'No connection to the server could be made.',
  message: ({ server, error }) => `cannot connect to ${server}: ${reasonOf(error)}`,
  hint: ({ error }) => remedyOf(error),
}

const timedOut: Kind<{ server: string; what: string; seconds: number }> = {
  code: 'NET_TIMED_OUT',
  severity: 'error',
  fault: 'unavailable',
  summary: 'The server said nothing for too long, or next to nothing.',
  message: ({ server, what, seconds }) =>
    `${server} did not ${what} within ${printCount(seconds, 'second')}`,
}

const givenUp: Kind<{ server: string }> = {
  code: 'NET_GIVEN_UP',
  severity: 'error',
  fault: 'unavailable',
  summary:
    'The connection was given up before it could be used: the program that asked for it no longer needs it.',
  message: ({ server }) => `the connection to ${server} was given up`,
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const NET_KINDS = defineKinds({ unreachable, timedOut, givenUp })
