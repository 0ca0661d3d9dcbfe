/** What the host's programs, and what libraries in general, make of a policy that is to be put in force. */
import { warnOfLooseness } from '../backends/looseness/looseness-diagnostics.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Policy } from '../policy/policy.ts'
import type { Directories } from './directories.ts'
import { checkHost } from './host-check.ts'
import { findLoosenessHere } from './looseness-here.ts'
import type { PreparedPolicy } from './prepared-policy.ts'

/** Finds what a policy does not do, or does that it should not, on this host. */
export type EffectSearch = (
  prepared: PreparedPolicy,
  directories: Directories,
) => Promise<readonly Diagnostic[]>

/** The programs of this host are asked too. */
export const findEffects: EffectSearch = async (prepared, directories) => {
  // Programs are slow to start, so that all are asked at one time.
  const [ofHost, ofLibraries] = await Promise.all([
    checkHost(prepared, directories),
    warnOfLibraries(prepared.policy),
  ])
  return [...ofHost, ...ofLibraries]
}

/** What is known of libraries, whatever the programs of this host would say. */
export const findKnownEffects: EffectSearch = ({ policy }) => warnOfLibraries(policy)

async function warnOfLibraries(policy: Policy): Promise<readonly Diagnostic[]> {
  return warnOfLooseness(findLoosenessHere(policy))
}
