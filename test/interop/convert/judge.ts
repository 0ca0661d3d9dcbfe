/** Compares what a client offers with what a priority string allows and a conversion claims. */
import type { AllowedTls } from '../../../src/algorithms/allowed-tls.ts'
import { isSigningVersion } from '../../../src/algorithms/handshake-needs.ts'
import { findTlsGroup } from '../../../src/algorithms/tls-groups.ts'
import { canNegotiate, findTlsSuite } from '../../../src/algorithms/tls-suites.ts'
import { DiagnosticError } from '../../../src/diagnostics/diagnostic.ts'
import type { Conversion } from '../../../src/priority/convert/conversion.ts'
import { convertPriority } from '../../../src/priority/convert/convert.ts'
import { exactnessOf } from '../../../src/priority/convert/convert-diagnostics.ts'
import { allowedTls, type Evaluation, evaluatePriority } from '../../../src/priority/evaluate.ts'
import type { ConversionTarget, LibraryReleases } from '../../../src/priority/library-releases.ts'
import { parseSystemConfig } from '../../../src/priority/system-config.ts'
import { findTlsSignatureScheme } from '../../algorithms/by-number.ts'
import { decodeClientHello } from '../../tls/prober/client-hello.ts'
import type { UsableCase } from '../../tls/prober/try-string.ts'

/** Names by list, for messages. */
type Lists = Readonly<Record<'versions' | 'suites' | 'groups' | 'schemes', ReadonlySet<string>>>

/** Signals that are no suites (RFC 5746, RFC 7507). */
const SIGNALS: ReadonlySet<number> = new Set([0x00ff, 0x5600])

/** Numbers that never become a group, so that peers pass over them (RFC 8701). */
function isGroup(number: number): boolean {
  return (number & 0x0f0f) !== 0x0a0a
}

/** Suites that clients offer only with credentials that a test does not give. */
const NEEDS_CREDENTIALS = /SRP/

/** A conversion, or undefined where nothing can be said. */
export function tryConversion(
  evaluation: Evaluation,
  target: ConversionTarget,
  releases: LibraryReleases,
): Conversion | undefined {
  try {
    return convertPriority(evaluation, target, releases)
  } catch (error) {
    const isEmpty =
      error instanceof DiagnosticError && error.diagnostics[0]?.code === 'CONVERT_NOTHING_LEFT'
    if (isEmpty) return undefined
    throw error
  }
}

const VERSIONS = ['TLS1.0', 'TLS1.1', 'TLS1.2', 'TLS1.3']

/** Versions of a string that is refused of which each alone can be said: the refusal is needless then. */
export function findNeedlessRefusals(
  { priority, config, evaluation }: UsableCase,
  target: ConversionTarget,
  releases: LibraryReleases,
): readonly string[] {
  const rules = config && parseSystemConfig({ name: 'gnutls.config', text: config })
  // GnuTLS gives TLS 1.3 up where older versions leave a gap, so that one may not be a part of the string.
  const names = allowedTls(evaluation).versions.map(({ name }): string => name)
  return VERSIONS.filter((one) => names.includes(one)).filter((name) => {
    const others = VERSIONS.filter((other) => other !== name).map((other) => `-VERS-${other}`)
    const given = { name: '<priority>', text: [priority, ...others].join(':') }
    const outcome = evaluatePriority(given, rules ? { config: rules } : {})
    return outcome.ok && tryConversion(outcome.evaluation, target, releases) !== undefined
  })
}

/** What is wrong with an offer, in words. */
export function findProblems(
  record: Buffer | undefined,
  evaluation: Evaluation,
  conversion: Conversion,
): readonly string[] {
  if (!record) return ['the client does not start']
  const offered = listsOfRecord(record, conversion.allowed)
  const allowed = listsOf(allowedTls(evaluation))
  const claimed = listsOf(conversion.allowed)
  const surplus = new Set(conversion.surplus)
  const told = (name: string): boolean => surplus.has(name)
  return [
    ...without(offered, allowed)
      .filter((name) => !told(name))
      .map((name) => `looser: ${name}`),
    ...without(claimed, offered)
      .filter((name) => !NEEDS_CREDENTIALS.test(name))
      .map((name) => `not offered though it is claimed: ${name}`),
    ...(exactnessOf(conversion) === 'exact' ? without(allowed, claimed) : []).map(
      (name) => `"exact" without ${name}`,
    ),
  ]
}

function without(first: Lists, second: Lists): readonly string[] {
  return (Object.keys(first) as (keyof Lists)[]).flatMap((key) =>
    [...first[key]].filter((name) => !second[key].has(name)),
  )
}

function listsOf({ versions, suites, groups, signatureSchemes }: AllowedTls): Lists {
  const streams = versions.filter(({ transport }) => transport === 'stream')
  const names = (items: readonly { readonly name: string }[]) =>
    new Set(items.map(({ name }) => name))
  return {
    versions: names(streams),
    suites: names(suites.filter((suite) => streams.some((v) => canNegotiate(suite, v)))),
    groups: names(groups),
    // Before TLS 1.2 nothing is negotiated of signatures.
    schemes: names(streams.some(isSigningVersion) ? signatureSchemes : []),
  }
}

function listsOfRecord(record: Buffer, claimed: AllowedTls): Lists {
  const offer = decodeClientHello(record)
  // Without the extension, every version up to the one of the message counts as offered.
  const oldest = Math.min(...claimed.versions.map(({ number }) => number))
  const versions =
    offer.versions.length > 0
      ? offer.versions
      : [0x0301, 0x0302, 0x0303].filter((v) => v >= oldest && v <= offer.legacyVersion)
  const unknown = (number: number) => `0x${number.toString(16)}`
  const suites = offer.suites.filter((number) => !SIGNALS.has(number))
  return {
    versions: new Set(versions.map((v) => `TLS1.${v - 0x0301}`)),
    suites: new Set(suites.map((number) => findTlsSuite(number)?.name ?? unknown(number))),
    groups: new Set(
      offer.groups.filter(isGroup).map((number) => findTlsGroup(number)?.name ?? unknown(number)),
    ),
    schemes: new Set(
      offer.schemes.map((number) => findTlsSignatureScheme(number)?.name ?? unknown(number)),
    ),
  }
}
