/** How another library names what TLS allows, and what it has no name for. */
import type { AllowedTls } from '../../algorithms/allowed-tls.ts'
import type { TlsGroup } from '../../algorithms/tls-groups.ts'
import type { TlsSignatureScheme } from '../../algorithms/tls-signatures.ts'
import { canNegotiate, type TlsSuite } from '../../algorithms/tls-suites.ts'
import type { TlsVersion } from '../../algorithms/tls-versions.ts'

/** Names in a library's own words; undefined for what it does not have or cannot choose. */
export type Dialect = {
  readonly version: (version: TlsVersion) => string | undefined
  readonly suite: (suite: TlsSuite) => string | undefined
  readonly group: (group: TlsGroup) => string | undefined
  readonly scheme: (scheme: TlsSignatureScheme) => string | undefined
  /** Only an oldest and a newest version can be set, and everything between is allowed. */
  readonly contiguous?: true
  /** Suites of TLS 1.3 that cannot be switched off: it is given up unless all are allowed. */
  readonly fixedTls13?: readonly string[]
  /** What the library decides itself, whatever the string says. */
  readonly uncontrolled?: readonly string[]
}

/** What was allowed and cannot be said, so that it is left out. */
export type Omission = {
  readonly kind: 'version' | 'suite' | 'group' | 'signature scheme'
  /** The name in the IANA registry; a version as policies name it. */
  readonly name: string
  readonly because: string
}

/** The closest subset that a library can express, in its words and in order of preference. */
export type Spoken = {
  /** From oldest to newest. */
  readonly versions: readonly string[]
  /** Of TLS 1.3. */
  readonly suites13: readonly string[]
  /** Of older versions. */
  readonly suites12: readonly string[]
  readonly groups: readonly string[]
  readonly schemes: readonly string[]
  readonly omissions: readonly Omission[]
}

type Named = { readonly name: string }

const UNKNOWN = 'the library does not have it'

/** Says what TLS over streams allows in a dialect; DTLS is set up apart from it everywhere. */
export function speak(allowed: AllowedTls, dialect: Dialect): Spoken {
  const omissions: Omission[] = []
  const versions = speakVersions(allowed, dialect, omissions)
  const suites = allowed.suites.filter((suite) => versions.some((v) => canNegotiate(suite, v)))
  const say = <Item extends Named>(
    kind: Omission['kind'],
    items: readonly Item[],
    name: (item: Item) => string | undefined,
  ): readonly string[] => sayAll(kind, items, name, omissions)
  return {
    versions: versions.flatMap((version) => dialect.version(version) ?? []),
    suites13: say('suite', suites.filter(isTls13), dialect.suite),
    suites12: say(
      'suite',
      suites.filter((suite) => !isTls13(suite)),
      dialect.suite,
    ),
    groups: say('group', allowed.groups, dialect.group),
    schemes: say('signature scheme', allowed.signatureSchemes, dialect.scheme),
    omissions,
  }
}

function sayAll<Item extends Named>(
  kind: Omission['kind'],
  items: readonly Item[],
  name: (item: Item) => string | undefined,
  omissions: Omission[],
): readonly string[] {
  return items.flatMap((item) => {
    const word = name(item)
    if (word === undefined) omissions.push({ kind, name: item.name, because: UNKNOWN })
    return word ?? []
  })
}

function speakVersions(
  { versions, suites }: AllowedTls,
  dialect: Dialect,
  omissions: Omission[],
): readonly TlsVersion[] {
  const stream = versions.filter((version) => version.transport === 'stream')
  const ordered = stream.toSorted((a, b) => a.number - b.number)
  const omit = (left: readonly TlsVersion[], because: string): void => {
    for (const { name } of left) omissions.push({ kind: 'version', name, because })
  }
  const known = ordered.filter((version) => dialect.version(version) !== undefined)
  omit(
    ordered.filter((version) => !known.includes(version)),
    UNKNOWN,
  )
  const choosable = hasFixedTls13(suites, dialect)
    ? known
    : known.filter((version) => version.name !== 'TLS1.3')
  omit(
    known.filter((version) => !choosable.includes(version)),
    'its suites cannot be chosen',
  )
  if (!dialect.contiguous) return choosable
  const run = newestRun(choosable)
  omit(
    choosable.filter((version) => !run.includes(version)),
    'versions must follow one another',
  )
  return run
}

function hasFixedTls13(suites: readonly TlsSuite[], { fixedTls13 = [] }: Dialect): boolean {
  return fixedTls13.every((name) => suites.some((suite) => suite.name === name))
}

/** The newest versions that follow one another: their numbers do too. */
function newestRun(versions: readonly TlsVersion[]): readonly TlsVersion[] {
  const gap = versions.findLastIndex(
    ({ number }, index) => index > 0 && versions[index - 1]?.number !== number - 1,
  )
  return versions.slice(Math.max(0, gap))
}

function isTls13(suite: TlsSuite): boolean {
  return suite.keyExchange === undefined
}
