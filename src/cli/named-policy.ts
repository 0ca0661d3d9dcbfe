/** Reads the policy that an argument names, or the configured one. */
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Policy } from '../policy/policy.ts'
import { configFile, type DirectoryOptions, findDirectories } from '../system/directories.ts'
import { loadPolicy, policyFolders } from '../system/policy-files.ts'
import {
  checkSelection,
  parseSelection,
  readConfiguredSelection,
} from '../system/policy-selection.ts'

/** Loads `POLICY:MODULE...`, or the configured policy; what its files warn of is reported. */
export function loadNamedPolicy(
  name: string | undefined,
  options: DirectoryOptions,
  report: (diagnostic: Diagnostic) => void,
): Policy {
  const directories = findDirectories(options)
  const selection = name === undefined ? readConfiguredSelection(directories) : parseSelection(name)
  const where = name === undefined ? configFile(directories) : `\`${name}\``
  const loaded = loadPolicy(checkSelection(selection, where), policyFolders(directories))
  loaded.diagnostics.forEach(report)
  return loaded.policy
}
