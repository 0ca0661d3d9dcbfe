/** The policies of applications that are in force: found, read and compiled over the system policy. */
import type { Policy } from '../policy/policy.ts'
import { type ApplicationFiles, compileApplications } from './application-files.ts'
import type { ApplicationChoice } from './application-folders.ts'
import { loadApplications } from './applications.ts'
import type { Directories } from './directories.ts'
import { findHostReleases } from './host-releases.ts'

/**
 * Compiles them; undefined where there are none.
 *
 * @throws DiagnosticError with every error of every file.
 */
export function compileEnabled(
  directories: Directories,
  system: Policy,
  choice: ApplicationChoice | undefined,
): ApplicationFiles | undefined {
  const { applications, diagnostics } = loadApplications(directories, choice)
  if (applications.length === 0) return undefined
  const compiled = compileApplications(system, applications, findHostReleases(), directories)
  return { ...compiled, diagnostics: [...diagnostics, ...compiled.diagnostics] }
}
