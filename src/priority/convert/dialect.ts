/** How another library names what TLS allows, and what it has no name for. */
import type { AllowedTls } from '../../algorithms/allowed-tls.ts'
import type { TlsGroup } from '../../algorithms/tls-groups.ts'
import type { TlsSignatureScheme } from '../../algorithms/tls-signatures.ts'
import type { TlsSuite } from '../../algorithms/tls-suites.ts'
import type { TlsVersion, TlsVersionName } from '../../algorithms/tls-versions.ts'
import type { Evaluation } from '../evaluate.ts'
import type { PriorityOptions } from '../string-options.ts'

/** Names in a library's own words; undefined for what it does not have or cannot choose. */
export type Dialect = {
  readonly version: (version: TlsVersion) => string | undefined
  readonly suite: (suite: TlsSuite) => string | undefined
  readonly group: (group: TlsGroup) => string | undefined
  readonly scheme: (scheme: TlsSignatureScheme) => string | undefined
  /** Only an oldest and a newest version can be set, and everything between is allowed. */
  readonly contiguous?: true
  /** A version that no setting switches off: without it there is no conversion. */
  readonly alwaysOffers?: TlsVersionName
  /** What TLS 1.3 always brings along: it is given up unless all of this is allowed. */
  readonly fixedTls13?: readonly string[]
  /** What the library refuses at the settings that it gets, with the reason. */
  readonly refusals?: (allowed: AllowedTls) => readonly Refusal[]
  /** What is left where the library's words allow more together than each of them. */
  readonly combine?: (allowed: AllowedTls) => AllowedTls
  /** The library takes one group and no list. */
  readonly takesOneGroup?: true
  /** Whether the library names a group for versions before TLS 1.3 alone. */
  readonly namesOldGroup: (group: TlsGroup) => boolean
  /** Whether the library names a scheme of certificates to its peer with TLS 1.3 alone. */
  readonly namesOldScheme?: (scheme: TlsSignatureScheme) => boolean
  /** Signature schemes that are offered with what the text allows, whatever is said. */
  readonly fixedSchemes?: (allowed: AllowedTls) => readonly string[]
  /** What the library arranges itself without allowing more. */
  readonly undecided?: readonly string[]
  /** What a string may demand of a peer that the library cannot be told to demand. */
  readonly unenforced: (demands: Demands) => readonly string[]
  /** Keys that the library refuses at these settings, and the string does not. */
  readonly refusedKeys?: (demands: Demands) => readonly Omission[]
}

/** An item that a library refuses. */
export type Refusal = {
  readonly isRefused: (item: Item) => boolean
  readonly because: string
}

export type Item = TlsVersion | TlsSuite | TlsGroup | TlsSignatureScheme

/** What is demanded of peers, beyond what is offered to them. */
export type Demands = {
  readonly evaluation: Evaluation
  /** What the text allows. */
  readonly allowed: AllowedTls
}

/** What was allowed and cannot be said, so that it is left out. */
export type Omission = {
  readonly kind: 'version' | 'suite' | 'group' | 'signature scheme' | 'key size'
  /** The name in the IANA registry; a version as policies name it. */
  readonly name: string
  readonly because: string
}

/** The closest subset that a library can express, in its words and in order of preference. */
export type Spoken = {
  /** From oldest to newest; never empty. */
  readonly versions: readonly string[]
  /** Of TLS 1.3. */
  readonly suites13: readonly string[]
  /** Of older versions. */
  readonly suites12: readonly string[]
  /** Empty where nothing uses a group. */
  readonly groups: readonly string[]
  /** Empty where no version negotiates signatures. */
  readonly schemes: readonly string[]
  /** The same, in the terms of TLS. */
  readonly allowed: AllowedTls
  readonly options: PriorityOptions
}

/** Says what is left of what is allowed in a dialect. */
export function speak(evaluation: Evaluation, allowed: AllowedTls, dialect: Dialect): Spoken {
  const { versions, suites, groups, signatureSchemes } = allowed
  return {
    versions: versions.flatMap((version) => dialect.version(version) ?? []),
    suites13: suites.filter(isTls13).flatMap((suite) => dialect.suite(suite) ?? []),
    suites12: suites
      .filter((suite) => !isTls13(suite))
      .flatMap((suite) => dialect.suite(suite) ?? []),
    groups: groups.flatMap((group) => dialect.group(group) ?? []),
    schemes: signatureSchemes.flatMap((scheme) => dialect.scheme(scheme) ?? []),
    allowed,
    options: evaluation.options,
  }
}

function isTls13(suite: TlsSuite): boolean {
  return suite.keyExchange === undefined
}
