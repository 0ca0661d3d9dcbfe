/** Compares what a program offers beyond a policy with what is said of it. */
import type { Policy } from '../../../src/policy/policy.ts'
import type { TlsPurpose } from '../../../src/policy/scope.ts'
import { findTlsVersion } from '../../algorithms/by-number.ts'
import type { Hello } from '../../tls/prober/client-hello.ts'
import { findExcess, type Offered } from './tls-excess.ts'

export type Announcement = {
  /** What is offered although the policy forbids it, and no rule says so. */
  readonly unannounced: readonly string[]
  /** What rules say that the program keeps, and it does not offer. */
  readonly falseAlarms: readonly string[]
  /** Whether anything is offered that the policy forbids. */
  readonly isLooser: boolean
}

/** @param told What rules say of the back-end. */
export function judgeHellos(
  hellos: readonly Hello[],
  policy: Policy,
  purpose: TlsPurpose,
  told: readonly string[],
): Announcement {
  const excess = hellos.flatMap((hello) => findExcess(hello, policy, purpose))
  const isTold = ({ forbidden }: Offered): boolean => forbidden.some((name) => told.includes(name))
  const found = new Set(excess.flatMap(({ forbidden }) => forbidden))
  return {
    isLooser: excess.length > 0,
    unannounced: excess.filter((one) => !isTold(one)).map(({ what }) => what),
    falseAlarms: told.filter((name) => !found.has(name) && isSeen(name, hellos)),
  }
}

/** A client that offers TLS 1.2 at most does not tell how far down it goes. */
function isSeen(name: string, hellos: readonly Hello[]): boolean {
  const old = hellos.filter(({ versions }) => versions.length === 0)
  const newest = old.map(({ legacyVersion }) => findTlsVersion(legacyVersion)?.name ?? '')
  return !/^D?TLS|^SSL/.test(name) || !newest.some((known) => isOlder(name, known))
}

function isOlder(name: string, known: string): boolean {
  const family = (text: string) => text.startsWith('D')
  return family(name) === family(known) && (name.startsWith('SSL') || name < known)
}
