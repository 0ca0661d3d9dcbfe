/** What changed between two scans of a server. */
import { compareNamed } from '../../algorithms/compare-allowed.ts'
import type { Enumeration, Numbered } from '../model.ts'
import { type Finding, type FindingItem, sortFindings } from './finding.ts'
import { FINDING_KINDS, makeFinding } from './finding-kinds.ts'
import { type Fact, type Facts, factsOf, listKeyOf, type ScannedFacts } from './scan-facts.ts'
import { suiteSeverity } from './suite-severity.ts'

/** Findings of the second scan against the first, worst first. */
export function compareScans(earlier: ScannedFacts, later: ScannedFacts): readonly Finding[] {
  const [before, after] = [factsOf(earlier), factsOf(later)]
  const added = [...after.facts].filter(([key]) => !before.facts.has(key))
  const removed = [...before.facts].filter(([key]) => !after.facts.has(key))
  const changed = [...after.facts].flatMap(([key, { item, severity, value }]) => {
    const was = before.facts.get(key)?.value
    const isWhole = ![before, after].some(({ open }) => open.has(listKeyOf(item)))
    return was === undefined || was === value || !isWhole ? [] : { item, severity, was, value }
  })
  return sortFindings([
    ...compareOrders(earlier, later),
    ...added
      .filter(([, fact]) => isListed(fact, before))
      .map(([, { item }]) => finding('added', item)),
    ...removed
      .filter(([, fact]) => isListed(fact, after))
      .map(([, { item }]) => finding('removed', item)),
    ...changed.map(({ item, severity, was, value }) =>
      makeFinding(FINDING_KINDS.changed, {
        ...{ item, evidence: [] },
        ...(severity ? { severity } : {}),
        detail: `${item.name ? ', ' : ''}${was} before, ${value} now`,
      }),
    ),
  ])
}

/**
 * The same, and what the first scan had learnt and the second did not: that is no change, and does not count as
 * unchanged either.
 */
export function compareWithBaseline(
  earlier: ScannedFacts,
  later: ScannedFacts,
): readonly Finding[] {
  const [before, after] = [factsOf(earlier), factsOf(later)]
  const missed = [...before.facts].filter(
    ([key, { item }]) => after.open.has(listKeyOf(item)) || after.unanswered.has(key),
  )
  const kinds = new Set(missed.map(([, { item }]) => item.kind))
  return sortFindings([...compareScans(earlier, later), ...[...kinds].map(unlearnt)])
}

function unlearnt(kind: string): Finding {
  const item = { kind, name: '', version: null }
  const detail = 'what the earlier scan tells of it was not learnt in full now'
  return makeFinding(FINDING_KINDS.unknown, { item, evidence: [], detail })
}

/** Whether a scan would have the fact, if it were one. */
function isListed({ item, isAnswer }: Fact, { open }: Facts): boolean {
  return !isAnswer && !open.has(listKeyOf(item))
}

function compareOrders({ tls: earlier }: ScannedFacts, { tls: later }: ScannedFacts) {
  return [
    ...compareOrdersOf('suites', earlier?.suites, later?.suites),
    ...compareOrdersOf('groups', earlier?.groups, later?.groups),
  ]
}

type Enumerations = readonly (Enumeration<Numbered> & { readonly version: string })[]

/** Orders of what both have; of a server that has an order of its own. */
function compareOrdersOf(
  kind: string,
  earlier: Enumerations = [],
  later: Enumerations = [],
): readonly Finding[] {
  return later.flatMap((after) => {
    const before = earlier.find((list) => isSameList(list, after))
    if (before?.order !== 'server' || after.order !== 'server') return []
    const { reordering } = compareNamed(before.items, after.items)
    if (!reordering) return []
    const item = { kind: `order of ${kind}`, name: after.version, version: null }
    const [was, is] = [reordering.before.join(' '), reordering.after.join(' ')]
    const detail = `, ${was} before, ${is} now`
    return [makeFinding(FINDING_KINDS.changed, { item, evidence: [], detail })]
  })
}

/** Before TLS 1.3 a version has a list of curves and one of primes. */
function isSameList(one: Enumerations[number], other: Enumerations[number]): boolean {
  const isOfPrimes = ({ items }: Enumerations[number]) =>
    items[0]?.name.startsWith('ffdhe') === true
  return one.version === other.version && isOfPrimes(one) === isOfPrimes(other)
}

function finding(kind: 'added' | 'removed', item: FindingItem): Finding {
  const isSuite = kind === 'added' && item.kind === 'suite'
  const severity = isSuite ? { severity: suiteSeverity(item.name) } : {}
  return makeFinding(FINDING_KINDS[kind], { item, evidence: [], ...severity })
}
