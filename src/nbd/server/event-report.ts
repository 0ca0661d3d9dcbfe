/** What a server tells, as a line of text or as a line of JSON. */
import type { Diagnostic } from '../../diagnostics/diagnostic.ts'
import { diagnosticToJson, printJson } from '../../diagnostics/diagnostic-json.ts'
import { printable } from '../../diagnostics/print-diagnostic.ts'
import type { TlsPeer } from '../../tls/objects/tls-session.ts'
import type { ServerEvent } from './server-event.ts'

/** `#3 192.0.2.7:50123: secured by TLSv1.3 TLS_AES_256_GCM_SHA384, certificate C=UK,CN=qemu`. */
export function printEvent(event: ServerEvent): string {
  return printable(`#${event.connection} ${event.from}: ${describe(event)}`)
}

function describe(event: ServerEvent): string {
  switch (event.event) {
    case 'connected':
      return 'connected'
    case 'secured': {
      const { protocol, suite, group, peer } = event
      const session = [protocol, suite, group].filter(Boolean).join(' ')
      return `secured by ${session}, ${describePeer(peer)}`
    }
    case 'serving':
      return `uses export '${event.export}' (${describeUse(event)})`
    case 'failed':
      return describeDiagnostic(event.diagnostic)
    case 'refused':
      return `ended: ${event.diagnostics.map(describeDiagnostic).join('; ')}`
    case 'left':
      return `left (${event.ending})`
  }
}

function describeUse({ readOnly, isSecured }: { readOnly: boolean; isSecured: boolean }): string {
  return `${readOnly ? 'read-only' : 'read-write'}${isSecured ? '' : ', in clear'}`
}

function describePeer({ distinguishedName, username }: TlsPeer): string {
  if (distinguishedName !== undefined) return `certificate "${distinguishedName}"`
  return username === undefined ? 'client not verified' : `shared key of "${username}"`
}

function describeDiagnostic({ message, code, hint }: Diagnostic): string {
  return `${message} [${code}]${hint === undefined ? '' : ` (${hint})`}`
}

/** One line; `at` is the time in RFC 3339. */
export function eventToJson(event: ServerEvent, at: Date): string {
  return printJson({ time: at.toISOString(), ...factsOf(event) })
}

function factsOf(event: ServerEvent): object {
  switch (event.event) {
    case 'secured':
      return { ...event, peer: peerToJson(event.peer) }
    case 'failed':
      return { ...event, diagnostic: diagnosticToJson(event.diagnostic) }
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
