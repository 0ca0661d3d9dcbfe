/** Why a certificate is revoked: what command lines have to know before they load anything. */

/** Reasons that an authority gives for the certificates of others (RFC 5280 section 5.3.1). */
export const REASONS = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  privilegeWithdrawn: 9,
} as const

export type RevocationReason = keyof typeof REASONS

export const REASON_NAMES = Object.keys(REASONS) as readonly RevocationReason[]
