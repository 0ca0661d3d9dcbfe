/** Lists of revoked certificates (RFC 5280 section 5). */
import type { Source } from '../../diagnostics/source.ts'
import type { CertificatePlace } from './certificate.ts'

export type RevocationList = {
  readonly place: CertificatePlace
  /** As GnuTLS writes it in the order of the encoding. */
  readonly issuer: string
  /** The issuer's name in DER, which is what names are compared by. */
  readonly issuerName: Buffer
  readonly thisUpdate: Date
  readonly nextUpdate?: Date
  /** Serial numbers in hexadecimal, upper case, as node:crypto writes those of certificates. */
  readonly revoked: ReadonlySet<string>
}

/**
 * The revocation lists of a PEM text.
 *
 * @throws DiagnosticError TLS_REVOCATION_LIST_...
 */
export function parseRevocationLists(_source: Source): readonly RevocationList[] {
  throw new Error('not there yet')
}
