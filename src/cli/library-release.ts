/** Releases of libraries as users name them. */
import { fail } from '../diagnostics/diagnostic.ts'
import {
  findRelease,
  type Library,
  type LibraryRelease,
  releasesOf,
} from '../priority/library-releases.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'

/** The newest known release that is no newer than a version. @throws DiagnosticError USAGE_UNKNOWN_NAME. */
export function requireRelease<Name extends Library>(
  library: Name,
  version: string,
): LibraryRelease<Name> {
  const release = findRelease(library, version)
  const known = releasesOf(library)
  return (
    release ?? fail(CLI_KINDS.unknownName, { what: `release of ${library}`, name: version, known })
  )
}
