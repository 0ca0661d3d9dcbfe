/** Every finding of a preflight, and why one could not be made. */
import { printCount } from '../../diagnostics/count.ts'
import { type DiagnosticKind, defineKinds } from '../../diagnostics/diagnostic.ts'
import { reasonOf } from '../../diagnostics/system-errors.ts'

type Kind<Data> = DiagnosticKind<Data>

const notListening: Kind<{ server: string }> = {
  code: 'PREFLIGHT_NOT_LISTENING',
  severity: 'error',
  fault: 'unavailable',
  summary:
    'No preflight answers at the address, by UDP. No connection was made: where a QEMU waits there with -incoming, a connection that is no migration would end it.',
  message: ({ server }) =>
    `no preflight answers at ${server}: no connection was made, since a QEMU that waits there would end`,
  hint: () =>
    'run cryptopolicy migrate preflight --listen there; where UDP is blocked and no QEMU waits there, add --connect',
}

const unknownHost: Kind<{ host: string; error: unknown }> = {
  code: 'PREFLIGHT_UNKNOWN_HOST',
  severity: 'error',
  fault: 'unavailable',
  summary: 'The name of the other host has no address.',
  message: ({ host, error }) => `${host} has no address: ${reasonOf(error)}`,
}

const brokenProtocol: Kind<{ server: string; what: string }> = {
  code: 'PREFLIGHT_PEER_BROKE_PROTOCOL',
  severity: 'error',
  fault: 'unavailable',
  summary: 'What listens there is no preflight, or one of another release.',
  message: ({ server, what }) => `${server} is no preflight: it sent ${what}`,
}

const otherVersion: Kind<{ server: string; own: number; theirs: number }> = {
  code: 'PREFLIGHT_OTHER_VERSION',
  severity: 'error',
  fault: 'unavailable',
  summary: 'The preflight of the other host speaks another version of the protocol.',
  message: ({ server, own, theirs }) =>
    `${server} speaks version ${theirs} of the protocol, and this program version ${own}`,
  hint: () => 'install one release of cryptopolicy on both hosts',
}

const lost: Kind<{ server: string; error: unknown }> = {
  code: 'PREFLIGHT_CONNECTION_LOST',
  severity: 'error',
  fault: 'unavailable',
  summary: 'The connection ended before the other side had answered.',
  message: ({ server, error }) =>
    `${server} ended the connection${error === undefined ? '' : `: ${reasonOf(error)}`}`,
}

const rateRefused: Kind<object> = {
  code: 'PREFLIGHT_RATE_REFUSED',
  severity: 'error',
  fault: 'answer',
  summary:
    'A client that was not let in over TLS asked for a rate, at a side that has credentials. It was refused: strangers are not to keep a host busy.',
  message: () => 'a rate was asked for without TLS, and there are credentials',
}

const rateTime: Kind<{ seconds: number }> = {
  code: 'PREFLIGHT_RATE_TIME',
  severity: 'warning',
  fault: 'answer',
  summary:
    'The measuring of a rate took too long; its connection was ended. A client is not to keep a host busy for ever.',
  message: ({ seconds }) => `the measuring of a rate was not over in ${seconds} s`,
}

const rateNeedsTls: Kind<{ server: string }> = {
  code: 'PREFLIGHT_RATE_NEEDS_TLS',
  severity: 'error',
  fault: 'answer',
  summary:
    'The other side has credentials for TLS and this side has none: it measures rates for clients alone that it lets in.',
  message: ({ server }) =>
    `${server} has credentials: it measures rates for clients that it lets in`,
  hint: () => 'give --object tls-creds-x509,id=tls0,dir=DIR,endpoint=client --tls-creds tls0',
}

const noTlsThere: Kind<{ server: string }> = {
  code: 'PREFLIGHT_NO_TLS_THERE',
  severity: 'error',
  fault: 'answer',
  summary: 'This side has credentials for TLS, and the other side has none.',
  message: ({ server }) => `${server} has no credentials for TLS`,
  hint: () => 'give it --object tls-creds-x509,id=tls0,dir=DIR,endpoint=server --tls-creds tls0',
}

const nothingShared: Kind<{ what: string; here: string; there: string }> = {
  code: 'PREFLIGHT_NOTHING_SHARED',
  severity: 'error',
  fault: 'answer',
  summary:
    'The policies of the two hosts have no version, suite, group or signature scheme in common: no handshake can succeed.',
  message: ({ what, here, there }) =>
    `the two hosts share no ${what}: here ${here}; there ${there}`,
}

const lacking: Kind<{ side: string; reason: string }> = {
  code: 'PREFLIGHT_LACKING',
  severity: 'note',
  fault: 'answer',
  summary: 'Why one host does not have what the other has, with the line that decided.',
  message: ({ side, reason }) => `${side}: ${reason}`,
}

const clockSkew: Kind<{ seconds: number }> = {
  code: 'PREFLIGHT_CLOCK_SKEW',
  severity: 'warning',
  fault: 'answer',
  summary:
    'The clocks of the two hosts differ by more than a minute: a new or an ending certificate is good on one of them only.',
  message: ({ seconds }) =>
    `the clock there is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} that of this host`,
  hint: () => 'set both by NTP',
}

const expiresSoon: Kind<{ subject: string; days: number }> = {
  code: 'PREFLIGHT_EXPIRES_SOON',
  severity: 'warning',
  fault: 'answer',
  summary: 'A certificate of the other host ends within 30 days.',
  message: ({ subject, days }) =>
    `the certificate of ${subject} ends in ${printCount(days, 'day')}`,
}

const refusedThere: Kind<{ server: string }> = {
  code: 'PREFLIGHT_REFUSED_THERE',
  severity: 'error',
  fault: 'answer',
  summary: 'The other side ended the handshake, and did not say why.',
  message: ({ server }) => `${server} did not let this client in, and does not say why`,
  hint: () => 'its own output says why',
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const PREFLIGHT_KINDS = defineKinds({
  notListening,
  unknownHost,
  brokenProtocol,
  otherVersion,
  lost,
  noTlsThere,
  rateRefused,
  rateTime,
  rateNeedsTls,
  nothingShared,
  lacking,
  clockSkew,
  expiresSoon,
  refusedThere,
})
