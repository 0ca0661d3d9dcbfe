import { purposesOf } from '../backends/applications/all-application-backends.ts'
import { warnOfLooseness } from '../backends/looseness/looseness-diagnostics.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { layerApplication } from '../policy/application/application-policy.ts'
import { comparePolicies, type PolicyComparison } from '../policy/compare.ts'
import { type Policy, parseDirectives } from '../policy/policy.ts'
import { parseRecord } from './configuration-record.ts'
import type { Directories } from './directories.ts'
import { GenerationStore } from './generation-store.ts'
import { findLoosenessHere } from './looseness-here.ts'
import { readPolicyInForce } from './policy-in-force.ts'
import { formatSelection } from './policy-selection.ts'
import { type PreparedPolicy, preparePolicy, selectPolicy } from './prepared-policy.ts'
import { listChanges } from './publish.ts'

export type Plan = {
  /** The policy in force; undefined where there is none. */
  readonly before: string | undefined
  readonly after: string
  /** What would change by meaning; undefined where no policy is in force. */
  readonly comparison: PolicyComparison | undefined
  /** What would change for each application whose policy is enabled, beyond its order of names. */
  readonly applications: readonly ApplicationPlan[]
  /** The files that would be replaced, by path below the base directory. */
  readonly files: readonly string[]
  /** What the policy files warn of, and what back-ends cannot say. */
  readonly diagnostics: readonly Diagnostic[]
}

type ApplicationPlan = {
  readonly name: string
  readonly comparison: PolicyComparison
}

/** Compiles the policy that is configured or, with `set`, that would be. Writes nothing. */
export async function planPolicy(directories: Directories, set: string | undefined): Promise<Plan> {
  const selection = selectPolicy(directories, set)
  const prepared = await preparePolicy(directories, selection)
  const inForce = readPolicyInForce(directories)
  return {
    before: inForce?.name,
    after: formatSelection(selection),
    comparison: inForce && comparePolicies(inForce, prepared.policy),
    applications: inForce ? planApplications(directories, inForce, prepared) : [],
    files: listChanges(directories, prepared, set !== undefined),
    diagnostics: [...prepared.diagnostics, ...warnOfLooseness(findLoosenessHere(prepared.policy))],
  }
}

/** Each application as it is in force, by the text that was compiled then, and as it would be. */
function planApplications(
  directories: Directories,
  inForce: Policy,
  { policy, applications }: PreparedPolicy,
): readonly ApplicationPlan[] {
  const record = parseRecord(new GenerationStore(directories.base).readRecord())
  return applications.map((application) => {
    const { name, source } = application
    const text = record?.policyFiles[source.name] ?? source.text
    const before = parseDirectives({ name: source.name, text }).directives
    const old = layerApplication(inForce, { ...application, directives: before })
    const layered = layerApplication(policy, application)
    const comparison = comparePolicies(old, layered, purposesOf(application.backends))
    return { name, comparison }
  })
}
