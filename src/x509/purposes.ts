/** What a certificate may be used for: extendedKeyUsage and keyUsage (RFC 5280 section 4.2.1). */
import type { TlsRole } from '../algorithms/tls-role.ts'
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts'
import type { Certificate, KeyUse } from './certificate.ts'
import { X509_KINDS } from './x509-diagnostics.ts'

const ANY = '2.5.29.37.0'

const TLS_PURPOSES: Readonly<Record<TlsRole, string>> = {
  server: '1.3.6.1.5.5.7.3.1',
  client: '1.3.6.1.5.5.7.3.2',
}

/** Whether the purposes, if there are any, have the role among them for GnuTLS; critical or not. */
export function allowsRole({ extendedKeyUsage }: Certificate, role: TlsRole): boolean {
  if (!extendedKeyUsage) return true
  const { purposes } = extendedKeyUsage
  return purposes.has(ANY) || purposes.has(TLS_PURPOSES[role])
}

export function isForServers(certificate: Certificate): boolean {
  return allowsRole(certificate, 'server')
}

/** Of these OpenSSL wants one in the keyUsage of a peer's own certificate, if it has a keyUsage. */
const TLS_KEY_USES: Readonly<Record<TlsRole, readonly KeyUse[]>> = {
  server: ['digitalSignature', 'keyEncipherment', 'keyAgreement'],
  client: ['digitalSignature', 'keyAgreement'],
}

/**
 * What OpenSSL has against a certificate on the way to a peer of a role, the authority included. For it,
 * anyExtendedKeyUsage is a purpose like others, and none of TLS.
 */
export function findPurposeProblem(
  certificate: Certificate,
  role: TlsRole,
): Diagnostic | undefined {
  const { extendedKeyUsage } = certificate
  if (!extendedKeyUsage || extendedKeyUsage.purposes.has(TLS_PURPOSES[role])) return undefined
  return diagnose(X509_KINDS.otherPurpose, { ...certificate, role, found: 'extendedKeyUsage' })
}

/** What OpenSSL has against the own certificate of a peer of a role. */
export function findUseProblem(certificate: Certificate, role: TlsRole): Diagnostic | undefined {
  const { keyUsage } = certificate
  if (!keyUsage || TLS_KEY_USES[role].some((use) => keyUsage.uses.has(use))) return undefined
  return diagnose(X509_KINDS.otherPurpose, { ...certificate, role, found: 'keyUsage' })
}
