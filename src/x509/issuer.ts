/** Who issued a certificate, by names and by identifiers of keys. */
import type { Certificate } from './certificate.ts'

/**
 * Whether one names the other as its issuer: names in DER and, where both have them, the
 * identifiers of the key. That alone proves nothing.
 */
export function namesIssuer({ link }: Certificate, issuer: Certificate): boolean {
  if (!link.issuer.equals(issuer.link.subject)) return false
  const { authorityKey } = link
  const { subjectKey } = issuer.link
  return !authorityKey || !subjectKey || authorityKey.equals(subjectKey)
}

export function isSelfIssued(certificate: Certificate): boolean {
  return namesIssuer(certificate, certificate)
}

/** Whether one names the very key of the other. */
export function namesKey({ link }: Certificate, issuer: Certificate): boolean {
  const { subjectKey } = issuer.link
  return subjectKey !== undefined && link.authorityKey?.equals(subjectKey) === true
}

/** Whether they are the same, byte by byte. */
export function isSame(a: Certificate, b: Certificate): boolean {
  return a.x509.raw.equals(b.x509.raw)
}
