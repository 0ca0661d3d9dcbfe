/** The keyword that an application asks GnuTLS for, and the string that is in force for it. */
import { APPLICATION_BACKEND_NAMES } from '../backends/applications/all-application-backends.ts'
import {
  type Diagnostic,
  DiagnosticError,
  diagnose,
  fail,
  hasErrors,
} from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import { APPLICATION_KINDS } from '../policy/application/application-diagnostics.ts'
import { parseApplication } from '../policy/application/application-policy.ts'
import { isResolved, resolvePriority } from '../priority/resolve.ts'
import type { SystemConfig } from '../priority/system-config.ts'
import { isFileOf, listApplications } from './application-folders.ts'
import { findApplication, isApplicationName } from './applications.ts'
import { parseRecord } from './configuration-record.ts'
import type { Directories } from './directories.ts'
import { GenerationStore } from './generation-store.ts'

export type FoundKeyword = {
  readonly keyword: string
  /** A warning where no string is there for the keyword. */
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * The keyword of an application's policy, whether or not it is enabled; else its name in capitals.
 *
 * @throws DiagnosticError APPLICATION_BAD_NAME, or with what is wrong with a file that was never in force.
 */
export function findKeyword(
  name: string,
  directories: Directories,
  config: SystemConfig,
): FoundKeyword {
  if (!isApplicationName(name)) fail(APPLICATION_KINDS.badApplicationName, { name })
  const keyword = keywordOfPolicy(name, directories) ?? name.toUpperCase()
  const asked: Source = { name: '<application>', text: `@${keyword}` }
  if (isResolved(resolvePriority(asked, config))) return { keyword, diagnostics: [] }
  const data = { name, keyword, file: config.source.name, known: listApplications(directories) }
  return { keyword, diagnostics: [diagnose(APPLICATION_KINDS.noString, data)] }
}

/**
 * The keyword that an application's policy was put in force with, else that of its file; undefined where
 * there is neither. The file may be changed, removed, or closed to this user since the last switch.
 *
 * @throws DiagnosticError with what is wrong with a file that counts and was never in force: what it would
 *   give its program is not known, and another's string or the system's must not take its place.
 */
export function keywordOfPolicy(name: string, directories: Directories): string | undefined {
  const inForce = keywordInForce(name, directories)
  if (inForce !== undefined) return inForce
  const file = findApplication(directories, name)
  if (file?.state === 'enabled' && hasErrors(file.diagnostics)) {
    throw new DiagnosticError(file.diagnostics)
  }
  return file?.application?.keyword
}

function keywordInForce(name: string, { base }: Directories): string | undefined {
  const record = parseRecord(new GenerationStore(base).readRecord())
  const path = Object.keys(record?.policyFiles ?? {}).find((one) => isFileOf(name, one))
  if (path === undefined) return undefined
  const text = record?.policyFiles[path] ?? ''
  const { application } = parseApplication(name, { name: path, text }, APPLICATION_BACKEND_NAMES)
  return application.keyword
}
