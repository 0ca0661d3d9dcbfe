/** Every error that endpoints share, and why they end connections, in one place. */
import { type DiagnosticKind, defineKinds } from '../diagnostics/diagnostic.ts'
import { reasonOf, remedyOf } from '../diagnostics/system-errors.ts'
import { NOT_A_SOCKET } from '../net/unix-socket.ts'

type Kind<Data> = DiagnosticKind<Data>

const brokenProtocol: Kind<{ what: string }> = {
  code: 'ENDPOINT_CLIENT_BROKE_PROTOCOL',
  severity: 'warning',
  fault: 'answer',
  summary: 'A client sent something that the protocol does not allow; its connection was ended.',
  message: ({ what }) => `the client broke the protocol: it sent ${what}`,
}

const lostConnection: Kind<{ error: unknown }> = {
  code: 'ENDPOINT_CLIENT_LOST',
  severity: 'warning',
  fault: 'answer',
  summary: 'A connection broke.',
  message: ({ error }) => `the connection broke: ${reasonOf(error)}`,
}

const ownMistake: Kind<{ error: unknown }> = {
  code: 'ENDPOINT_OWN_MISTAKE',
  severity: 'error',
  fault: 'unavailable',
  summary: 'This program made a mistake while it served a client; that connection alone was ended.',
  message: ({ error }) => `this program made a mistake: ${reasonOf(error)}`,
  hint: () => 'please report it, with what the client did',
}

const authzWithoutTls: Kind<{ id: string }> = {
  code: 'ENDPOINT_AUTHZ_WITHOUT_TLS',
  severity: 'error',
  fault: 'input',
  summary:
    'An endpoint has an authorization and no credentials. Clients without TLS have no name, so all of them would be let in.',
  message: ({ id }) =>
    `tls-authz names \`${id}\`, and without tls-creds every client would be let in`,
  hint: () => 'name credentials too, with tls-creds',
}

const handshakeTime: Kind<{ seconds: number }> = {
  code: 'ENDPOINT_HANDSHAKE_TIME',
  severity: 'warning',
  fault: 'answer',
  summary: 'A client did not finish the negotiation in time; its connection was ended.',
  message: ({ seconds }) => `the negotiation was not finished in ${seconds} s`,
  hint: () => 'see --handshake-limit, or handshake-limit in a file of endpoints',
}

const idle: Kind<{ seconds: number }> = {
  code: 'ENDPOINT_IDLE',
  severity: 'warning',
  fault: 'answer',
  summary: 'Nothing was sent or taken on a connection for too long; it was ended.',
  message: ({ seconds }) => `nothing was sent or taken for ${seconds} s`,
  hint: () => 'see --idle-limit',
}

const tooManyWaiting: Kind<{ limit: number }> = {
  code: 'ENDPOINT_TOO_MANY_WAITING',
  severity: 'warning',
  fault: 'answer',
  summary: 'As many clients as are allowed are served, and as many wait: one more was sent away.',
  message: ({ limit }) => `${limit} clients wait already: the connection was ended`,
  hint: () =>
    'see how many clients are served at the same time, and the limit of open files (ulimit -n)',
}

const gaveWay: Kind<object> = {
  code: 'ENDPOINT_GAVE_WAY',
  severity: 'warning',
  fault: 'answer',
  summary:
    'A client that had not finished the negotiation made room for another one: too many were at it at the same time.',
  message: () => 'the negotiation was not finished, and too many other clients came',
  hint: () =>
    'see which hosts connect and say nothing; with more open files (ulimit -n) more have room',
}

const clearText: Kind<{ address: string }> = {
  code: 'ENDPOINT_CLEAR_TEXT',
  severity: 'warning',
  isAlwaysTold: true,
  fault: 'answer',
  summary: 'An endpoint can be reached from a network without TLS.',
  message: ({ address }) => `every client that reaches ${address} may use it: there is no TLS`,
  hint: () =>
    'require TLS: --object tls-creds-x509,id=tls0,dir=DIR,endpoint=server --tls-creds tls0',
}

const cannotListen: Kind<{ address: string; error: unknown }> = {
  code: 'ENDPOINT_CANNOT_LISTEN',
  severity: 'error',
  fault: 'unavailable',
  summary: 'An endpoint cannot listen at its address.',
  message: ({ address, error }) => `cannot listen at ${address}: ${listenReason(error)}`,
  hint: ({ error }) => listenHint(error),
}

const LISTEN_HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'stop what listens there, or choose another address',
  EMFILE: 'allow it more open files: ulimit -n, or LimitNOFILE= of its unit',
  [NOT_A_SOCKET]: 'name a path where nothing is yet; the image to serve is an argument of its own',
}

const RESERVED_PORT =
  'ports below 1024 are for root: choose another, or give its unit AmbientCapabilities=CAP_NET_BIND_SERVICE'

function listenHint(error: unknown): string | undefined {
  const { port = 0 } = error as { readonly port?: number }
  if (codeOf(error) === 'EACCES' && port > 0 && port < 1024) return RESERVED_PORT
  return LISTEN_HINTS[codeOf(error) ?? ''] ?? remedyOf(error)
}

function listenReason(error: unknown): string {
  return codeOf(error) === NOT_A_SOCKET ? 'a file stands there that is no socket' : reasonOf(error)
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const ENDPOINT_KINDS = defineKinds({
  brokenProtocol,
  lostConnection,
  ownMistake,
  authzWithoutTls,
  handshakeTime,
  idle,
  tooManyWaiting,
  gaveWay,
  clearText,
  cannotListen,
})
