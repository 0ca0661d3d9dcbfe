/** What an endpoint tells, as a line of text or as a line of JSON. */
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { diagnosticToJson } from '../diagnostics/diagnostic-json.ts'
import { printable } from '../diagnostics/print-diagnostic.ts'
import type { TlsPeer } from '../tls/credentials/tls-session.ts'
import type { ConnectionEvent, ConnectionOrigin, SecuredEvent } from './connection-event.ts'

/** `#3 192.0.2.7:50123: TEXT`. Control characters that a client sent do not reach the terminal. */
export function printEventLine({ connection, from }: ConnectionOrigin, text: string): string {
  return printable(`#${connection} ${from}: ${text}`)
}

export function describeConnectionEvent(event: ConnectionEvent): string {
  switch (event.event) {
    case 'connected':
      return 'connected'
    case 'secured':
      return describeSession(event)
    case 'refused':
      return `ended: ${event.diagnostics.map(describeDiagnostic).join('; ')}`
    case 'left':
      return `left (${event.ending})`
  }
}

/**
 * `secured by TLSv1.3 TLS_AES_256_GCM_SHA384 x25519, certificate "CN=client"`.
 *
 * @param unnamed What stands for a peer without a certificate or a user.
 */
export function describeSession(
  { protocol, suite, group, peer }: Facts,
  unnamed = 'client not verified',
): string {
  const session = [protocol, suite, group].filter(Boolean).join(' ')
  return `secured by ${session}, ${describePeer(peer, unnamed)}`
}

type Facts = Omit<SecuredEvent, 'event'>

export function describeDiagnostic({ message, code, hint }: Diagnostic): string {
  return `${message} [${code}]${hint === undefined ? '' : ` (${hint})`}`
}

function describePeer({ distinguishedName, username }: TlsPeer, unnamed: string): string {
  if (distinguishedName !== undefined) return `certificate "${distinguishedName}"`
  return username === undefined ? unnamed : `shared key of "${username}"`
}

/** What an event says, as data for programs. */
export function connectionEventToJson(event: ConnectionEvent): object {
  switch (event.event) {
    case 'secured':
      return { ...event, peer: peerToJson(event.peer) }
    case 'refused':
      return { ...event, diagnostics: event.diagnostics.map(diagnosticToJson) }
    default:
      return event
  }
}

/** What was negotiated, and who the peer is, as data for programs. */
export function tlsFactsToJson({ protocol, suite, group, peer }: Facts): object {
  return { protocol, suite, group, peer: peerToJson(peer) }
}

function peerToJson({ certificate, distinguishedName, username }: TlsPeer): object {
  return {
    distinguishedName,
    username,
    ...(certificate && {
      issuer: certificate.issuer,
      serialNumber: certificate.x509.serialNumber,
      fingerprint256: certificate.x509.fingerprint256,
      publicKeyHash: certificate.publicKeyHash,
      alternativeNames: certificate.alternativeNames,
    }),
  }
}
