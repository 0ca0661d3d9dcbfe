/** A policy chosen and compiled for a host, with nothing written yet. */
import { type Diagnostic, fail } from '../diagnostics/diagnostic.ts'
import type { Policy } from '../policy/policy.ts'
import { type Configuration, compileConfiguration } from './configuration.ts'
import { configFile, type Directories } from './directories.ts'
import { loadPolicy, policyFolders } from './policy-files.ts'
import {
  checkSelection,
  type PolicySelection,
  parseSelection,
  readConfiguredSelection,
} from './policy-selection.ts'
import { SYSTEM_KINDS } from './system-diagnostics.ts'

export type PreparedPolicy = {
  readonly selection: PolicySelection
  readonly policy: Policy
  readonly configuration: Configuration
  readonly diagnostics: readonly Diagnostic[]
}

/** The policy that is configured or, with `set`, that would be. */
export function selectPolicy(directories: Directories, set: string | undefined): PolicySelection {
  if (!set) return checkSelection(readConfiguredSelection(directories), configFile(directories))
  // `:MODULE` keeps the configured policy; any other empty name is an empty variable of a shell.
  if (/^:+$|::|.:$/s.test(set)) fail(SYSTEM_KINDS.emptyName, { given: set })
  const named = parseSelection(set)
  const isComplete = named.policy !== ''
  const selection = isComplete ? named : parseSelection(set, readConfiguredSelection(directories))
  return checkSelection(selection, `--set ${set}`)
}

/** Compiles a chosen policy. Writes nothing. */
export function preparePolicy(
  directories: Directories,
  selection: PolicySelection,
  usePrebuilt = true,
): PreparedPolicy {
  const loaded = loadPolicy(selection, policyFolders(directories))
  const configuration = compileConfiguration(selection, loaded, directories, { usePrebuilt })
  const diagnostics = [...loaded.diagnostics, ...configuration.diagnostics]
  return { selection, policy: loaded.policy, configuration, diagnostics }
}
