/** Holds the names of a certificate against the name constraints of all authorities above it. */
import { type Diagnostic, diagnose } from '../diagnostics/diagnostic.ts'
import type { AlternativeName } from './alternative-name.ts'
import type { Certificate } from './certificate.ts'
import { COMMON_NAME, EMAIL_ADDRESS, readName } from './distinguished-name.ts'
import type { NameConstraints, Subtree } from './name-constraints.ts'
import { isForServers } from './purposes.ts'
import { covers, isWithin, standsForOneOf } from './subtree.ts'
import { X509_KINDS } from './x509-diagnostics.ts'

/** Every name is compared with every constraint; more than this is an attack (CVE-2024-12243). */
const MAX_COMPARISONS = 2 ** 20

/** Kinds whose permitted subtrees of several authorities are intersected, as in GnuTLS. */
const INTERSECTED = ['dns', 'email', 'ip'] as const

/** The checks of one handshake, which share the comparisons that it may cost. */
export class NameChecks {
  #left = MAX_COMPARISONS

  /** The first name that an authority forbids, if there is one. */
  check(certificate: Certificate, issuers: readonly Certificate[]): Diagnostic | undefined {
    const names = namesOf(certificate)
    let above: readonly Subtree[] = []
    for (const issuer of issuers) {
      const { nameConstraints } = issuer
      if (!nameConstraints) continue
      const { permitted, excluded } = nameConstraints
      this.#left -= names.length * (permitted.length + excluded.length)
      this.#left -= above.length * permitted.length
      const name =
        this.#left < 0
          ? 'all names: there are too many'
          : (findForbidden(names, certificate, nameConstraints) ??
            findImpossible(names, above, permitted))
      if (name !== undefined) {
        return diagnose(X509_KINDS.forbiddenName, { ...certificate, name, issuer })
      }
      above = intersect(above, permitted)
    }
    return undefined
  }
}

function findForbidden(
  names: readonly AlternativeName[],
  certificate: Certificate,
  { permitted, excluded, problem }: NameConstraints,
): string | undefined {
  if (problem !== undefined) return `all names: its constraints cannot be read: ${problem}`
  const constraints = [...permitted, ...excluded]
  return (
    findUnclear(certificate, constraints) ??
    names.find((name) => isExcluded(name, excluded) || !isPermitted(name, permitted))?.value
  )
}

/**
 * GnuTLS cannot compare URIs and directory names, and refuses what has any where some are excluded.
 * For names of services there is no way to compare them at all.
 */
function isExcluded(name: AlternativeName, excluded: readonly Subtree[]): boolean {
  const ofKind = excluded.filter(({ kind }) => kind === name.kind)
  if (['uri', 'directory', 'srv'].includes(name.kind)) return ofKind.length > 0
  return ofKind.some((subtree) => covers(subtree, name) || standsForOneOf(subtree, name))
}

function isPermitted(name: AlternativeName, permitted: readonly Subtree[]): boolean {
  const ofKind = permitted.filter((subtree) => limits(subtree, name))
  return ofKind.length === 0 || ofKind.some((subtree) => covers(subtree, name))
}

/** Networks of one family say nothing of addresses of the other; empty names limit nothing. */
function limits(subtree: Subtree, { kind, bytes }: AlternativeName): boolean {
  if (subtree.kind === 'ip') return kind === 'ip' && subtree.address.length === bytes.length
  if (subtree.kind === 'directory') return kind === 'directory'
  return subtree.kind === kind && subtree.value !== ''
}

/** A name of a kind for which the authorities agree on nothing. */
function findImpossible(
  names: readonly AlternativeName[],
  above: readonly Subtree[],
  permitted: readonly Subtree[],
): string | undefined {
  const both = INTERSECTED.filter((wanted) =>
    [above, permitted].every((subtrees) => subtrees.some(({ kind }) => kind === wanted)),
  )
  const agreed = intersect(above, permitted)
  const empty = both.filter((wanted) => !agreed.some(({ kind }) => kind === wanted))
  return names.find(({ kind }) => (empty as readonly string[]).includes(kind))?.value
}

/** What both allow. Kinds that one of them says nothing of are as the other has them. */
function intersect(above: readonly Subtree[], permitted: readonly Subtree[]): readonly Subtree[] {
  const has = (subtrees: readonly Subtree[], wanted: Subtree): boolean =>
    subtrees.some(({ kind }) => kind === wanted.kind)
  const keep = (own: readonly Subtree[], others: readonly Subtree[]): readonly Subtree[] =>
    own.filter(
      (subtree) => !has(others, subtree) || others.some((other) => isWithin(subtree, other)),
    )
  return [...keep(above, permitted), ...keep(permitted, above)]
}

/**
 * The names that may identify the holder: the common name and the mailbox in the subject stand in
 * where there is no alternative name of their kind.
 */
function namesOf(certificate: Certificate): readonly AlternativeName[] {
  const { alternativeNames, subject, link } = certificate
  const names: AlternativeName[] = [...alternativeNames]
  if (subject !== '') names.push({ kind: 'directory', value: subject, bytes: link.subject })
  for (const { kind, texts } of standIns(certificate)) {
    for (const value of texts) {
      if (value !== undefined) names.push({ kind, value, bytes: Buffer.from(value) })
    }
  }
  return names
}

type StandIns = {
  readonly kind: 'dns' | 'email'
  /** Undefined where a value has no text. */
  readonly texts: readonly (string | undefined)[]
}

function standIns(certificate: Certificate): readonly StandIns[] {
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

/** Of several stand-ins nobody knows which one counts, and one without a text cannot be compared. */
function findUnclear(
  certificate: Certificate,
  constraints: readonly Subtree[],
): string | undefined {
  const unclear = standIns(certificate).find(
    ({ kind, texts }) =>
      constraints.some((subtree) => subtree.kind === kind) &&
      (texts.length > 1 || texts.includes(undefined)),
  )
  return unclear && `its ${unclear.kind === 'dns' ? 'common names' : 'mailboxes'} in the subject`
}
