/** The policies of applications that are in force or asked for: found, read and compiled over the system policy. */
import type { Policy } from '../policy/policy.ts'
import { type ApplicationFiles, compileApplications } from './application-files.ts'
import type { ApplicationChoice } from './application-folders.ts'
import {
  type ApplicationSelection,
  type LoadedApplications,
  loadApplications,
  selectApplications,
} from './applications.ts'
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
  const loaded = loadApplications(directories, choice)
  if (loaded.applications.length === 0) return undefined
  return compileLoaded(directories, system, loaded)
}

/**
 * Makes the compiler of those that a selection names, which are read once for all system policies.
 *
 * @throws DiagnosticError with every error of every file; so does the compiler.
 */
export function selectedCompiler(
  directories: Directories,
  selection: ApplicationSelection,
): (system: Policy) => ApplicationFiles {
  const loaded = selectApplications(directories, selection)
  return (system) => compileLoaded(directories, system, loaded)
}

function compileLoaded(
  directories: Directories,
  system: Policy,
  { applications, diagnostics }: LoadedApplications,
): ApplicationFiles {
  const compiled = compileApplications(system, applications, findHostReleases(), directories)
  return { ...compiled, diagnostics: [...diagnostics, ...compiled.diagnostics] }
}
