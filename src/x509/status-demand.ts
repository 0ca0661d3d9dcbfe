/** Certificates that count only with an OCSP status of their own ("must staple", RFC 7633 section 4.2.3). */
import type { Certificate } from './certificate.ts'
import { MAX_FEATURES } from './extension-values.ts'

/** The number of the TLS extension status_request (RFC 6066 section 8). */
const STATUS_REQUEST = 5

/** Whether the client of a session asked for a status; unknown where nothing told its server. */
export type StatusRequest = 'asked' | 'not asked' | 'unknown'

/** Whether GnuTLS wants a status with a certificate. Of one with too many features it reads none. */
export function demandsStatus({ tlsFeatures }: Certificate): boolean {
  return tlsFeatures.length <= MAX_FEATURES && tlsFeatures.includes(STATUS_REQUEST)
}
