/** What extendedKeyUsage lets a certificate be used for (RFC 5280 section 4.2.1.12). */
import type { TlsRole } from '../algorithms/tls-role.ts'
import type { Certificate } from './certificate.ts'

const ANY = '2.5.29.37.0'

const TLS_PURPOSES: Readonly<Record<TlsRole, string>> = {
  server: '1.3.6.1.5.5.7.3.1',
  client: '1.3.6.1.5.5.7.3.2',
}

/** Whether the purposes, if there are any, have the role among them; critical or not. */
export function allowsRole({ extendedKeyUsage }: Certificate, role: TlsRole): boolean {
  if (!extendedKeyUsage) return true
  const { purposes } = extendedKeyUsage
  return purposes.has(ANY) || purposes.has(TLS_PURPOSES[role])
}

export function isForServers(certificate: Certificate): boolean {
  return allowsRole(certificate, 'server')
}
