/** Every reason to refuse a peer that the checks of its certificates do not know, in one place. */
import { type DiagnosticKind, defineKinds } from '../diagnostics/diagnostic.ts'

type Kind<Data> = DiagnosticKind<Data>

const noPeerCertificate: Kind<{ peer: string }> = {
  code: 'TLS_NO_PEER_CERTIFICATE',
  severity: 'error',
  fault: 'answer',
  summary: 'The peer was asked for a certificate and showed none.',
  message: ({ peer }) => `Verify failed: No certificate was found: the ${peer} showed none`,
  hint: ({ peer }) =>
    `give the ${peer} a ${peer}-cert.pem with its key, or set verify-peer=off to let every ${peer} in`,
}

const hostMismatch: Kind<{ hostname: string; names: readonly string[] }> = {
  code: 'TLS_HOST_MISMATCH',
  severity: 'error',
  fault: 'answer',
  summary: "The server's certificate is for other names than the one that was asked for.",
  message: ({ hostname, names }) =>
    `Certificate does not match the hostname ${hostname}: it is for ${names.join(', ') || 'none'}`,
  hint: () => 'name the host as in its certificate, or give --tls-hostname',
}

const badHostname: Kind<{ hostname: string }> = {
  code: 'TLS_HOSTNAME_INVALID',
  severity: 'error',
  fault: 'usage',
  summary:
    "The name that the server's certificate has to have is neither the name of a host nor an address.",
  message: ({ hostname }) => `${JSON.stringify(hostname)} is no name of a host and no address`,
  hint: () => 'no certificate could have it: give the name or address alone',
}

const noHostname: Kind<object> = {
  code: 'TLS_NO_HOSTNAME',
  severity: 'error',
  fault: 'usage',
  summary: 'A client that verifies its server has to know which name the certificate must have.',
  message: () => 'No hostname for certificate validation',
  hint: () => 'give --tls-hostname',
}

const notAuthorized: Kind<{ name: string; rule: string }> = {
  code: 'TLS_NOT_AUTHORIZED',
  severity: 'error',
  fault: 'answer',
  summary: 'The certificate of the client is good, and the authorization does not let it in.',
  message: ({ name, rule }) => `TLS x509 authz check for ${name} is denied: ${rule}`,
}

const unknownUser: Kind<{ username: string; path: string }> = {
  code: 'TLS_UNKNOWN_USER',
  severity: 'error',
  fault: 'answer',
  summary: 'A client named a user that the file of shared keys does not have.',
  message: ({ username, path }) =>
    `TLS handshake failed: the client names the user ${JSON.stringify(username)}, and ${path} has no such line`,
}

const wrongSharedKey: Kind<{ username: string; reason: string }> = {
  code: 'TLS_WRONG_SHARED_KEY',
  severity: 'error',
  fault: 'answer',
  summary: 'A client named a known user, and the handshake failed: most likely its key differs.',
  message: ({ username, reason }) =>
    `TLS handshake failed: ${reason} (the key of the user ${JSON.stringify(username)} may differ)`,
}

const noSharedKey: Kind<object> = {
  code: 'TLS_NO_SHARED_KEY',
  severity: 'error',
  fault: 'answer',
  summary: 'The peer authenticated by something else than the shared key of the credentials.',
  message: () => 'the peer did not use the shared key',
}

const resumed: Kind<object> = {
  code: 'TLS_RESUMED',
  severity: 'error',
  fault: 'answer',
  summary:
    'The session was resumed. Sessions never are here, since a resumed one lacks the certificates to check.',
  message: () => 'the session was resumed, which is not allowed',
}

const connectionClosed: Kind<object> = {
  code: 'TLS_CONNECTION_CLOSED',
  severity: 'error',
  fault: 'unavailable',
  summary: 'The peer closed the connection before the handshake was done, without saying why.',
  message: () => 'TLS handshake failed: the peer closed the connection',
}

const handshakeTimeout: Kind<{ seconds: number }> = {
  code: 'TLS_HANDSHAKE_TIMEOUT',
  severity: 'error',
  fault: 'unavailable',
  summary: 'The handshake took longer than it may.',
  message: ({ seconds }) => `TLS handshake failed: it was not done after ${seconds} s`,
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const SESSION_KINDS = defineKinds({
  noPeerCertificate,
  hostMismatch,
  noHostname,
  badHostname,
  notAuthorized,
  unknownUser,
  wrongSharedKey,
  noSharedKey,
  resumed,
  connectionClosed,
  handshakeTimeout,
})
