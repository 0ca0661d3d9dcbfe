/** The policies and modules that a host has, and which of them are configured and in force. */
import { join } from 'node:path'
import { readTextFileIfPresent } from '../files/text-file.ts'
import { type Directories, stateFolder } from './directories.ts'
import { findPolicyFiles, listPolicies, policyFolders } from './policy-files.ts'
import { formatSelection, readConfiguredSelection } from './policy-selection.ts'

export type FoundPolicies = {
  readonly policies: readonly FoundPolicy[]
  readonly modules: readonly FoundPolicy[]
  /** `POLICY:MODULE...`, as `config` or the default names it. */
  readonly configured: string
  /** The same of what is in force; null where nothing is. */
  readonly inForce: string | null
}

export type FoundPolicy = {
  readonly name: string
  /** The file that is used where this name is given. */
  readonly path: string
}

/** Looks into all folders that are searched for policies, in their order. */
export function findPolicies(directories: Directories): FoundPolicies {
  const folders = policyFolders(directories)
  const all = [...folders.ofCurrentDirectory, ...folders.chosen]
  const policies = listPolicies(all, 'policy')
  const anyPolicy = policies[0] ?? ''
  return {
    policies: policies.map((name) => ({
      name,
      path: lastOf(findPolicyFiles({ policy: name, modules: [] }, folders)),
    })),
    modules: listPolicies(all, 'module').map((name) => ({
      name,
      path: lastOf(findPolicyFiles({ policy: anyPolicy, modules: [name] }, folders)),
    })),
    configured: formatSelection(readConfiguredSelection(directories)),
    inForce: readInForce(directories),
  }
}

function readInForce(directories: Directories): string | null {
  const state = readTextFileIfPresent(join(stateFolder(directories), 'current'))
  return state?.text.trim() || null
}

function lastOf(paths: readonly string[]): string {
  return paths.at(-1) ?? ''
}
