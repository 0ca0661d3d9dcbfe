/** Where application policies are: `applications/NAME.pmod` in base_dir and in the profile. */
import { join } from 'node:path'
import { DiagnosticError } from '../diagnostics/diagnostic.ts'
import { listFolderIfPresent } from '../files/folder-list.ts'
import { readTextFile } from '../files/text-file.ts'
import { waitsToBeEnabled } from '../policy/application/pragmas.ts'
import type { Directories } from './directories.ts'

const SUFFIX = '.pmod'

/** An own file that is disabled stays under its name with this behind it. */
export const DISABLED = '.disabled'

/** Looked at as if the folder of base_dir were changed already. */
export type ApplicationChoice = {
  readonly name: string
  /** The file that is to count; undefined where none is. */
  readonly path: string | undefined
}

/** The folder of an administrator's own application policies, and that of the shipped ones. */
export const ownApplications = ({ base }: Pick<Directories, 'base'>) => join(base, 'applications')
export const shippedApplications = ({ profile }: Pick<Directories, 'profile'>) =>
  join(profile, 'applications')

export function applicationFile(folder: string, name: string): string {
  return join(folder, `${name}${SUFFIX}`)
}

/** Whether a path is that of the application's file, in either folder; also of one that was just brought back. */
export function isFileOf(name: string, path: string): boolean {
  const file = applicationFile('/applications', name)
  return path.endsWith(file) || path.endsWith(`${file}${DISABLED}`)
}

/** The names of all application policies, whether or not they are in force. */
export function listApplications(
  directories: Directories,
  choice?: ApplicationChoice,
): readonly string[] {
  const folders = [ownApplications(directories), shippedApplications(directories)]
  const chosen = choice?.path === undefined ? [] : [choice.name]
  return [...new Set([...folders.flatMap(listFolder), ...chosen])].toSorted()
}

/**
 * Whether any may be in force, by a look that costs little: a file of the administrator's own, or a shipped
 * one that does not say that it waits to be enabled.
 */
export function mayHaveEnabled(directories: Directories): boolean {
  if (listFolder(ownApplications(directories)).length > 0) return true
  const shipped = shippedApplications(directories)
  return listFolder(shipped).some((name) => !isWaiting(applicationFile(shipped, name)))
}

/** Whether a shipped file says that it is not in force before it is enabled; a broken one does not. */
export function isWaiting(path: string): boolean {
  try {
    return waitsToBeEnabled(readTextFile(path))
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error
    return false
  }
}

function listFolder(folder: string): readonly string[] {
  return listFolderIfPresent(folder)
    .filter((name) => name.endsWith(SUFFIX) && !name.startsWith('.'))
    .map((name) => name.slice(0, -SUFFIX.length))
}
