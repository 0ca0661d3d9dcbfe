/** The policy in force, as its dump tells it: whatever files were changed since. */
import { join } from 'node:path'
import { readTextFileIfPresent } from '../files/text-file.ts'
import { type Policy, parsePolicy } from '../policy/policy.ts'
import { type Directories, stateFolder } from './directories.ts'

/** Undefined where no policy has been put in force. */
export function readPolicyInForce(directories: Directories): Policy | undefined {
  const dump = readTextFileIfPresent(join(stateFolder(directories), 'CURRENT.pol'))
  if (!dump) return undefined
  const name = /^# Policy (\S+) dump/.exec(dump.text)?.[1] ?? 'CURRENT'
  return parsePolicy(name, [dump]).policy
}
