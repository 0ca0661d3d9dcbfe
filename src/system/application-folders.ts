/** Where application policies are: `applications/NAME.pmod` in base_dir and in the profile. */
import { join } from 'node:path'
import { listFolderIfPresent } from '../files/folder-list.ts'
import { readTextFile } from '../files/text-file.ts'
import type { Directories } from './directories.ts'

const SUFFIX = '.pmod'

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
  return listFolder(shipped).some((name) => !waitsToBeEnabled(applicationFile(shipped, name)))
}

/** Whether a shipped file says that it is not in force before it is enabled. */
export function waitsToBeEnabled(path: string): boolean {
  try {
    return /^# %enabled_by_default=false$/m.test(readTextFile(path).text)
  } catch {
    return false
  }
}

function listFolder(folder: string): readonly string[] {
  return listFolderIfPresent(folder)
    .filter((name) => name.endsWith(SUFFIX) && !name.startsWith('.'))
    .map((name) => name.slice(0, -SUFFIX.length))
}
