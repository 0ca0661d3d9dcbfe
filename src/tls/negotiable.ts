/** What an endpoint can negotiate: what a priority string allows and the running OpenSSL can do. */

import type { AllowedTls, MinimumKeySizes } from '../algorithms/allowed-tls.ts'
import {
  canSign,
  exchangeKind,
  isDhGroup,
  isSigningVersion,
  isTls13Group,
} from '../algorithms/handshake-needs.ts'
import type { TlsGroup } from '../algorithms/tls-groups.ts'
import type { TlsRole } from '../algorithms/tls-role.ts'
import type { TlsSignatureScheme } from '../algorithms/tls-signatures.ts'
import { canNegotiate, type TlsSuite } from '../algorithms/tls-suites.ts'
import {
  includesTls13,
  type SignatureSemantics,
  type TlsVersion,
} from '../algorithms/tls-versions.ts'
import { type Diagnostic, DiagnosticError, diagnose } from '../diagnostics/diagnostic.ts'
import { allowedTls, type Evaluation } from '../priority/evaluate.ts'
import type { CredentialKind } from './credential-kind.ts'
import { OmittedItems } from './omitted-items.ts'
import { hasGroup, hasSignatureScheme, hasSuite, nodeVersionName, runtimeName } from './runtime.ts'
import { SUITE_RULES } from './suite-fitness.ts'
import { TLS_KINDS } from './tls-diagnostics.ts'

/** What can be negotiated, and what had to be left out. */
export type Negotiable = {
  readonly allowed: AllowedTls
  readonly omissions: readonly Diagnostic[]
}

/**
 * Intersects an evaluation with the runtime, and with what an endpoint's credentials can do.
 *
 * @throws DiagnosticError where nothing is left.
 */
export function findNegotiable(
  evaluation: Evaluation,
  role: TlsRole,
  credentials?: CredentialKind,
): Negotiable {
  const common = intersectRuntime(evaluation)
  const { versions } = common.allowed
  const result = new Narrowing(evaluation, role, common.allowed, credentials).narrow(versions)
  const omissions = [...common.omissions, ...result.omissions]
  const lacking = versions.length === 0 ? 'versions' : result.lacking
  if (lacking === undefined) return { allowed: result.allowed, omissions }
  const runtime = runtimeName()
  const error = diagnose(TLS_KINDS.nothingNegotiable, { lacking, runtime })
  throw new DiagnosticError([error, ...omissions])
}

/** Takes out what the runtime does not have; a stream endpoint has no use for DTLS either. */
function intersectRuntime(evaluation: Evaluation): Negotiable {
  const wanted = allowedTls(evaluation)
  const omissions = new OmittedItems()
  const keep = <Item extends { name: string }>(
    what: string,
    items: readonly Item[],
    isThere: (item: Item) => boolean,
  ): readonly Item[] => {
    const runtime = runtimeName()
    return omissions.keep(items, isThere, (names) =>
      diagnose(TLS_KINDS.runtimeLacks, { names, what, runtime }),
    )
  }
  const stream = wanted.versions.filter(({ transport }) => transport === 'stream')
  const versions = keep('versions', stream, (version) => nodeVersionName(version) !== undefined)
  const usable = wanted.suites.filter((suite) => stream.some((v) => canNegotiate(suite, v)))
  const allowed: AllowedTls = {
    versions: versions.toSorted((a, b) => b.number - a.number),
    suites: keep('cipher suites', usable, hasSuite),
    groups: keep('groups', wanted.groups, hasGroup),
    signatureSchemes: keep('signature schemes', wanted.signatureSchemes, hasSignatureScheme),
    minimumKeySizes: wanted.minimumKeySizes,
  }
  return { allowed, omissions: omissions.all }
}

/** `lacking`: the class without which the last version was given up. */
type Narrowed = Negotiable & { readonly lacking?: string }

/** Removes what cannot be used together, until everything that is left can be negotiated. */
class Narrowing {
  readonly #evaluation: Evaluation
  readonly #role: TlsRole
  readonly #base: AllowedTls
  readonly #credentials: CredentialKind | undefined

  constructor(
    evaluation: Evaluation,
    role: TlsRole,
    base: AllowedTls,
    credentials: CredentialKind | undefined,
  ) {
    this.#evaluation = evaluation
    this.#role = role
    this.#base = base
    this.#credentials = credentials
  }

  /** Gives up one version at a time, the oldest first: what it stood in the way of comes back. */
  narrow(candidates: readonly TlsVersion[]): Narrowed {
    const omissions = new OmittedItems()
    const versions = this.#contiguous(candidates, omissions)
    const signatureSchemes = this.#schemesOf(versions, omissions)
    const suites = this.#suitesOf(versions, signatureSchemes, omissions)
    const groups = this.#groupsOf(versions, suites, omissions)
    const { minimumKeySizes } = this.#base
    const allowed = { versions, suites, groups, signatureSchemes, minimumKeySizes }
    for (const version of this.#weakestFirst(versions)) {
      const lacking = lackOfVersion(version, allowed)
      if (lacking !== undefined) return this.#narrowWithout(version, lacking, candidates)
    }
    return { allowed, omissions: omissions.all }
  }

  #narrowWithout(
    version: TlsVersion,
    lacking: string,
    candidates: readonly TlsVersion[],
  ): Narrowed {
    const rest = this.narrow(candidates.filter((other) => other !== version))
    const omission = diagnose(TLS_KINDS.unusableVersion, { name: version.name, lacking })
    const omissions = [omission, ...rest.omissions]
    const isLast = rest.allowed.versions.length === 0
    return { ...rest, omissions, ...(isLast ? { lacking: rest.lacking ?? lacking } : {}) }
  }

  /** Versions for which the string names no scheme at all are given up before others. */
  #weakestFirst(versions: readonly TlsVersion[]): readonly TlsVersion[] {
    const hasScheme = (version: TlsVersion): boolean =>
      !isSigningVersion(version) ||
      this.#base.signatureSchemes.some(
        (scheme) =>
          canSign(scheme, version.signatures) && this.#allowsScheme(scheme, version.signatures),
      )
    const oldestFirst = versions.toReversed()
    return oldestFirst.toSorted((a, b) => Number(hasScheme(a)) - Number(hasScheme(b)))
  }

  /** OpenSSL takes a gap in what a client offers for the end of it, and offers what is below. */
  #contiguous(versions: readonly TlsVersion[], omissions: OmittedItems): readonly TlsVersion[] {
    if (this.#role === 'server') return versions
    const isBelowGap = ({ number }: TlsVersion, index: number): boolean =>
      index > 0 && versions[index - 1]?.number !== number + 1
    const gap = versions.findIndex(isBelowGap)
    return omissions.keep(
      versions,
      (version) => gap === -1 || versions.indexOf(version) < gap,
      (names) => diagnose(TLS_KINDS.versionGap, { names }),
    )
  }

  /** A scheme that one version allows and another would use all the same is looser: it goes. */
  #schemesOf(
    versions: readonly TlsVersion[],
    omissions: OmittedItems,
  ): readonly TlsSignatureScheme[] {
    const semantics = versions.filter(isSigningVersion).map(({ signatures }) => signatures)
    const usesOf = (scheme: TlsSignatureScheme): readonly SignatureSemantics[] =>
      semantics.filter((meaning) => canSign(scheme, meaning))
    const used = omissions.keep(
      this.#base.signatureSchemes,
      (scheme) => usesOf(scheme).some((meaning) => this.#allowsScheme(scheme, meaning)),
      (names) => diagnose(TLS_KINDS.unused, { names, what: 'signature schemes' }),
    )
    return omissions.keep(
      used,
      (scheme) => usesOf(scheme).every((meaning) => this.#allowsScheme(scheme, meaning)),
      (names) => diagnose(TLS_KINDS.ambiguousSignature, { names }),
    )
  }

  #allowsScheme({ name }: TlsSignatureScheme, meaning: SignatureSemantics): boolean {
    return this.#evaluation.usableSignatures.some(
      ({ scheme, semantics }) => scheme === name && semantics?.includes(meaning),
    )
  }

  #suitesOf(
    versions: readonly TlsVersion[],
    schemes: readonly TlsSignatureScheme[],
    omissions: OmittedItems,
  ): readonly TlsSuite[] {
    const [evaluation, role, base, credentials] = [
      this.#evaluation,
      this.#role,
      this.#base,
      this.#credentials,
    ]
    const surroundings = { evaluation, role, versions, schemes, base, credentials }
    const live = base.suites.filter((suite) => versions.some((v) => canNegotiate(suite, v)))
    return SUITE_RULES.reduce<readonly TlsSuite[]>(
      (suites, { isUnfit, kind }) =>
        omissions.keep(
          suites,
          (suite) => !isUnfit(suite, surroundings),
          (names) => diagnose(kind, { names }),
        ),
      live,
    )
  }

  #groupsOf(
    versions: readonly TlsVersion[],
    suites: readonly TlsSuite[],
    omissions: OmittedItems,
  ): readonly TlsGroup[] {
    const hasTls13 = includesTls13(versions)
    // Before TLS 1.3 a client of OpenSSL names no finite field, and a server chooses any prime.
    const isNamed = ({ kind }: TlsGroup): boolean =>
      this.#role === 'server' || kind !== 'finite-field'
    const isUsed = (group: TlsGroup): boolean =>
      (hasTls13 && isTls13Group(group)) ||
      (isNamed(group) && suites.some((suite) => exchangeKind(suite) === group.kind))
    const used = omissions.keep(this.#base.groups, isUsed, (names) =>
      diagnose(TLS_KINDS.unused, { names, what: 'groups' }),
    )
    const { minimumKeySizes } = this.#base
    const parameters = this.#role === 'server' ? dhGroup(suites, used, minimumKeySizes) : undefined
    if (!parameters) return used
    const isOther = (group: TlsGroup): boolean =>
      group.kind === 'finite-field' && group !== parameters
    const rest = omissions.keep(
      used,
      (group) => !isOther(group),
      (names) => diagnose(TLS_KINDS.oneDhGroup, { names, group: parameters.name }),
    )
    return hasTls13 ? used : rest
  }
}

/** The group whose parameters a server uses before TLS 1.3, where a suite needs any. */
export function dhGroup(
  suites: readonly TlsSuite[],
  groups: readonly TlsGroup[],
  sizes: MinimumKeySizes,
): TlsGroup | undefined {
  if (suites.every((suite) => exchangeKind(suite) !== 'finite-field')) return undefined
  return groups.find((group) => isDhGroup(group, sizes))
}

/** What a version cannot do without, and has none of. */
function lackOfVersion(version: TlsVersion, allowed: AllowedTls): string | undefined {
  const { suites, groups, signatureSchemes } = allowed
  if (!suites.some((suite) => canNegotiate(suite, version))) return 'cipher suites'
  if (version.name === 'TLS1.3' && !groups.some(isTls13Group)) return 'groups'
  // Without any scheme to be limited to, OpenSSL would go back to its own.
  const signs = (scheme: TlsSignatureScheme): boolean => canSign(scheme, version.signatures)
  return isSigningVersion(version) && !signatureSchemes.some(signs)
    ? 'signature schemes'
    : undefined
}
