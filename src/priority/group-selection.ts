/** Selects the groups that are offered, in the order in which GnuTLS offers them. */
import type { TlsSuite } from '../algorithms/tls-suites.ts'
import { includesTls13, type TlsVersion } from '../algorithms/tls-versions.ts'
import type { AlgorithmRules } from './algorithm-rules.ts'
import { GNUTLS_CURVES, type GnutlsGroup } from './gnutls-algorithms.ts'

type GroupKind = 'hybrid' | 'curve' | 'finite-field'

/** Some groups are words of the language though GnuTLS's libraries cannot compute on them. */
const IMPLEMENTED_CURVES: ReadonlySet<string> = new Set(GNUTLS_CURVES.map(({ name }) => name))

/**
 * Groups are offered by kind, in the order in which the first suite or, for TLS 1.3, the first
 * group asks for the kind.
 */
export function findGroups(
  listed: readonly GnutlsGroup[],
  suites: readonly TlsSuite[],
  versions: readonly TlsVersion[],
  { curves }: AlgorithmRules,
): readonly GnutlsGroup[] {
  const usable = listed.filter((group) => group.tls && hasCurves(group, curves))
  const kinds = new Set<GroupKind>()
  for (const suite of suites) {
    const kind = kindOfSuite(suite)
    if (kind) kinds.add(kind)
  }
  if (includesTls13(versions)) {
    for (const group of usable) kinds.add(kindOfGroup(group))
  }
  return [...kinds].flatMap((kind) => usable.filter((group) => kindOfGroup(group) === kind))
}

/** Whether a suite of TLS 1.2 or older agrees on its secret with such a group. */
export function usesGroup(suite: TlsSuite, group: GnutlsGroup): boolean {
  return suite.keyExchange !== undefined && kindOfSuite(suite) === kindOfGroup(group)
}

function hasCurves(group: GnutlsGroup, prohibited: AlgorithmRules['curves']): boolean {
  return group.curves.every((curve) => IMPLEMENTED_CURVES.has(curve) && !prohibited.has(curve))
}

function kindOfGroup(group: GnutlsGroup): GroupKind {
  const kind = group.tls?.kind
  return kind === 'hybrid' || kind === 'finite-field' ? kind : 'curve'
}

/** A suite of TLS 1.3 brings the hybrid groups in, which only TLS 1.3 knows. */
function kindOfSuite({ keyExchange }: TlsSuite): GroupKind | undefined {
  if (keyExchange === undefined) return 'hybrid'
  if (/^(DHE|ANON-DH)/.test(keyExchange)) return 'finite-field'
  return /^(ECDHE|ANON-ECDH|VKO)/.test(keyExchange) ? 'curve' : undefined
}
