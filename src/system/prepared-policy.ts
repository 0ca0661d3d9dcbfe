/** A policy chosen and compiled for a host, with nothing written yet. */
import { type Diagnostic, fail } from '../diagnostics/diagnostic.ts'
import type { ApplicationPolicy } from '../policy/application/application-policy.ts'
import type { Policy } from '../policy/policy.ts'
import type { ApplicationFiles } from './application-files.ts'
import { type ApplicationChoice, mayHaveEnabled } from './application-folders.ts'
import { type Configuration, compileConfiguration } from './configuration.ts'
import { configFile, type Directories } from './directories.ts'
import { loadPolicy, moduleFolders, policyFolders } from './policy-files.ts'
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
  /** The policies of applications that are compiled over it. */
  readonly applications: readonly ApplicationPolicy[]
  readonly configuration: Configuration
  readonly diagnostics: readonly Diagnostic[]
}

/** The policy that is configured or, with `set`, that would be. */
export function selectPolicy(directories: Directories, set: string | undefined): PolicySelection {
  const configured = { file: configFile(directories) }
  if (!set) return checkSelection(readConfiguredSelection(directories), configured)
  // `:MODULE` keeps the configured policy; any other empty name is an empty variable of a shell.
  if (/::|:$/.test(set)) {
    const searched = moduleFolders(policyFolders(directories))
    fail(SYSTEM_KINDS.emptyName, { given: set, searched })
  }
  const named = parseSelection(set)
  const isComplete = named.policy !== ''
  const selection = isComplete ? named : parseSelection(set, readConfiguredSelection(directories))
  return checkSelection(selection, configured)
}

export type PrepareOptions = {
  /** Link to pre-built outputs, where there are any. */
  readonly usePrebuilt?: boolean
  /** An application policy that is to be enabled or disabled. */
  readonly choice?: ApplicationChoice | undefined
}

/**
 * Compiles a chosen policy, and the policies of applications over it. Writes nothing.
 *
 * @throws DiagnosticError with all that is wrong with any of the files.
 */
export async function preparePolicy(
  directories: Directories,
  selection: PolicySelection,
  { usePrebuilt = true, choice }: PrepareOptions = {},
): Promise<PreparedPolicy> {
  const loaded = loadPolicy(selection, policyFolders(directories))
  const compiled = await compileWithSystem(directories, loaded.policy, choice)
  const options = { usePrebuilt, applications: compiled }
  const configuration = compileConfiguration(selection, loaded, directories, options)
  const ofDropIns = await checkExtended(configuration)
  const diagnostics = [...loaded.diagnostics, ...configuration.diagnostics, ...ofDropIns]
  const applications = compiled?.applications ?? []
  return { selection, policy: loaded.policy, applications, configuration, diagnostics }
}

/** Most hosts have drop-ins for GnuTLS at the most, which are checked elsewhere. */
async function checkExtended({ extended }: Configuration): Promise<readonly Diagnostic[]> {
  const others = [...extended].filter(([backend]) => backend !== 'gnutls')
  if (others.length === 0) return []
  const { checkDropIns } = await import('./drop-in-checks/all-checks.ts')
  return others.flatMap(([backend, { policy, dropIns }]) => checkDropIns(backend, policy, dropIns))
}

/** Most hosts have no application policy, and no need to load what priority strings mean. */
async function compileWithSystem(
  directories: Directories,
  system: Policy,
  choice: ApplicationChoice | undefined,
): Promise<ApplicationFiles | undefined> {
  if (!choice && !mayHaveEnabled(directories)) return undefined
  const { compileEnabled } = await import('./enabled-applications.ts')
  return compileEnabled(directories, system, choice)
}
