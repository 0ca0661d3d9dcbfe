/** What a server does with clients that show nothing, or ask for nothing. */
import type { TlsScan } from '../model.ts'
import type { ClearText } from '../upgrades/upgrade.ts'
import type { Finding } from './finding.ts'
import { FINDING_KINDS, makeFinding } from './finding-kinds.ts'
import { finishClaims, handshakeClaims } from './handshake-claims.ts'
import { unlessAnswered } from './unknown.ts'

/** Endpoints that let no client in without a certificate, unless they are told to. */
const WITH_CLIENT_CERTIFICATES: readonly string[] = ['migration', 'chardev', 'libvirt']

/** @param isRequired Whether a certificate has to be required; undefined leaves it to the protocol. */
export function compareClientCertificate(
  scan: TlsScan,
  protocol: string,
  isRequired: boolean | undefined,
): readonly Finding[] {
  if (!(isRequired ?? WITH_CLIENT_CERTIFICATES.includes(protocol))) return []
  const { required } = scan.clientCertificate
  if (required.answer === 'accepted') return []
  const kind = 'client certificate'
  const evidence = [...handshakeClaims(scan), ...finishClaims(scan)]
  const unknown = unlessAnswered(required, kind, protocol, null, evidence)
  if (unknown.length > 0) return unknown
  const item = { kind, name: protocol, version: null }
  const reasons = [
    { text: isRequired ? '--client-certificate' : `usual for ${protocol}`, place: null },
  ]
  return [makeFinding(FINDING_KINDS.clientCertificateNotRequired, { item, evidence, reasons })]
}

/**
 * No yardstick has a word for renegotiation. RFC 9325 section 3.5 asks for the proof of RFC 5746 where there is any.
 *
 * It is allowed only where a client has really done it; undefined where the server has TLS 1.3 alone. Where a
 * certificate is required, no stranger comes so far: that nothing was learnt is what is wanted of the server.
 */
export function compareRenegotiation(scan: TlsScan): readonly Finding[] {
  const { clientRenegotiation, secureRenegotiation } = scan.features
  if (!clientRenegotiation) return []
  const [kind, name] = ['renegotiation', 'clientRenegotiation']
  if (clientRenegotiation.answer !== 'accepted') {
    if (scan.clientCertificate.required.answer === 'accepted') return []
    return unlessAnswered(clientRenegotiation, kind, name, null, finishClaims(scan))
  }
  const isSecure = secureRenegotiation?.answer === 'accepted'
  const item = { kind, name, version: null }
  // Each of them may be the last one of a connection, which shows it.
  const evidence = ['resumption', 'renegotiation']
  const reasons = [{ text: 'RFC 9325, section 3.5', place: null }]
  const details = { item, evidence, reasons }
  return [
    isSecure
      ? makeFinding(FINDING_KINDS.renegotiationAccepted, details)
      : makeFinding(FINDING_KINDS.renegotiationAccepted, {
          ...details,
          severity: 'high',
          detail: ', and without RFC 5746',
        }),
  ]
}

/** Mail between hosts goes in clear where the other side has no TLS; that is how it is meant. */
const USUALLY_CLEAR: readonly string[] = ['smtp']

export function compareClearText(clear: ClearText, protocol: string): readonly Finding[] {
  const [kind, evidence] = ['clear text', ['clear text']]
  if (clear.kind === 'unknown') {
    const answer = { answer: 'unknown', because: clear.said } as const
    return unlessAnswered(answer, kind, protocol, null, evidence)
  }
  if (clear.kind === 'refused') return []
  return [
    makeFinding(FINDING_KINDS.clearTextAccepted, {
      item: { kind, name: protocol, version: null },
      evidence,
      detail: clear.said,
      severity: USUALLY_CLEAR.includes(protocol) ? 'low' : 'high',
    }),
  ]
}
