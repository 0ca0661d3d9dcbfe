/** What changed between two scans of a server. */
import { compareNamed } from '../../algorithms/compare-allowed.ts'
import { type Answer, type CertificateResult, isAnswered, isWhole, type TlsScan } from '../model.ts'
import { isKnown, type SshScan } from '../ssh-model.ts'
import { type Finding, type FindingItem, sortFindings } from './finding.ts'
import { FINDING_KINDS, makeFinding } from './finding-kinds.ts'
import { suiteSeverity } from './suite-severity.ts'

/** What is compared of a scan. */
export type ScannedFacts = { readonly tls: TlsScan | null; readonly ssh: SshScan | null }

/** One fact. Facts of one item are compared by their values. */
type Fact = {
  readonly item: FindingItem
  readonly value: string
}

type Facts = {
  readonly facts: ReadonlyMap<string, Fact>
  /** Lists that are not known to be whole: what is missing in them may be there all the same. */
  readonly open: ReadonlySet<string>
}

/** Findings of the second scan against the first, worst first. */
export function compareScans(earlier: ScannedFacts, later: ScannedFacts): readonly Finding[] {
  const [before, after] = [factsOf(earlier), factsOf(later)]
  const added = [...after.facts].filter(([key]) => !before.facts.has(key))
  const removed = [...before.facts].filter(([key]) => !after.facts.has(key))
  const changed = [...after.facts].flatMap(([key, { item, value }]) => {
    const was = before.facts.get(key)?.value
    return was === undefined || was === value ? [] : { item, was, value }
  })
  return sortFindings([
    ...compareOrders(earlier, later),
    ...added
      .filter(([, { item }]) => !before.open.has(listOf(item)))
      .map(([, { item }]) => finding('added', item)),
    ...removed
      .filter(([, { item }]) => !after.open.has(listOf(item)))
      .map(([, { item }]) => finding('removed', item)),
    ...changed.map(({ item, was, value }) =>
      makeFinding(FINDING_KINDS.changed, {
        item,
        evidence: [],
        detail: `${item.name ? ', ' : ''}${was} before, ${value} now`,
      }),
    ),
  ])
}

/** Orders of what both have; of a server that has an order of its own. */
function compareOrders(earlier: ScannedFacts, later: ScannedFacts): readonly Finding[] {
  return (later.tls?.suites ?? []).flatMap((after) => {
    const before = earlier.tls?.suites.find(({ version }) => version === after.version)
    if (before?.order !== 'server' || after.order !== 'server') return []
    const { reordering } = compareNamed(before.items, after.items)
    if (!reordering) return []
    const item = { kind: 'order of suites', name: after.version, version: null }
    const [was, is] = [reordering.before.join(' '), reordering.after.join(' ')]
    const detail = `, ${was} before, ${is} now`
    return [makeFinding(FINDING_KINDS.changed, { item, evidence: [], detail })]
  })
}

function finding(kind: 'added' | 'removed', item: FindingItem): Finding {
  const isSuite = kind === 'added' && item.kind === 'suite'
  const severity = isSuite ? { severity: suiteSeverity(item.name) } : {}
  return makeFinding(FINDING_KINDS[kind], { item, evidence: [], ...severity })
}

function listOf({ kind, version }: FindingItem): string {
  return `${kind} ${version ?? ''}`
}

function factsOf({ tls, ssh }: ScannedFacts): Facts {
  const all = [...(tls ? tlsFacts(tls) : []), ...(ssh ? sshFacts(ssh) : [])]
  const open = [...(tls ? openTlsLists(tls) : []), ...(ssh && !isKnown(ssh.offer) ? SSH_LISTS : [])]
  const facts = all.map((fact) => [`${listOf(fact.item)} ${fact.item.name}`, fact] as const)
  return { facts: new Map(facts), open: new Set(open) }
}

function listed(kind: string, name: string, version: string | null = null): Fact {
  return { item: { kind, name, version }, value: '' }
}

function valued(kind: string, name: string, value: string): Fact {
  return { item: { kind, name, version: null }, value }
}

function tlsFacts(tls: TlsScan): readonly Fact[] {
  const accepted = tls.versions.filter(({ result }) => result.answer === 'accepted')
  const chains = tls.chains.flatMap(({ certificates }) => certificates[0] ?? [])
  return [
    ...accepted.map(({ name }) => listed('version', name)),
    ...tls.suites.flatMap(({ items, version }) =>
      items.map(({ name }) => listed('suite', name, version)),
    ),
    ...tls.groups.flatMap(({ items, version }) =>
      items.map(({ name }) => listed('group', name, version)),
    ),
    ...tls.signatures.flatMap(({ items, version }) =>
      items.map(({ name }) => listed('signature scheme', name, version)),
    ),
    ...certificateFacts(chains),
    ...primeFacts(tls.diffieHellman),
    ...knownAnswer('client certificate', 'asked', tls.clientCertificate.asked),
    ...knownAnswer('client certificate', 'required', tls.clientCertificate.required),
    ...Object.entries(tls.features).flatMap(([name, answer]) =>
      knownAnswer('feature', name, answer),
    ),
  ]
}

/** All certificates of a type of key are one fact: a server may have several, in an order of no meaning. */
function certificateFacts(certificates: readonly CertificateResult[]): readonly Fact[] {
  const types = Map.groupBy(certificates, ({ keyType }) => keyType)
  return [...types].map(([type, list]) => {
    const fingerprints = new Set(list.map(({ fingerprint }) => fingerprint).toSorted())
    return valued('certificate', type, [...fingerprints].join(', '))
  })
}

/** All primes of a version are one fact. They are found in an order of no meaning. */
function primeFacts(primes: TlsScan['diffieHellman']): readonly Fact[] {
  const versions = Map.groupBy(primes, ({ version }) => version)
  return [...versions].map(([version, list]) => {
    const sizes = new Set(list.map(({ bits }) => bits).toSorted((a, b) => a - b))
    return valued('prime', version, `${[...sizes].join(', ')} bits`)
  })
}

/** What was not learnt is no change. */
function knownAnswer(kind: string, name: string, answer: Answer): readonly Fact[] {
  // A server refuses in one way or another; either way it does not have it.
  const value = answer.answer === 'accepted' ? 'yes' : 'no'
  return isAnswered(answer) ? [valued(kind, name, value)] : []
}

/** Lists of which nothing, or not all, was learnt. */
function openTlsLists(tls: TlsScan): readonly string[] {
  const lists = [
    ...tls.suites.map((list) => ({ ...list, kind: 'suite' })),
    ...tls.groups.map((list) => ({ ...list, kind: 'group' })),
    ...tls.signatures.map((list) => ({ ...list, kind: 'signature scheme' })),
  ]
  const cut = lists
    .filter((list) => !isWhole(list))
    .map(({ kind, version }) => `${kind} ${version}`)
  const unanswered = tls.versions.filter(({ result }) => !isAnswered(result))
  const unasked = unanswered.flatMap(({ name }) =>
    ['suite', 'group', 'signature scheme'].map((kind) => `${kind} ${name}`),
  )
  return [...cut, ...unasked, ...(unanswered.length > 0 ? ['version '] : [])]
}

const SSH_LISTS = ['key exchange ', 'host key algorithm ', 'cipher ', 'MAC ', 'host key ']

function sshFacts({ offer, hostKeys, smallestPrime, identification }: SshScan): readonly Fact[] {
  const lists = isKnown(offer)
    ? ([
        ['key exchange', offer.keyExchanges],
        ['host key algorithm', offer.hostKeyAlgorithms],
        ['cipher', [...offer.ciphers.toServer, ...offer.ciphers.toClient]],
        ['MAC', [...offer.macs.toServer, ...offer.macs.toClient]],
      ] as const)
    : []
  const keys = hostKeys.flatMap(({ type, key }) =>
    isKnown(key) ? valued('host key', type, key.fingerprint) : [],
  )
  return [
    ...lists.flatMap(([kind, names]) => names.map((name) => listed(kind, name))),
    ...keys,
    ...(isKnown(smallestPrime) ? [valued('prime', '', `${smallestPrime} bits`)] : []),
    ...(identification ? [valued('identification', '', identification)] : []),
  ]
}
