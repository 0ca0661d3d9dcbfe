/**
 * What OpenSSL says of a failed handshake as a diagnostic. Two reasons have codes of their own, since the
 * remedy lies elsewhere: the two sides share nothing, or the peer refuses this side by an alert of TLS
 * (RFC 8446, section 6.2).
 */
import { type Diagnostic, DiagnosticError, diagnose } from '../diagnostics/diagnostic.ts'
import { SESSION_KINDS } from './session-diagnostics.ts'
import { TLS_KINDS } from './tls-diagnostics.ts'

/** Reasons of OpenSSL for which the two sides share nothing, and which of the two finds that. */
const NOTHING_SHARED: Readonly<Record<string, string>> = {
  'no shared cipher': 'the client offers no cipher suite that is allowed here',
  'unsupported protocol': 'the peer offers no version of TLS that is allowed here',
  'no suitable signature algorithm': 'no signature or shared key is usable for both sides',
  'no suitable key share': 'the client offers no group that is allowed here',
  'no suitable groups': 'no group is allowed on both sides',
}

/** The same as alerts. */
const NOTHING_SHARED_ALERTS: Readonly<Record<string, string>> = {
  'protocol version': 'the peer allows no version of TLS that is allowed here',
  'handshake failure': 'the peer refused the handshake: nothing it allows is offered',
  'insufficient security': 'the peer refused the handshake: what is offered is too weak for it',
}

/** Alerts by which a peer refuses the certificate, the shared key or the name of this side. */
const REFUSALS: Readonly<Record<string, string>> = {
  'unknown ca': 'the peer does not know the authority of our certificate',
  'bad certificate': 'the peer refuses our certificate',
  'unsupported certificate': 'the peer cannot use our certificate',
  'certificate revoked': 'our certificate is revoked, says the peer',
  'certificate expired': 'our certificate is not valid now, says the peer',
  'certificate unknown': 'the peer refuses our certificate',
  'certificate required': 'the peer demands a certificate, and this side has none',
  'access denied': 'the peer does not let us in',
  'unknown psk identity': 'the peer does not know our user',
  'unrecognized name': 'the peer is no host of the name that was asked for',
}

const OTHERS: Readonly<Record<string, string>> = {
  'wrong version number': 'what came is no TLS: the peer speaks in clear or another protocol',
  'packet length too long': 'what came is no TLS: the peer speaks in clear or another protocol',
  'http request': 'what came is no TLS but HTTP',
}

/** The error of a handshake as a diagnostic, with OpenSSL's own as its cause. */
export function handshakeError(error: Error): DiagnosticError {
  return Object.assign(new DiagnosticError([describe(error)]), { cause: error })
}

/**
 * What a peer says by an alert why it refuses this side; undefined where an error is none. A client of
 * TLS 1.3 gets it behind its handshake: its server judges it only then.
 */
export function describeRefusal(error: unknown): Diagnostic | undefined {
  const reason = REFUSALS[alertOf(reasonOf(error)) ?? '']
  return reason === undefined ? undefined : diagnose(TLS_KINDS.refusedByPeer, { reason })
}

function describe(error: Error): Diagnostic {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ECONNRESET' || code === 'EPIPE') return diagnose(SESSION_KINDS.connectionClosed, {})
  const reason = reasonOf(error)
  const shared = NOTHING_SHARED[reason] ?? NOTHING_SHARED_ALERTS[alertOf(reason) ?? '']
  if (shared !== undefined) return diagnose(TLS_KINDS.nothingShared, { reason: shared })
  const refusal = describeRefusal(error)
  return refusal ?? diagnose(TLS_KINDS.handshakeFailed, { reason: OTHERS[reason] ?? reason })
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  return (error as Error & { reason?: string }).reason ?? error.message
}

/**
 * `tlsv13 alert certificate required`: OpenSSL names the version that defined an alert first. Of those that came
 * with extensions (RFC 6066) it says no `alert`: `tlsv1 unrecognized name`.
 */
function alertOf(reason: string): string | undefined {
  return /^(?:ssl\/tls|sslv3|tlsv1|tlsv13) (?:alert )?(.+)$/.exec(reason)?.[1]
}
