/** What is learnt of a version beside its suites. */
import type { DiffieHellman, GroupEnumeration, SchemeEnumeration } from '../model.ts'

export type VersionPart = {
  readonly groups: readonly GroupEnumeration[]
  readonly signatures: readonly SchemeEnumeration[]
  readonly primes: readonly DiffieHellman[]
}

export const NOTHING_LEARNT: VersionPart = { groups: [], signatures: [], primes: [] }
