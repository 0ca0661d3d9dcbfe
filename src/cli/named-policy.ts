/** Reads the policy that an argument names, or the configured one. */
import { configFile, type DirectoryOptions, findDirectories } from '../system/directories.ts'
import { type LoadedPolicy, loadPolicy, policyFolders } from '../system/policy-files.ts'
import {
  checkSelection,
  parseSelection,
  readConfiguredSelection,
} from '../system/policy-selection.ts'

/** Loads `POLICY:MODULE...`; the configured policy where no name is given. */
export function loadNamedPolicy(name: string | undefined, options: DirectoryOptions): LoadedPolicy {
  const directories = findDirectories(options)
  const selection = name === undefined ? readConfiguredSelection(directories) : parseSelection(name)
  const where = name === undefined ? configFile(directories) : `\`${name}\``
  return loadPolicy(checkSelection(selection, where), policyFolders(directories))
}
