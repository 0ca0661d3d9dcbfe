/** The GnuTLS releases that a priority string can be evaluated for, and what tells them apart. */

/** What a distributor may leave out of a build. */
type BuildFeature = 'srp' | 'ml-kem'

type Release = {
  readonly name: string
  /** How `features` were chosen. */
  readonly build: string
  readonly features: readonly BuildFeature[]
}

/** From oldest to newest. A row of a table that has `since` exists from that release on. */
const ROWS = [
  { name: '3.7.9', build: 'as Debian 12 builds it', features: ['srp'] },
  { name: '3.8.9', build: 'as Debian 13 builds it', features: [] },
  { name: '3.8.13', build: 'as Debian sid builds it', features: [] },
  { name: 'newest', build: '3.8.13 with leancrypto', features: ['ml-kem'] },
] as const satisfies readonly Release[]

export type GnutlsRelease = (typeof ROWS)[number]['name']

/** The names that `--gnutls` takes, from oldest to newest. */
export const GNUTLS_RELEASES: readonly GnutlsRelease[] = ROWS.map((row) => row.name)

/** What a string is evaluated for unless a release is named: everything GnuTLS can have. */
export const DEFAULT_RELEASE: GnutlsRelease = 'newest'

/** When a row of a table exists; everywhere where neither is given. */
export type Availability = {
  /** The first release of the list that has it. */
  readonly since?: GnutlsRelease
  /** The part of the build that brings it. */
  readonly feature?: BuildFeature
}

/** Whether a release has what a table row describes. */
export function isAvailable(row: Availability, release: GnutlsRelease): boolean {
  const at = GNUTLS_RELEASES.indexOf(release)
  const features: readonly BuildFeature[] = ROWS[at]?.features ?? []
  if (row.feature && !features.includes(row.feature)) return false
  return row.since === undefined || GNUTLS_RELEASES.indexOf(row.since) <= at
}

/** The name as a sentence says it: `GnuTLS 3.8.9`. */
export function describeRelease(release: GnutlsRelease): string {
  return release === 'newest' ? 'the newest GnuTLS' : `GnuTLS ${release}`
}
