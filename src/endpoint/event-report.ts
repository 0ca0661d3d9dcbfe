/** What an endpoint tells, as a line of text or as a line of JSON. */
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { diagnosticToJson } from '../diagnostics/diagnostic-json.ts'
import { printable } from '../diagnostics/print-diagnostic.ts'
import type { TlsPeer } from '../tls/credentials/tls-session.ts'
import type { ConnectionEvent, ConnectionOrigin } from './connection-event.ts'

/** `#3 192.0.2.7:50123: TEXT`. Control characters that a client sent do not reach the terminal. */
export function printEventLine({ connection, from }: ConnectionOrigin, text: string): string {
  return printable(`#${connection} ${from}: ${text}`)
}

export function describeConnectionEvent(event: ConnectionEvent): string {
  switch (event.event) {
    case 'connected':
      return 'connected'
    case 'secured': {
      const { protocol, suite, group, peer } = event
      const session = [protocol, suite, group].filter(Boolean).join(' ')
      return `secured by ${session}, ${describePeer(peer)}`
    }
    case 'refused':
      return `ended: ${event.diagnostics.map(describeDiagnostic).join('; ')}`
    case 'left':
      return `left (${event.ending})`
  }
}

export function describeDiagnostic({ message, code, hint }: Diagnostic): string {
  return `${message} [${code}]${hint === undefined ? '' : ` (${hint})`}`
}

function describePeer({ distinguishedName, username }: TlsPeer): string {
  if (distinguishedName !== undefined) return `certificate "${distinguishedName}"`
  return username === undefined ? 'client not verified' : `shared key of "${username}"`
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
