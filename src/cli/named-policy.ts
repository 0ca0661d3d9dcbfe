/** Reads the policy that an argument names, or the configured one. */
import { type Diagnostic, moderate } from '../diagnostics/diagnostic.ts'
import type { ApplicationPolicy, LayeredPolicy } from '../policy/application/application-policy.ts'
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
  const namedBy = name === undefined ? { file: configFile(directories) } : { argument: name }
  const loaded = loadPolicy(checkSelection(selection, namedBy), policyFolders(directories))
  loaded.diagnostics.forEach(report)
  return loaded.policy
}

/** A policy that is asked about, with the application whose directives lie over it, if one is named. */
export type AskedPolicy =
  | { readonly policy: Policy; readonly application: undefined }
  | { readonly policy: LayeredPolicy; readonly application: ApplicationPolicy }

/** As loadNamedPolicy; with an application, what holds for it. */
export async function loadAskedPolicy(
  name: string | undefined,
  app: string | undefined,
  options: DirectoryOptions,
  report: (diagnostic: Diagnostic) => void,
): Promise<AskedPolicy> {
  const system = loadNamedPolicy(name, options, report)
  if (app === undefined) return { policy: system, application: undefined }
  const { loadApplication } = await import('../system/applications.ts')
  const { layerApplication } = await import('../policy/application/application-policy.ts')
  const { diagnoseExcess } = await import('../policy/application/exceeding.ts')
  const { purposesOf } = await import('../backends/applications/all-application-backends.ts')
  const application = loadApplication(findDirectories(options), app)
  const policy = layerApplication(system, application)
  const excess = diagnoseExcess(policy, purposesOf(application.backends))
  excess.map(moderate).forEach(report)
  return { policy, application }
}
