/** What the libraries of this host know, as far as their files tell: no program is started. */
import { existsSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { HostReleases } from '../backends/applications/application-backend.ts'
import { RecentlyUsed } from '../cache/recently-used.ts'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { readFromMark } from '../files/text-file.ts'
import { findRelease, type OpensslRelease, oldestRelease } from '../priority/library-releases.ts'
import { GNUTLS_RELEASES } from '../priority/releases.ts'
import { findInstalledGnutls, libraryFolders } from './installed-gnutls.ts'

/** The releases of this host; the oldest that is known of a library that is not found. */
export function findHostReleases(root = '/'): HostReleases {
  let openssl: OpensslRelease | undefined
  return {
    gnutls: findInstalledGnutls(root)?.release ?? GNUTLS_RELEASES[0] ?? 'newest',
    // The library is large, and most applications need nothing of it.
    get openssl() {
      openssl ??= findRelease('openssl', findOpensslVersion(root) ?? '') ?? oldestRelease('openssl')
      return openssl
    },
  }
}

/** The library has about 5 MB. */
const LIBRARY_LIMIT = 67_108_864

/** How a version begins in the library: `OpenSSL 3.0.17 1 Jul 2025`. */
const MARK = '\0OpenSSL 3.'

/** Longer than any version, in bytes. */
const LONGEST = 32

/** The version of the library of this host, such as `3.0.17`; undefined where none is found. */
export function findOpensslVersion(root = '/'): string | undefined {
  const link = libraryFolders()
    .map((folder) => join(root, folder, 'libcrypto.so.3'))
    .find((path) => existsSync(path))
  return link === undefined ? undefined : versionIn(realpathSync(link))
}

/** The library is read once in a run, and again where it was replaced meanwhile. */
function versionIn(path: string): string | undefined {
  const { dev, ino, size, mtimeMs } = statSync(path)
  const key = [path, dev, ino, size, mtimeMs].join(' ')
  const known = VERSIONS.get(key) ?? { version: readVersion(path) }
  VERSIONS.keep(key, known)
  return known.version
}

const VERSIONS = new RecentlyUsed<{ readonly version: string | undefined }>(4)

function readVersion(path: string): string | undefined {
  try {
    const bytes = readFromMark(path, MARK, { length: LONGEST, limit: LIBRARY_LIMIT })
    return /OpenSSL (3\.\d+\.\d+)[ -]/.exec(bytes?.toString('latin1') ?? '')?.[1]
  } catch (error) {
    if (error instanceof DiagnosticError) return undefined
    throw error
  }
}
