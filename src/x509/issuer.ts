/** Who issued a certificate: by names and identifiers of keys, and by the signature itself. */
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

/** Whether the key of the issuer made the signature. */
export function isSignedBy({ x509 }: Certificate, issuer: Certificate): boolean {
  try {
    return x509.verify(issuer.x509.publicKey)
  } catch {
    // A key that this OpenSSL cannot use is none that it can vouch for.
    return false
  }
}

/** Whether they are the same, byte by byte. */
export function isSame(a: Certificate, b: Certificate): boolean {
  return a.x509.raw.equals(b.x509.raw)
}

export function isValidAt({ notBefore, notAfter }: Certificate, now: Date): boolean {
  return notBefore <= now && now <= notAfter
}
