/** How long certificates are valid. */
import type { X509Certificate } from 'node:crypto'
import { fail } from '../diagnostics/diagnostic.ts'
import { DAY } from '../x509/days-until.ts'
import { PKI_KINDS } from './pki-diagnostics.ts'

export type Validity = { readonly notBefore: Date; readonly notAfter: Date }

/** Days of an authority, and of what it issues, where `--days` is not given. */
export const DEFAULT_AUTHORITY_DAYS = 3650
export const DEFAULT_DAYS = 365

/** A clock that is behind ours by less than this sees a new certificate as valid. */
const CLOCK_SKEW = 3_600_000

export const MAX_DAYS = 36_500

/**
 * Reads the value of `--days` and `--expiring`: `30`, `30d`, `4w`.
 *
 * @throws DiagnosticError PKI_DAYS_INVALID.
 */
export function parseDays(text: string): number {
  const [, digits, unit] = /^(\d{1,5})([dw]?)$/.exec(text) ?? []
  const days = Number(digits ?? 0) * (unit === 'w' ? 7 : 1)
  if (days < 1 || days > MAX_DAYS) fail(PKI_KINDS.daysInvalid, { text, most: MAX_DAYS })
  return days
}

/** Begins an hour ago, since the clocks of peers may be behind, and ends in so many days. */
export function validFor(days: number, now: Date): Validity {
  return {
    notBefore: wholeSeconds(now.getTime() - CLOCK_SKEW),
    notAfter: wholeSeconds(now.getTime() + days * DAY),
  }
}

/** Within the validity of the issuer: when that is over, peers refuse the certificate too. */
export function withinIssuer({ notBefore, notAfter }: Validity, issuer: X509Certificate): Validity {
  const { validFromDate, validToDate } = issuer
  return {
    notBefore: notBefore < validFromDate ? validFromDate : notBefore,
    notAfter: notAfter > validToDate ? validToDate : notAfter,
  }
}

/** For how many days a certificate was made, rounded up. */
export function daysOf({ validFromDate, validToDate }: X509Certificate): number {
  const length = validToDate.getTime() - validFromDate.getTime() - CLOCK_SKEW
  return Math.min(MAX_DAYS, Math.max(1, Math.ceil(length / DAY)))
}

/** Certificates know no fractions of a second. */
function wholeSeconds(milliseconds: number): Date {
  return new Date(Math.floor(milliseconds / 1000) * 1000)
}
