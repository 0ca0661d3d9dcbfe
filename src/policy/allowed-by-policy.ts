/** What a policy allows of TLS for one purpose, and which directives allow each part of it. */
import type { AlgorithmClass } from '../algorithms/algorithm-class.ts'
import type { AllowedElement, AllowedTls, TracedTls } from '../algorithms/allowed-tls.ts'
import { exchangeKind } from '../algorithms/handshake-needs.ts'
import {
  GROUPS_IN_TLS,
  PSEUDORANDOM_HASHES,
  SCHEMES_OF_SIGNATURES,
  SUITE_CIPHERS,
  SUITE_KEY_EXCHANGES,
  SUITE_MACS,
} from '../algorithms/policy-names-in-tls.ts'
import { TLS_GROUPS, type TlsGroup } from '../algorithms/tls-groups.ts'
import { type TlsSignatureScheme, tlsSignatureScheme } from '../algorithms/tls-signatures.ts'
import { canNegotiate, TLS_SUITES, type TlsSuite } from '../algorithms/tls-suites.ts'
import { includesTls13, TLS_VERSIONS, type TlsVersion } from '../algorithms/tls-versions.ts'
import type { Span } from '../diagnostics/source.ts'
import { type EffectivePolicy, evaluatePolicy } from './effective-policy.ts'
import type { Policy } from './policy.ts'
import { isAlgorithmClass, type PropertyName } from './properties.ts'
import { purpose, type TlsPurpose } from './scope.ts'
import { explainProperty, explainValue } from './value-explanation.ts'

/** A value of a policy that something allowed rests on. */
export type PolicyOrigin = {
  readonly property: PropertyName
  readonly value: string
  /** The directive that decided; undefined where none did and the default holds. */
  readonly span: Span | undefined
}

/** A part of something allowed, by the policy's words for it. */
type Part = { readonly property: PropertyName; readonly value: string }

/** Something allowed, and the parts of the policy that it rests on. */
type Entry<Row> = { readonly row: Row; readonly parts: readonly Part[] }

const KEY_SIZES = {
  rsa: 'min_rsa_size',
  dsa: 'min_dsa_size',
  ec: 'min_ec_size',
  dh: 'min_dh_size',
} as const

/**
 * What a policy allows of TLS for a purpose, in its order, with the directives that allow it. This is what
 * the policy says: a library may lack some of it, or keep more, which `findLooseness` tells.
 */
export function allowedByPolicy(policy: Policy, name: TlsPurpose): TracedTls<PolicyOrigin> {
  const { scopes } = purpose(name)
  const entries = entriesOf(evaluatePolicy(policy, scopes))
  const spans = new Map<string, PolicyOrigin>()
  const originOf = ({ property, value }: Part): PolicyOrigin => {
    const key = `${property} ${value}`
    const known = spans.get(key)
    if (known) return known
    const { winner } = isAlgorithmClass(property)
      ? explainValue(policy, scopes, property, value)
      : explainProperty(policy, scopes, property)
    const origin = { property, value, span: winner?.span }
    spans.set(key, origin)
    return origin
  }
  const origins = new Map<AllowedElement, readonly PolicyOrigin[]>()
  for (const { row, parts } of entries.all) origins.set(row, parts.map(originOf))
  return { ...entries.allowed, origins }
}

function entriesOf(effective: EffectivePolicy): {
  readonly allowed: AllowedTls
  readonly all: readonly Entry<AllowedElement>[]
} {
  const versions = entries(effective, 'protocol', (name) => TLS_VERSIONS.find(hasName(name)))
  const rowsOfVersions = rowsOf(versions)
  const suites = suiteEntries(effective, rowsOfVersions)
  const groups = groupEntries(effective, rowsOfVersions, rowsOf(suites))
  const schemes = schemeEntries(effective, rowsOfVersions)
  const { integers } = effective
  const sizes = Object.entries(KEY_SIZES).map(([row, property]) => ({
    row: row as keyof typeof KEY_SIZES,
    parts: [{ property, value: String(integers[property]) }],
  }))
  const { min_rsa_size: rsa, min_dsa_size: dsa, min_ec_size: ec, min_dh_size: dh } = integers
  const allowed = {
    versions: rowsOfVersions,
    suites: rowsOf(suites),
    groups: rowsOf(groups),
    signatureSchemes: rowsOf(schemes),
    minimumKeySizes: { rsa, dsa, ec, dh },
  }
  return { allowed, all: [...versions, ...suites, ...groups, ...schemes, ...sizes] }
}

/**
 * Suites that a version can negotiate: those of TLS 1.3 first, the others by key exchange, then by cipher,
 * then by MAC. All parts have to be enabled, and so has the hash that derives the keys.
 */
function suiteEntries(
  { enabled }: EffectivePolicy,
  versions: readonly TlsVersion[],
): readonly Entry<TlsSuite>[] {
  const live = TLS_SUITES.filter((suite) => versions.some((v) => canNegotiate(suite, v)))
  const exchanges = enabled.key_exchange.flatMap((name) =>
    (SUITE_KEY_EXCHANGES[name] ?? []).map((word) => ({ name, word })),
  )
  return [undefined, ...exchanges].flatMap((exchange) => {
    const exchanging = live.filter((suite) => suite.keyExchange === exchange?.word)
    return enabled.cipher.flatMap((cipher) =>
      enabled.mac.flatMap((mac) =>
        exchanging.flatMap((suite) => {
          const isMade =
            suite.cipher === (SUITE_CIPHERS[cipher] ?? cipher) &&
            suite.mac === (SUITE_MACS[mac] ?? mac)
          const hash = enabled.hash.find((one) => PSEUDORANDOM_HASHES[one] === suite.prf)
          if (!isMade || !hash) return []
          const shared = [part('cipher', cipher), part('mac', mac), part('hash', hash)]
          return {
            row: suite,
            parts: exchange ? [part('key_exchange', exchange.name), ...shared] : shared,
          }
        }),
      ),
    )
  })
}

/** Groups that TLS 1.3 or a suite can use; hybrid groups are for TLS 1.3 alone. */
function groupEntries(
  effective: EffectivePolicy,
  versions: readonly TlsVersion[],
  suites: readonly TlsSuite[],
): readonly Entry<TlsGroup>[] {
  const hasTls13 = includesTls13(versions)
  const isUsed = ({ kind }: TlsGroup): boolean =>
    kind === 'gost-curve'
      ? suites.some(({ keyExchange }) => keyExchange === 'VKO-GOST-12')
      : hasTls13 || suites.some((suite) => exchangeKind(suite) === kind)
  return entries(effective, 'group', (name) => {
    const group = TLS_GROUPS.find(hasName(GROUPS_IN_TLS[name]))
    return group && isUsed(group) ? group : undefined
  })
}

/** Schemes that a version can say, as TLS 1.2 reads them or as TLS 1.3 does. */
function schemeEntries(
  effective: EffectivePolicy,
  versions: readonly TlsVersion[],
): readonly Entry<TlsSignatureScheme>[] {
  const semantics = new Set(versions.map(({ signatures }) => signatures))
  return entries(effective, 'sign', (name) => {
    const found = SCHEMES_OF_SIGNATURES[name]
    const scheme = found && tlsSignatureScheme(found)
    return scheme && meaningsOf(scheme).some((one) => semantics.has(one)) ? scheme : undefined
  })
}

function meaningsOf({ key }: TlsSignatureScheme): readonly TlsVersion['signatures'][] {
  if (key === 'ml-dsa') return ['tls1.3']
  return key === 'gost' || key === 'dsa' ? ['tls1.2'] : ['tls1.2', 'tls1.3']
}

/** The enabled values of a class that are something in TLS. */
function entries<Class extends AlgorithmClass, Row>(
  { enabled }: EffectivePolicy,
  property: Class,
  find: (name: EffectivePolicy['enabled'][Class][number]) => Row | undefined,
): readonly Entry<Row>[] {
  const names: EffectivePolicy['enabled'][Class] = enabled[property]
  return names.flatMap((name) => {
    const row = find(name)
    return row ? { row, parts: [part(property, name)] } : []
  })
}

function part(property: PropertyName, value: string): Part {
  return { property, value }
}

function rowsOf<Row>(all: readonly Entry<Row>[]): readonly Row[] {
  return all.map(({ row }) => row)
}

function hasName(name: string | undefined): (row: { readonly name: string }) => boolean {
  return (row) => row.name === name
}
