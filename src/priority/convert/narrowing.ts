/**
 * Finds the closest subset of what is allowed that a library can be told.
 *
 * A list that becomes empty is dangerous: libraries take it for "my own defaults". So a version
 * that lacks anything is given up, and where no version is left, there is no conversion.
 */
import type { AllowedTls } from '../../algorithms/allowed-tls.ts'
import {
  canSign,
  canSignFor,
  exchangeKind,
  isSigningVersion,
  isTls13Group,
} from '../../algorithms/handshake-needs.ts'
import type { TlsGroup } from '../../algorithms/tls-groups.ts'
import type { TlsSignatureScheme } from '../../algorithms/tls-signatures.ts'
import { canNegotiate, type TlsSuite } from '../../algorithms/tls-suites.ts'
import { includesTls13, type TlsVersion } from '../../algorithms/tls-versions.ts'
import { allowedTls, type Evaluation } from '../evaluate.ts'
import type { Dialect, Item, Omission } from './dialect.ts'

export type Narrowed = {
  /** Only versions over streams, from oldest to newest; none where nothing can be said. */
  readonly allowed: AllowedTls
  readonly omissions: readonly Omission[]
}

const UNKNOWN = 'the library does not offer it'
const COMBINED = 'its words would allow others with it'
const IN_THE_WAY = 'with it nothing else could be had'

/** Narrows what an evaluation allows; what it allows over DTLS is left aside. */
export function narrow(evaluation: Evaluation, dialect: Dialect): Narrowed {
  return new Narrowing(evaluation, dialect).narrow()
}

class Narrowing {
  readonly #evaluation: Evaluation
  readonly #dialect: Dialect

  constructor(evaluation: Evaluation, dialect: Dialect) {
    this.#evaluation = evaluation
    this.#dialect = dialect
  }

  narrow(): Narrowed {
    const omissions = new Omissions()
    const wanted = streamOnly(allowedTls(this.#evaluation))
    const known = this.#known(wanted, omissions)
    const base = this.#withOneGroup(this.#combined(known, omissions), omissions)
    const candidates = this.#withoutFixedTls13(base, omissions)
    const result = this.#withOfferedVersion(this.#chooseVersions(base, candidates))
    return { ...result, omissions: [...omissions.all, ...result.omissions] }
  }

  /** Takes out what the library has no name for, or refuses at the settings that it gets. */
  #known(wanted: AllowedTls, omissions: Omissions): AllowedTls {
    const { version, suite, group, scheme, refusals = () => [] } = this.#dialect
    const named = mapAllowed(wanted, {
      versions: omissions.keep('version', wanted.versions, (one) => !!version(one), UNKNOWN),
      suites: omissions.keep('suite', wanted.suites, (one) => !!suite(one), UNKNOWN),
      groups: omissions.keep('group', wanted.groups, (one) => !!group(one), UNKNOWN),
      schemes: omissions.keep(
        'signature scheme',
        wanted.signatureSchemes,
        (one) => !!scheme(one),
        UNKNOWN,
      ),
    })
    return refusals(named).reduce((left, { isRefused, because }) => {
      const isFit = (item: Item): boolean => !isRefused(item)
      return mapAllowed(left, {
        versions: omissions.keep('version', left.versions, isFit, because),
        suites: omissions.keep('suite', left.suites, isFit, because),
        groups: omissions.keep('group', left.groups, isFit, because),
        schemes: omissions.keep('signature scheme', left.signatureSchemes, isFit, because),
      })
    }, named)
  }

  #combined(known: AllowedTls, omissions: Omissions): AllowedTls {
    const { combine = (all) => all } = this.#dialect
    const { suites, groups, signatureSchemes } = combine(known)
    return mapAllowed(known, {
      versions: known.versions,
      suites: omissions.keep('suite', known.suites, (one) => suites.includes(one), COMBINED),
      groups: omissions.keep('group', known.groups, (one) => groups.includes(one), COMBINED),
      schemes: omissions.keep(
        'signature scheme',
        known.signatureSchemes,
        (one) => signatureSchemes.includes(one),
        COMBINED,
      ),
    })
  }

  /** The first that TLS 1.3 can use, so that the newest version has one. */
  #withOneGroup(base: AllowedTls, omissions: Omissions): AllowedTls {
    if (!this.#dialect.takesOneGroup) return base
    const { versions, suites, groups, signatureSchemes: schemes } = base
    const chosen = groups.find(isTls13Group) ?? groups[0]
    const kept = omissions.keep('group', groups, (group) => group === chosen, 'it takes one only')
    return mapAllowed(base, { versions, suites, groups: kept, schemes })
  }

  #withoutFixedTls13(base: AllowedTls, omissions: Omissions): readonly TlsVersion[] {
    const { fixedTls13 = [] } = this.#dialect
    const names = new Set<string>([...base.suites, ...base.groups].map(({ name }) => name))
    const missing = fixedTls13.filter((name) => !names.has(name))
    const because = `it cannot be had without ${missing.join(', ')}`
    const isChoosable = ({ name }: TlsVersion): boolean => name !== 'TLS1.3' || missing.length === 0
    return omissions.keep('version', base.versions, isChoosable, because)
  }

  /**
   * Where versions stand in each other's way until none is left, one of them makes room: a scheme that
   * TLS 1.3 may not use is all that TLS 1.2 has, for example. The oldest goes first.
   */
  #chooseVersions(base: AllowedTls, candidates: readonly TlsVersion[]): Narrowed {
    const chosen = this.#giveUpVersions(base, candidates)
    if (this.#isUsable(chosen)) return chosen
    for (const { name } of candidates) {
      if (name === this.#dialect.alwaysOffers) continue
      const others = candidates.filter((other) => other.name !== name)
      const rest = this.#chooseVersions(base, others)
      if (!this.#isUsable(rest)) continue
      const omission: Omission = { kind: 'version', name, because: IN_THE_WAY }
      return { ...rest, omissions: [omission, ...rest.omissions] }
    }
    return chosen
  }

  #isUsable({ allowed: { versions } }: Narrowed): boolean {
    const { alwaysOffers = versions[0]?.name } = this.#dialect
    return versions.some(({ name }) => name === alwaysOffers)
  }

  /** Gives up one version at a time: what it stood in the way of comes back. */
  #giveUpVersions(base: AllowedTls, candidates: readonly TlsVersion[]): Narrowed {
    const omissions = new Omissions()
    const versions = this.#dialect.contiguous ? newestRun(candidates, omissions) : candidates
    const schemes = this.#schemesOf(base, versions, omissions)
    const suites = this.#suitesOf(base, versions, schemes, omissions)
    const groups = this.#groupsOf(base, versions, suites, omissions)
    const allowed = mapAllowed(base, { versions, suites, groups, schemes })
    for (const version of versions) {
      const lacking = this.#lackOf(version, allowed)
      if (lacking === undefined) continue
      const rest = this.#giveUpVersions(
        base,
        versions.filter((other) => other !== version),
      )
      const because = `no ${lacking} is left for it`
      const omission: Omission = { kind: 'version', name: version.name, because }
      const gaps = omissions.all.filter(({ kind }) => kind === 'version')
      return { ...rest, omissions: [...gaps, omission, ...rest.omissions] }
    }
    return { allowed, omissions: omissions.all }
  }

  /** A scheme that one version allows and another would use all the same is looser: it goes. */
  #schemesOf(
    base: AllowedTls,
    versions: readonly TlsVersion[],
    omissions: Omissions,
  ): readonly TlsSignatureScheme[] {
    const { namesOldScheme = () => true } = this.#dialect
    const signing = versions.filter(isSigningVersion)
    const used = base.signatureSchemes.filter((scheme) =>
      signing.some((v) => this.#allows(scheme, v)),
    )
    const named = omissions.keep(
      'signature scheme',
      used,
      (scheme) => signing.some((v) => canSign(scheme, v.signatures)) || namesOldScheme(scheme),
      'nothing that is left uses it',
    )
    return omissions.keep(
      'signature scheme',
      named,
      (scheme) => signing.every((v) => !canSign(scheme, v.signatures) || this.#allows(scheme, v)),
      'a version that may not use it would use it too',
    )
  }

  #allows({ name }: TlsSignatureScheme, { signatures }: TlsVersion): boolean {
    return this.#evaluation.usableSignatures.some(
      ({ scheme, semantics }) => scheme === name && semantics?.includes(signatures),
    )
  }

  #suitesOf(
    base: AllowedTls,
    versions: readonly TlsVersion[],
    schemes: readonly TlsSignatureScheme[],
    omissions: Omissions,
  ): readonly TlsSuite[] {
    const live = base.suites.filter((suite) => versions.some((v) => canNegotiate(suite, v)))
    const hasCurve = base.groups.some(({ kind }) => kind === 'curve')
    const isUsable = (suite: TlsSuite): boolean => exchangeKind(suite) !== 'curve' || hasCurve
    const usable = omissions.keep('suite', live, isUsable, 'no curve is left for it')
    // Libraries hide a suite whose key could not sign, whatever the version.
    const isSigned = (suite: TlsSuite): boolean =>
      !versions.some(isSigningVersion) || schemes.some((scheme) => canSignFor(suite, scheme))
    return omissions.keep('suite', usable, isSigned, 'no signature scheme is left for its key')
  }

  #groupsOf(
    base: AllowedTls,
    versions: readonly TlsVersion[],
    suites: readonly TlsSuite[],
    omissions: Omissions,
  ): readonly TlsGroup[] {
    const hasTls13 = includesTls13(versions)
    const isUsed = (group: TlsGroup): boolean =>
      (hasTls13 && isTls13Group(group)) ||
      (this.#dialect.namesOldGroup(group) &&
        suites.some((suite) => exchangeKind(suite) === group.kind))
    return omissions.keep('group', base.groups, isUsed, 'nothing that is left uses it')
  }

  /** Nothing is left where the library offers a version, whatever it is told, that is not to be had. */
  #withOfferedVersion({ allowed, omissions }: Narrowed): Narrowed {
    const { alwaysOffers } = this.#dialect
    const { versions } = allowed
    if (!alwaysOffers || this.#isUsable({ allowed, omissions })) return { allowed, omissions }
    const because = `${alwaysOffers} cannot be switched off`
    const others = versions.map(({ name }) => ({ kind: 'version' as const, name, because }))
    return { allowed: { ...allowed, versions: [] }, omissions: [...omissions, ...others] }
  }

  /** What a version cannot do without, and has none of. */
  #lackOf(version: TlsVersion, allowed: AllowedTls): string | undefined {
    const { suites, groups, signatureSchemes } = allowed
    if (!suites.some((suite) => canNegotiate(suite, version))) return 'cipher suite'
    if (version.name === 'TLS1.3' && !groups.some(isTls13Group)) return 'group'
    const signs = (scheme: TlsSignatureScheme): boolean => canSign(scheme, version.signatures)
    return isSigningVersion(version) && !signatureSchemes.some(signs)
      ? 'signature scheme'
      : undefined
  }
}

/** What was left out, with the reasons. */
class Omissions {
  readonly all: Omission[] = []

  /** The items that pass a test; the others are noted. */
  keep<Kept extends { readonly name: string }>(
    kind: Omission['kind'],
    items: readonly Kept[],
    isKept: (item: Kept) => boolean,
    because: string,
  ): readonly Kept[] {
    return items.filter((item) => {
      const isOne = isKept(item)
      if (!isOne) this.all.push({ kind, name: item.name, because })
      return isOne
    })
  }
}

type Lists = {
  readonly versions: readonly TlsVersion[]
  readonly suites: readonly TlsSuite[]
  readonly groups: readonly TlsGroup[]
  readonly schemes: readonly TlsSignatureScheme[]
}

function mapAllowed({ minimumKeySizes }: AllowedTls, { schemes, ...lists }: Lists): AllowedTls {
  return { ...lists, signatureSchemes: schemes, minimumKeySizes }
}

/** DTLS is set up apart from TLS everywhere. */
function streamOnly(allowed: AllowedTls): AllowedTls {
  const versions = allowed.versions
    .filter(({ transport }) => transport === 'stream')
    .toSorted((a, b) => a.number - b.number)
  const suites = allowed.suites.filter((suite) => versions.some((v) => canNegotiate(suite, v)))
  return { ...allowed, versions, suites }
}

/** The newest versions that follow one another: their numbers do too. */
function newestRun(versions: readonly TlsVersion[], omissions: Omissions): readonly TlsVersion[] {
  const gap = versions.findLastIndex(
    ({ number }, index) => versions[index - 1]?.number !== number - 1,
  )
  const isInRun = (version: TlsVersion): boolean => versions.indexOf(version) >= gap
  return omissions.keep('version', versions, isInRun, 'versions must follow one another')
}
