/** What TLS is allowed somewhere: the one type that policies, strings, endpoints and scans share. */
import type { TlsGroup } from './tls-groups.ts'
import type { TlsSignatureScheme } from './tls-signatures.ts'
import type { TlsSuite } from './tls-suites.ts'
import type { TlsVersion } from './tls-versions.ts'

/** The smallest public keys that are accepted, in bits; 0 where any size is. */
export type MinimumKeySizes = {
  readonly rsa: number
  readonly dsa: number
  readonly ec: number
  /** The prime of a Diffie-Hellman exchange that uses no named group. */
  readonly dh: number
}

/** Every list stands in order of preference; the versions of an endpoint from the newest to the oldest. */
export type AllowedTls = {
  readonly versions: readonly TlsVersion[]
  readonly suites: readonly TlsSuite[]
  readonly groups: readonly TlsGroup[]
  readonly signatureSchemes: readonly TlsSignatureScheme[]
  readonly minimumKeySizes: MinimumKeySizes
}

/** For a side that allows nothing. */
export const NOTHING_ALLOWED: AllowedTls = {
  versions: [],
  suites: [],
  groups: [],
  signatureSchemes: [],
  minimumKeySizes: { rsa: 0, dsa: 0, ec: 0, dh: 0 },
}

/** One thing that is allowed: a row of a table, or the kind of key that has a smallest size. */
export type AllowedElement =
  | TlsVersion
  | TlsSuite
  | TlsGroup
  | TlsSignatureScheme
  | keyof MinimumKeySizes

/** What is allowed, and for each element all that had to allow it. */
export type TracedTls<Origin> = AllowedTls & {
  readonly origins: ReadonlyMap<AllowedElement, readonly Origin[]>
}
