/** Lists of a version, such as its suites: what is accepted against what is allowed. */
import { exchangeKind } from '../../algorithms/handshake-needs.ts'
import { canNegotiate, findTlsSuiteByName, type TlsSuite } from '../../algorithms/tls-suites.ts'
import { TLS_VERSIONS, type TlsVersion } from '../../algorithms/tls-versions.ts'
import {
  type Enumeration,
  type GroupEnumeration,
  isWhole,
  type Numbered,
  type TlsScan,
} from '../model.ts'
import type { Finding, FindingSeverity } from './finding.ts'
import { FINDING_KINDS, type FindingKind, makeFinding } from './finding-kinds.ts'
import { handshakeClaims } from './handshake-claims.ts'
import { suiteSeverity } from './suite-severity.ts'
import { unlessAnswered } from './unknown.ts'
import type { TlsYardstick } from './yardstick.ts'

type ItemKind = 'suite' | 'group' | 'signature scheme'

/** What is asked of one kind of list. */
type Rule = {
  readonly kind: ItemKind
  readonly forbidden: FindingKind
  /** The question whose answers show it. */
  readonly claim: string
  readonly severityOf: (name: string) => FindingSeverity
  /** Undefined where an absent item is no difference. */
  readonly absent: AbsenceRule | undefined
}

type AbsenceRule = {
  readonly kind: FindingKind
  /** Allowed items that a server could have in the version. */
  readonly expect: (
    yardstick: TlsYardstick,
    version: TlsVersion,
    scan: TlsScan,
  ) => readonly string[]
}

const SUITES: Rule = {
  kind: 'suite',
  forbidden: FINDING_KINDS.suiteForbidden,
  absent: {
    kind: FINDING_KINDS.suiteAbsent,
    expect: ({ allowed, otherSuites = [] }, version, scan) => {
      const named = allowed.suites.filter((suite) => canNegotiate(suite, version))
      const other = otherSuites.filter((suite) => suite.version === version.name)
      return [...named, ...other]
        .filter(({ keyExchange }) => hasKeyFor(keyExchange, scan))
        .map(({ name }) => name)
    },
  },
  claim: 'suites',
  severityOf: suiteSeverity,
}

const GROUPS: Rule = {
  kind: 'group',
  forbidden: FINDING_KINDS.groupForbidden,
  absent: {
    kind: FINDING_KINDS.groupAbsent,
    expect: ({ allowed }, version, scan) => {
      const suites = suitesOf(scan, version)
      return allowed.groups
        .filter(({ kind }) =>
          version.name === 'TLS1.3'
            ? kind !== 'gost-curve'
            : suites.some((suite) => exchangeKind(suite) === kind),
        )
        .map(({ name }) => name)
    },
  },
  claim: 'groups',
  severityOf: () => 'medium',
}

const SIGNATURES: Rule = {
  kind: 'signature scheme',
  forbidden: FINDING_KINDS.signatureForbidden,
  // A server signs with what its keys can; that it could sign otherwise is no matter.
  absent: undefined,
  claim: 'signatures',
  severityOf: (name) => (/sha1|md5/.test(name) ? 'high' : 'medium'),
}

export function compareEnumerations(scan: TlsScan, yardstick: TlsYardstick): readonly Finding[] {
  return [
    ...scan.suites.flatMap((list) => compareList(list, SUITES, yardstick, scan)),
    ...oneEachVersion(scan.groups).flatMap((list) => compareList(list, GROUPS, yardstick, scan)),
    ...scan.signatures.flatMap((list) => compareList(list, SIGNATURES, yardstick, scan)),
    ...compareClientSignatures(scan, yardstick),
  ]
}

/** Before TLS 1.3, curves and primes are asked for apart: what one list lacks may be in the other. */
function oneEachVersion(lists: readonly GroupEnumeration[]): readonly GroupEnumeration[] {
  const versions = Map.groupBy(lists, ({ version }) => version)
  return [...versions.values()].flatMap((parts) => {
    const worst = parts.find((part) => !isWhole(part)) ?? parts[0]
    return worst ? [{ ...worst, items: parts.flatMap(({ items }) => items) }] : []
  })
}

function compareList(
  list: Enumeration<Numbered> & { readonly version: string },
  rule: Rule,
  yardstick: TlsYardstick,
  scan: TlsScan,
): readonly Finding[] {
  const { version } = list
  const { kind, claim } = rule
  // Answers to questions for suites show groups and schemes, which are not asked for again.
  const evidence = [...new Set([`${claim} ${version}`, `suites ${version}`])]
  const unknown = unlessAnswered(list.end, `${kind}s`, '', version, evidence)
  const tlsVersion = TLS_VERSIONS.find(({ name }) => name === version)
  const isAllowedVersion = yardstick.allowed.versions.some(({ name }) => name === version)
  const isVersionAsked = !yardstick.silentOn.includes('version')
  // A version that is not allowed is one finding; each thing in it would be another one for the same cause.
  if (yardstick.silentOn.includes(kind) || (isVersionAsked && !isAllowedVersion)) return unknown
  const allowed = new Set(allowedNames(kind, yardstick))
  const found = list.items.map(({ name }) => name)
  const finding = (name: string, of: FindingKind, severity: FindingSeverity): Finding => {
    const reasons = yardstick.reasonsFor({ kind, name })
    return makeFinding(of, { item: { kind, name, version }, evidence, reasons, severity })
  }
  const forbidden = found
    .filter((name) => !allowed.has(name))
    .map((name) => finding(name, rule.forbidden, rule.severityOf(name)))
  const { absent } = rule
  if (!absent || !tlsVersion || !isWhole(list)) return [...unknown, ...forbidden]
  const missing = absent.expect(yardstick, tlsVersion, scan).filter((name) => !found.includes(name))
  return [
    ...unknown,
    ...forbidden,
    ...missing.map((name) => finding(name, absent.kind, absent.kind.severity)),
  ]
}

function allowedNames(
  kind: ItemKind,
  { allowed, otherSuites = [] }: TlsYardstick,
): readonly string[] {
  const lists = {
    suite: [...allowed.suites, ...otherSuites],
    group: allowed.groups,
    'signature scheme': allowed.signatureSchemes,
  }
  return lists[kind].map(({ name }) => name)
}

/** What the server says it takes from clients. */
function compareClientSignatures(scan: TlsScan, yardstick: TlsYardstick): readonly Finding[] {
  if (yardstick.silentOn.includes('signature scheme')) return []
  const allowed = new Set(allowedNames('signature scheme', yardstick))
  return scan.clientCertificate.schemes
    .filter(({ name }) => !allowed.has(name))
    .map(({ name }) =>
      makeFinding(FINDING_KINDS.clientSignatureForbidden, {
        item: { kind: 'client signature scheme', name, version: null },
        evidence: handshakeClaims(scan),
        reasons: yardstick.reasonsFor({ kind: 'signature scheme', name }),
      }),
    )
}

function suitesOf(scan: TlsScan, version: TlsVersion): readonly TlsSuite[] {
  const list = scan.suites.find((one) => one.version === version.name)
  return (list?.items ?? []).flatMap(({ name }) => findTlsSuiteByName(name) ?? [])
}

/** Whether the server shows a certificate with which it could do the suite. */
function hasKeyFor(keyExchange: TlsSuite['keyExchange'], { chains }: TlsScan): boolean {
  if (keyExchange === undefined) return true
  const types = chains.flatMap(({ certificates }) => certificates[0]?.keyType ?? [])
  if (/^(ECDHE-RSA|DHE-RSA|RSA)$/.test(keyExchange)) return types.includes('rsa')
  if (keyExchange === 'ECDHE-ECDSA') return types.some((type) => /^(ec|ed)/.test(type))
  // Suites with shared keys, without authentication, or of GOST: a server has to be set up for them.
  return false
}
