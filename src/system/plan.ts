/** Foresees what setting a policy would change on a host. */
import { join } from 'node:path'
import { warnOfLooseness } from '../backends/backend-diagnostics.ts'
import { findLooseness } from '../backends/looseness.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { readTextFileIfPresent } from '../files/text-file.ts'
import { comparePolicies, type PolicyComparison } from '../policy/compare.ts'
import { type Policy, parsePolicy } from '../policy/policy.ts'
import { type Directories, stateFolder } from './directories.ts'
import { formatSelection } from './policy-selection.ts'
import { preparePolicy, selectPolicy } from './prepared-policy.ts'
import { listChanges } from './publish.ts'

export type Plan = {
  /** The policy in force; undefined where there is none. */
  readonly before: string | undefined
  readonly after: string
  /** What would change by meaning; undefined where no policy is in force. */
  readonly comparison: PolicyComparison | undefined
  /** The files that would be replaced, by path below the base directory. */
  readonly files: readonly string[]
  /** What the policy files warn of, and what back-ends cannot say. */
  readonly diagnostics: readonly Diagnostic[]
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
    files: listChanges(directories, prepared, set !== undefined),
    diagnostics: [...prepared.diagnostics, ...warnOfLooseness(findLooseness(prepared.policy))],
  }
}

/** The dump of the policy in force is a policy: it tells what was compiled, whatever changed since. */
function readPolicyInForce(directories: Directories): Policy | undefined {
  const dump = readTextFileIfPresent(join(stateFolder(directories), 'CURRENT.pol'))
  if (!dump) return undefined
  const name = /^# Policy (\S+) dump/.exec(dump.text)?.[1] ?? 'CURRENT'
  return parsePolicy(name, [dump]).policy
}
