/** The releases of other libraries that a conversion can be written for. */

/** From oldest to newest; each was asked what it knows. */
const RELEASES = {
  openssl: ['3.0', '3.2', '3.5', '3.6'],
  jdk: ['17', '21', '25'],
  nss: ['3.87', '3.110', '3.132'],
  go: ['1.19', '1.24', '1.27'],
} as const

export type Library = keyof typeof RELEASES

/** What a conversion can be written for, with the library whose release decides which names are known. */
export const CONVERSION_LIBRARIES = {
  openssl: 'openssl',
  node: 'openssl',
  nginx: 'openssl',
  apache: 'openssl',
  haproxy: 'openssl',
  postfix: 'openssl',
  dovecot: 'openssl',
  postgresql: 'openssl',
  nss: 'nss',
  java: 'jdk',
  go: 'go',
} as const satisfies Record<string, Library>

export type ConversionTarget = keyof typeof CONVERSION_LIBRARIES

export type LibraryRelease<Name extends Library> = (typeof RELEASES)[Name][number]

export type OpensslRelease = LibraryRelease<'openssl'>
export type JdkRelease = LibraryRelease<'jdk'>
export type NssRelease = LibraryRelease<'nss'>
export type GoRelease = LibraryRelease<'go'>

/** One release of each library; what is not named is the oldest that is supported. */
export type LibraryReleases = { readonly [Name in Library]?: LibraryRelease<Name> }

/** The releases that are known apart, from oldest to newest. */
export function releasesOf<Name extends Library>(library: Name): readonly LibraryRelease<Name>[] {
  return RELEASES[library]
}

/** What a conversion is written for unless a release is named. */
export function oldestRelease<Name extends Library>(library: Name): LibraryRelease<Name> {
  return RELEASES[library][0]
}

/**
 * The newest release that is known and no newer than a version such as `3.5.9`; undefined where
 * the version is older than all, or no version.
 */
export function findRelease<Name extends Library>(
  library: Name,
  version: string,
): LibraryRelease<Name> | undefined {
  if (!/^\d+(\.\d+)*$/.test(version)) return undefined
  return RELEASES[library].findLast((release) => compareVersions(release, version) <= 0)
}

/** Whether a release is this one or newer. */
export function isSince(release: string, first: string): boolean {
  return compareVersions(release, first) >= 0
}

function compareVersions(a: string, b: string): number {
  const [first, second] = [a, b].map((text) => text.split('.').map(Number)) as [number[], number[]]
  const length = Math.max(first.length, second.length)
  for (let index = 0; index < length; index++) {
    const difference = (first[index] ?? 0) - (second[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
