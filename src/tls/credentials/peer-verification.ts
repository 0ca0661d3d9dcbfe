/** Whether a peer with a certificate may go on, asked after the handshake in QEMU's order. */
import type { TLSSocket } from 'node:tls'
import { DiagnosticError, fail } from '../../diagnostics/diagnostic.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { matchesHostName } from '../../x509/host-name.ts'
import { checkPeerCertificates } from '../../x509/peer-check.ts'
import type { StatusRequest } from '../../x509/status-demand.ts'
import type { Authorization } from '../authorization/authorization.ts'
import { identitiesOf } from '../authorization/identity.ts'
import { readPeerChain, rememberPeerChain } from '../peer-chain.ts'
import { requireX509 } from '../session-check.ts'
import { SESSION_KINDS } from '../session-diagnostics.ts'
import { TLS_KINDS } from '../tls-diagnostics.ts'
import type { CredentialsGeneration, X509Generation } from './credentials-generation.ts'
import type { TlsPeer } from './tls-session.ts'

export type ClientCheck = {
  readonly authorization: Authorization | undefined
  /** Whether the client asked for an OCSP status. */
  readonly statusRequest: StatusRequest
}

/**
 * Checks a client, as a server with x509 credentials does.
 *
 * Of what OpenSSL has checked one thing counts: that the client has the key of its first certificate. What
 * the certificate is worth is checked here, since OpenSSL's own verdict is another than GnuTLS's:
 * it asks for purposes, and for a root.
 *
 * @throws DiagnosticError TLS_...
 */
export function checkClient(
  socket: TLSSocket,
  generation: X509Generation,
  { authorization, statusRequest }: ClientCheck,
): TlsPeer {
  if (!generation.verifyPeer) return {}
  const certificate = verifyChain(socket, generation, statusRequest)
  const decision = authorization?.decide(certificate)
  if (decision && !decision.allowed) {
    fail(SESSION_KINDS.notAuthorized, { name: certificate.subject, rule: decision.rule })
  }
  return peerOf(certificate)
}

/**
 * Checks a server, as a client does.
 *
 * @throws DiagnosticError TLS_...
 */
export function checkServer(
  socket: TLSSocket,
  generation: CredentialsGeneration,
  hostname = '',
): TlsPeer {
  if (generation.kind !== 'x509') return refuseCertificate(socket, generation)
  if (!generation.verifyPeer) return {}
  const { certificateWildcards: wildcards, statusRequest: asks } =
    generation.settings.evaluation.options
  // A client of GnuTLS asks for a status unless its string forbids that.
  const certificate = verifyChain(socket, generation, asks ? 'asked' : 'not asked')
  if (!matchesHostName(certificate, hostname, { wildcards })) refuseName(certificate, hostname)
  return peerOf(certificate)
}

function verifyChain(
  socket: TLSSocket,
  generation: X509Generation,
  statusRequest: StatusRequest,
): Certificate {
  const { authorities, revocationLists, settings, endpoint } = generation
  const chain = readPeerChain(socket)
  const [certificate] = chain
  const peer = endpoint === 'server' ? 'client' : 'server'
  if (!certificate) return fail(SESSION_KINDS.noPeerCertificate, { peer })
  requireX509(settings)
  const { evaluation } = settings
  const trust = { authorities, revocationLists, evaluation, statusRequest }
  const refusal = checkPeerCertificates({ chain, ...trust })
  if (refusal) throw new DiagnosticError([refusal])
  rememberPeerChain(chain)
  return certificate
}

/** A server with a certificate did not use the shared key, or is none without authentication. */
function refuseCertificate(socket: TLSSocket, { kind }: CredentialsGeneration): TlsPeer {
  if (socket.getPeerX509Certificate() === undefined) return {}
  return kind === 'psk'
    ? fail(SESSION_KINDS.noSharedKey, {})
    : fail(TLS_KINDS.forbiddenCertificate, {})
}

function refuseName(certificate: Certificate, hostname: string): never {
  const alternatives = identitiesOf(certificate, 'san')
  const names = alternatives.length > 0 ? alternatives : [certificate.subject]
  fail(SESSION_KINDS.hostMismatch, { hostname, names })
}

function peerOf(certificate: Certificate): TlsPeer {
  return { certificate, distinguishedName: certificate.subject }
}
