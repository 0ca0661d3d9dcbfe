/** The facts of a scan that are compared with those of another one. */
import {
  type Answer,
  type CertificateResult,
  type ClientCertificate,
  isAnswered,
  isWhole,
  type TlsScan,
} from '../model.ts'
import { isKnown, type SshScan, tellsAllItKnows } from '../ssh-model.ts'
import type { ClearText } from '../upgrades/upgrade.ts'
import type { FindingItem, FindingSeverity } from './finding.ts'

/** Documents of other releases may not tell everything. */
export type ComparedTls = Omit<TlsScan, 'protocols' | 'clientCertificate'> & {
  readonly protocols?: TlsScan['protocols']
  readonly clientCertificate: ComparedClientCertificate
}

type ComparedClientCertificate = Pick<ClientCertificate, 'asked' | 'required'> &
  Partial<ClientCertificate>

/** Documents of other releases may not tell everything. */
export type ComparedSsh = Omit<SshScan, 'extensions'> & Partial<Pick<SshScan, 'extensions'>>

/** What is compared of a scan. */
export type ScannedFacts = {
  readonly tls: ComparedTls | null
  readonly ssh: ComparedSsh | null
  readonly clearText?: ClearText | null
}

/** One fact. Facts of one item are compared by their values. */
export type Fact = {
  readonly item: FindingItem
  readonly value: string
  /** The answer to a question that may have stayed open in another scan: it is in no list. */
  readonly isAnswer?: boolean
  /** Where it is another than that of other changes. */
  readonly severity?: FindingSeverity
}

export type Facts = {
  readonly facts: ReadonlyMap<string, Fact>
  /** Lists that are not known to be whole: what is missing in them may be there all the same. */
  readonly open: ReadonlySet<string>
  /** Facts that were asked for without an answer. */
  readonly unanswered: ReadonlySet<string>
}

export function listKeyOf({ kind, version }: FindingItem): string {
  return `${kind} ${version ?? ''}`
}

export function factsOf({ tls, ssh, clearText }: ScannedFacts): Facts {
  const all = [
    ...(tls ? tlsFacts(tls) : []),
    ...(ssh ? sshFacts(ssh) : []),
    ...(clearText ? clearTextFacts(clearText) : []),
  ]
  const open = [...(tls ? openTlsLists(tls) : []), ...(ssh ? openSshLists(ssh) : [])]
  const facts = all.map((fact) => [keyOf(fact), fact] as const)
  const asked = [
    ...(tls ? askedOf(tls) : []),
    ...(ssh && isOpen(ssh.smallestPrime) ? [answered('prime', '', '')] : []),
    ...(clearText?.kind === 'unknown' ? [clearTextFact(clearText)] : []),
  ]
  return { facts: new Map(facts), open: new Set(open), unanswered: new Set(asked.map(keyOf)) }
}

function keyOf({ item }: Fact): string {
  return `${listKeyOf(item)} ${item.name}`
}

function clearTextFacts(clearText: ClearText): readonly Fact[] {
  const { kind } = clearText
  if (kind === 'unknown') return []
  const fact = clearTextFact(clearText)
  return [kind === 'accepted' ? { ...fact, severity: 'high' } : fact]
}

function clearTextFact({ kind }: ClearText): Fact {
  return answered('answer to clients without TLS', '', kind)
}

function listed(kind: string, name: string, version: string | null = null): Fact {
  return { item: { kind, name, version }, value: '' }
}

function valued(kind: string, name: string, value: string): Fact {
  return { item: { kind, name, version: null }, value }
}

function answered(kind: string, name: string, value: string): Fact {
  return { ...valued(kind, name, value), isAnswer: true }
}

function tlsFacts(tls: ComparedTls): readonly Fact[] {
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
    ...(tls.protocols?.items ?? []).map((name) => listed('protocol of ALPN', name)),
    ...certificateFacts(chains),
    ...authorityFacts(tls.chains),
    ...primeFacts(tls.diffieHellman),
    ...clientCertificateFacts(tls.clientCertificate),
    ...Object.entries(tls.features).flatMap(([name, answer]) =>
      knownAnswer('feature', name, answer),
    ),
  ]
}

/** All certificates of a type of key are one fact: a server may have several, in an order of no meaning. */
function certificateFacts(certificates: readonly CertificateResult[]): readonly Fact[] {
  const types = Map.groupBy(certificates, ({ keyType }) => keyType)
  return [...types].map(([type, list]) => {
    return valued('certificate', type, setOf(list.map(({ fingerprint }) => fingerprint)))
  })
}

/** What follows the certificates of the server in their chains. */
function authorityFacts(chains: TlsScan['chains']): readonly Fact[] {
  const others = chains.flatMap(({ certificates }) => certificates.slice(1))
  const fingerprints = others.map(({ fingerprint }) => fingerprint)
  return chains.length > 0 ? [answered('certificate of an authority', '', setOf(fingerprints))] : []
}

function clientCertificateFacts(client: ComparedClientCertificate): readonly Fact[] {
  const { asked, required, authorities, schemes } = client
  const names = schemes?.map(({ name }) => name)
  const told = (name: string, set: readonly string[] | undefined) =>
    set && asked.answer === 'accepted' ? [answered('client certificate', name, setOf(set))] : []
  return [
    ...knownAnswer('client certificate', 'asked', asked),
    ...knownAnswer('client certificate', 'required', required),
    ...told('authorities', authorities),
    ...told('signature schemes', names),
  ]
}

/** An order of no meaning is taken away. */
function setOf(names: readonly string[]): string {
  return names.length > 0 ? [...new Set(names)].toSorted().join(', ') : 'none'
}

/** All primes of a version are one fact. They are found in an order of no meaning. */
function primeFacts(primes: TlsScan['diffieHellman']): readonly Fact[] {
  const versions = Map.groupBy(primes, ({ version }) => version)
  return [...versions].map(([version, list]) => {
    const sorted = list.toSorted((a, b) => a.bits - b.bits)
    const words = sorted.map(({ bits, group }) =>
      group === null ? `${bits}` : `${bits} (${group})`,
    )
    return valued('prime', version, `${[...new Set(words)].join(', ')} bits`)
  })
}

/** What a server was asked and gave no answer to. */
function askedOf({
  features,
  clientCertificate: { asked, required },
}: ComparedTls): readonly Fact[] {
  const questions = [
    ...Object.entries(features).map(([name, answer]) => ['feature', name, answer] as const),
    ['client certificate', 'asked', asked] as const,
    ['client certificate', 'required', required] as const,
  ]
  return questions.flatMap(([kind, name, answer]) =>
    isAnswered(answer) ? [] : answered(kind, name, ''),
  )
}

/** What was not learnt is no change. */
function knownAnswer(kind: string, name: string, answer: Answer): readonly Fact[] {
  // A server refuses in one way or another; either way it does not have it.
  const value = answer.answer === 'accepted' ? 'yes' : 'no'
  return isAnswered(answer) ? [answered(kind, name, value)] : []
}

/** Lists of which nothing, or not all, was learnt. */
function openTlsLists(tls: ComparedTls): readonly string[] {
  const lists = [
    ...tls.suites.map((list) => ({ ...list, kind: 'suite' })),
    ...tls.groups.map((list) => ({ ...list, kind: 'group' })),
    ...tls.signatures.map((list) => ({ ...list, kind: 'signature scheme' })),
  ]
  const protocols = tls.protocols && isWhole(tls.protocols) ? [] : ['protocol of ALPN ']
  const cut = lists
    .filter((list) => !isWhole(list))
    .map(({ kind, version }) => `${kind} ${version}`)
  const unanswered = tls.versions.filter(({ result }) => !isAnswered(result))
  const unasked = unanswered.flatMap(({ name }) =>
    ['suite', 'group', 'signature scheme'].map((kind) => `${kind} ${name}`),
  )
  const isOpen = cut.length > 0 || unanswered.length > 0
  const shown = isOpen ? ['certificate ', 'certificate of an authority ', 'prime '] : []
  const versions = unanswered.length > 0 ? ['version '] : []
  return [...cut, ...unasked, ...protocols, ...shown, ...versions]
}

const USER_SIGNATURES = 'user signature algorithm'

const SSH_LISTS = [
  'key exchange ',
  'host key algorithm ',
  'cipher ',
  'MAC ',
  'compression ',
  'host key ',
]

function openSshLists(scan: ComparedSsh): readonly string[] {
  const { offer, hostKeys } = scan
  const told = userSignaturesOf(scan) ? [] : [`${USER_SIGNATURES} `]
  if (!isKnown(offer)) return [...told, ...SSH_LISTS]
  return hostKeys.some(({ key }) => !isKnown(key)) ? [...told, 'host key '] : told
}

/** Where no group exchange is offered there is no prime. */
function isOpen(learnt: ComparedSsh['smallestPrime']): boolean {
  return !isKnown(learnt) && learnt.answer !== 'not-offered'
}

/** Undefined where the server tells none, or others than those that it takes. */
function userSignaturesOf({
  extensions,
  identification,
}: ComparedSsh): readonly string[] | undefined {
  if (!extensions || !isKnown(extensions) || tellsAllItKnows(identification)) return undefined
  return extensions.userSignatures ?? undefined
}

function sshFacts(scan: ComparedSsh): readonly Fact[] {
  const { offer, hostKeys, smallestPrime, identification } = scan
  const lists = isKnown(offer)
    ? ([
        ['key exchange', offer.keyExchanges],
        ['host key algorithm', offer.hostKeyAlgorithms],
        ['cipher', [...offer.ciphers.toServer, ...offer.ciphers.toClient]],
        ['MAC', [...offer.macs.toServer, ...offer.macs.toClient]],
        ['compression', [...offer.compression.toServer, ...offer.compression.toClient]],
      ] as const)
    : []
  const keys = hostKeys.flatMap(({ type, key }) =>
    isKnown(key) ? valued('host key', type, key.fingerprint) : [],
  )
  return [
    ...lists.flatMap(([kind, names]) => names.map((name) => listed(kind, name))),
    ...keys,
    ...(userSignaturesOf(scan) ?? []).map((name) => listed(USER_SIGNATURES, name)),
    ...(isKnown(smallestPrime) ? [answered('prime', '', `${smallestPrime} bits`)] : []),
    ...(identification ? [answered('identification', '', identification)] : []),
  ]
}
