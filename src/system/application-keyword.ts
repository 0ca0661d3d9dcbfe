/** The keyword that an application asks GnuTLS for, and the string that is in force for it. */
import { type Diagnostic, diagnose, fail } from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import { APPLICATION_KINDS } from '../policy/application/application-diagnostics.ts'
import { isResolved, resolvePriority } from '../priority/resolve.ts'
import type { SystemConfig } from '../priority/system-config.ts'
import { findApplications, isApplicationName } from './applications.ts'
import type { Directories } from './directories.ts'

export type FoundKeyword = {
  readonly keyword: string
  /** A warning where no string is there for the keyword. */
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * The keyword of an application's policy, whether or not it is enabled; else its name in capitals.
 *
 * @throws DiagnosticError APPLICATION_BAD_NAME
 */
export function findKeyword(
  name: string,
  directories: Directories,
  config: SystemConfig,
): FoundKeyword {
  if (!isApplicationName(name)) fail(APPLICATION_KINDS.badApplicationName, { name })
  const found = findApplications(directories)
  const keyword = found.find((one) => one.name === name)?.application?.keyword ?? name.toUpperCase()
  const asked: Source = { name: '<application>', text: `@${keyword}` }
  if (isResolved(resolvePriority(asked, config))) return { keyword, diagnostics: [] }
  const known = found.map((one) => one.name)
  const data = { name, keyword, file: config.source.name, known }
  return { keyword, diagnostics: [diagnose(APPLICATION_KINDS.noString, data)] }
}
