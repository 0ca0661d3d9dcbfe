/** A certificate as the checks see it: what node:crypto tells of it, and what it does not. */
import type { X509Certificate } from 'node:crypto'
import type { Source } from '../../diagnostics/source.ts'

/** Bits of keyUsage, in the order of their numbers (RFC 5280 section 4.2.1.3). */
export const KEY_USES = [
  ...(['digitalSignature', 'nonRepudiation', 'keyEncipherment', 'dataEncipherment'] as const),
  ...(['keyAgreement', 'keyCertSign', 'cRLSign', 'encipherOnly', 'decipherOnly'] as const),
] as const

export type KeyUse = (typeof KEY_USES)[number]

/** Where a certificate comes from. */
export type CertificatePlace = {
  /** A path, or `<peer>`. */
  readonly file: string
  /** Counts the certificates of the file from 0. */
  readonly index: number
}

export type AlternativeName = {
  readonly kind: 'dns' | 'ip' | 'uri' | 'email' | 'srv' | 'other'
  /** Addresses as node:net writes them; of an unknown kind, its tag and bytes. */
  readonly value: string
}

export type Certificate = {
  readonly x509: X509Certificate
  readonly place: CertificatePlace
  /** As GnuTLS writes it in the order of the encoding: `C=UK,CN=qemu`. */
  readonly subject: string
  readonly issuer: string
  readonly notBefore: Date
  readonly notAfter: Date
  readonly basicConstraints?: {
    readonly critical: boolean
    readonly isAuthority: boolean
    readonly pathLength?: number
  }
  readonly keyUsage?: { readonly critical: boolean; readonly uses: ReadonlySet<KeyUse> }
  /** Purposes by their object identifiers. */
  readonly extendedKeyUsage?: {
    readonly critical: boolean
    readonly purposes: ReadonlySet<string>
  }
  readonly alternativeNames: readonly AlternativeName[]
  /** SHA-256 of the public key with its algorithm, in base64, as in RFC 7469. */
  readonly publicKeyHash: string
}

/**
 * The certificates of a PEM text, one or many.
 *
 * @throws DiagnosticError TLS_CERTIFICATE_... where the text holds none or one is malformed.
 */
export function parseCertificates(_source: Source): readonly Certificate[] {
  throw new Error('not there yet')
}

/**
 * Reads what the checks need of a certificate.
 *
 * @throws DiagnosticError TLS_CERTIFICATE_MALFORMED.
 */
export function certificateOf(_x509: X509Certificate, _place: CertificatePlace): Certificate {
  throw new Error('not there yet')
}
