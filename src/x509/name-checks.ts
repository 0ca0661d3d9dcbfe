/** Holds the names of a certificate against the name constraints of all authorities above it. */

import { memoize } from '../cache/memoize.ts'
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts'
import type { AlternativeName } from './alternative-name.ts'
import type { Certificate } from './certificate.ts'
import { COMMON_NAME, EMAIL_ADDRESS, readName } from './distinguished-name.ts'
import type { NameConstraints, Subtree } from './name-constraints.ts'
import { isForServers } from './purposes.ts'
import {
  type ComparedName,
  type ComparedSubtree,
  comparedName,
  comparedSubtree,
  covers,
  isWithin,
  standsForOneOf,
} from './subtree.ts'
import { X509_KINDS } from './x509-diagnostics.ts'

/** Every name is compared with every constraint; more than this is an attack (CVE-2024-12243). */
const MAX_COMPARISONS = 2 ** 20

/** Kinds whose permitted subtrees of several authorities are intersected, as in GnuTLS. */
const INTERSECTED = ['dns', 'email', 'ip'] as const

/** Subtrees by their kind; a kind that is missing limits nothing. */
type Subtrees = ReadonlyMap<string, readonly ComparedSubtree[]>

/** The constraints of an authority as they are compared. */
type Limits = { readonly permitted: Subtrees; readonly excluded: Subtrees }

/** The names of a certificate as they are compared. */
type Holder = { readonly names: readonly ComparedName[]; readonly standIns: readonly StandIns[] }

/** The checks of one handshake, which share the comparisons that it may cost. */
export class NameChecks {
  #left = MAX_COMPARISONS
  // A search may come to the same certificates on many ways.
  readonly #holderOf = memoize(holderOf)
  readonly #limitsOf = memoize(limitsOf)

  /** The first name that an authority forbids, if there is one. */
  check(certificate: Certificate, issuers: readonly Certificate[]): Diagnostic | undefined {
    let above: Subtrees = new Map()
    for (const issuer of issuers) {
      const { nameConstraints } = issuer
      if (!nameConstraints) continue
      const holder = this.#holderOf(certificate)
      const limits = this.#limitsOf(nameConstraints)
      this.#left -= countComparisons(holder, limits, above)
      if (this.#left < 0) return forbid(certificate, issuer, 'all names: there are too many')
      const { permitted, excluded } = limits
      above = intersect(above, permitted)
      const name =
        findUnclear(holder, nameConstraints) ??
        findForbidden(holder.names, permitted, excluded) ??
        findImpossible(holder.names, above)
      if (name !== undefined) return forbid(certificate, issuer, name)
    }
    return undefined
  }
}

function forbid(certificate: Certificate, issuer: Certificate, name: string): Diagnostic {
  return diagnose(X509_KINDS.forbiddenName, { ...certificate, name, issuer })
}

function countComparisons(
  { names }: Holder,
  { permitted, excluded }: Limits,
  above: Subtrees,
): number {
  const [own, below] = [countSubtrees(permitted), countSubtrees(excluded)]
  return (names.length + 1) * (own + below) + 2 * countSubtrees(above) * own
}

function countSubtrees(subtrees: Subtrees): number {
  return [...subtrees.values()].reduce((sum, { length }) => sum + length, 0)
}

function limitsOf({ permitted, excluded }: NameConstraints): Limits {
  return { permitted: groupSubtrees(permitted), excluded: groupSubtrees(excluded) }
}

function groupSubtrees(subtrees: readonly Subtree[]): Subtrees {
  return Map.groupBy(subtrees.map(comparedSubtree), ({ kind }) => kind)
}

function findForbidden(
  names: readonly ComparedName[],
  permitted: Subtrees,
  excluded: Subtrees,
): string | undefined {
  return names.find((name) => isExcluded(name, excluded) || !isPermitted(name, permitted))?.value
}

/**
 * GnuTLS cannot compare URIs and directory names, and refuses what has any where some are excluded.
 * For names of services there is no way to compare them at all.
 */
function isExcluded(name: ComparedName, excluded: Subtrees): boolean {
  const ofKind = excluded.get(name.kind) ?? []
  if (['uri', 'directory', 'srv'].includes(name.kind)) return ofKind.length > 0
  return ofKind.some((subtree) => covers(subtree, name) || standsForOneOf(subtree, name))
}

function isPermitted(name: ComparedName, permitted: Subtrees): boolean {
  const ofKind = permitted.get(name.kind) ?? []
  return (
    ofKind.some((subtree) => limits(subtree, name) && covers(subtree, name)) ||
    !ofKind.some((subtree) => limits(subtree, name))
  )
}

/** Of subtrees of a name's kind. Networks of one family say nothing of addresses of the other. */
function limits(subtree: ComparedSubtree, name: ComparedName): boolean {
  if (subtree.kind === 'directory') return true
  if (subtree.kind !== 'ip') return !subtree.isEmpty
  return name.kind === 'ip' && subtree.address.length === name.bytes.length
}

/** A name of a kind for which the authorities agree on nothing. */
function findImpossible(names: readonly ComparedName[], agreed: Subtrees): string | undefined {
  return names.find(({ kind }) => agreed.get(kind)?.length === 0)?.value
}

/** What both allow. Kinds that one of them says nothing of are as the other has them. */
function intersect(above: Subtrees, permitted: Subtrees): Subtrees {
  const agreed = new Map<string, readonly ComparedSubtree[]>()
  for (const kind of INTERSECTED) {
    const [ours, theirs] = [above.get(kind), permitted.get(kind)]
    if (ours && theirs) agreed.set(kind, [...keepWithin(ours, theirs), ...keepWithin(theirs, ours)])
    else if (ours ?? theirs) agreed.set(kind, ours ?? theirs ?? [])
  }
  return agreed
}

function keepWithin(
  subtrees: readonly ComparedSubtree[],
  others: readonly ComparedSubtree[],
): readonly ComparedSubtree[] {
  return subtrees.filter((subtree) =>
    others.some((other) => allowsAll(subtree) === allowsAll(other) && isWithin(subtree, other)),
  )
}

/** A host or mailbox that is empty. For GnuTLS it has nothing in common with one that is not. */
function allowsAll(subtree: ComparedSubtree): boolean {
  return 'isEmpty' in subtree && subtree.isEmpty
}

/**
 * The names that may identify the holder: the common name and the mailbox in the subject stand in
 * where there is no alternative name of their kind.
 */
function holderOf(certificate: Certificate): Holder {
  const { alternativeNames, subject, link } = certificate
  const standIns = standInsOf(certificate)
  const names: AlternativeName[] = [...alternativeNames]
  if (subject !== '') names.push({ kind: 'directory', value: subject, bytes: link.subject })
  for (const { kind, texts } of standIns) {
    for (const value of texts) {
      if (value !== undefined) names.push({ kind, value, bytes: Buffer.from(value) })
    }
  }
  return { names: names.map(comparedName), standIns }
}

type StandIns = {
  readonly kind: 'dns' | 'email'
  /** Undefined where a value has no text. */
  readonly texts: readonly (string | undefined)[]
}

function standInsOf(certificate: Certificate): readonly StandIns[] {
  const { alternativeNames, link } = certificate
  const lacks = (wanted: string): boolean => !alternativeNames.some(({ kind }) => kind === wanted)
  const textsOf = (wanted: string): readonly (string | undefined)[] =>
    readName(link.subject)
      .flat()
      .flatMap(({ identifier, text }) => (identifier === wanted ? [text] : []))
  return [
    ...(lacks('email') ? [{ kind: 'email' as const, texts: textsOf(EMAIL_ADDRESS) }] : []),
    ...(lacks('dns') && isForServers(certificate)
      ? [{ kind: 'dns' as const, texts: textsOf(COMMON_NAME) }]
      : []),
  ]
}

/**
 * Why the names cannot be judged: there are several stand-ins, and none is known to be the one that
 * counts; or one has no text, which cannot be compared.
 */
function findUnclear(
  { standIns }: Holder,
  { permitted, excluded, problem }: NameConstraints,
): string | undefined {
  if (problem !== undefined) return `all names: its constraints cannot be read: ${problem}`
  const constraints = [...permitted, ...excluded]
  const unclear = standIns.find(
    ({ kind, texts }) =>
      constraints.some((subtree) => subtree.kind === kind) &&
      (texts.length > 1 || texts.includes(undefined)),
  )
  return unclear && `its ${unclear.kind === 'dns' ? 'common names' : 'mailboxes'} in the subject`
}
