/** What a server chooses of a ClientHello: RFC 8446 section 4.1.1, RFC 5246 appendix E.1, RFC 7919 section 4, RFC 7507. */
import { type ClientHello, readNumbers } from '../../../src/audit/messages/client-hello.ts'
import { findExtension } from '../../../src/audit/messages/extensions.ts'
import { EXTENSION, VERSION } from '../../../src/audit/messages/iana-numbers.ts'
import { keyExchangeOf } from '../../../src/audit/messages/iana-suites.ts'
import { exchangeForm } from '../../../src/audit/messages/server-key-exchange.ts'
import { ByteReader } from '../../../src/wire/byte-reader.ts'
import type { Script } from './script.ts'

export type Chosen = {
  readonly version: number
  readonly suite: number
  /** Undefined where the suite needs none. */
  readonly group: number | undefined
  /** Undefined where no signature says its scheme. */
  readonly scheme: number | undefined
}

/** In place of the number of a group: the server's own prime. */
export const OWN_PRIME = -1

/** TLS_FALLBACK_SCSV. */
const FALLBACK = 0x5600

/** Numbers of 16 bits in a list; undefined where the extension is missing. */
export function listIn(hello: ClientHello, type: number, size: 1 | 2 = 2) {
  const data = findExtension(hello.extensions ?? [], type)
  return data && readNumbers(new ByteReader(data, 'a list').readPart(size))
}

/** Values that are reserved so that every server has to pass over them: RFC 8701 section 2. */
export function isGrease(number: number): boolean {
  return (number & 0x0f0f) === 0x0a0a && number >> 8 === (number & 0xff)
}

/** Names of ALPN, RFC 7301 section 3.1; undefined where the extension is missing. */
export function protocolsOf({ extensions }: ClientHello): readonly string[] | undefined {
  const type = EXTENSION.application_layer_protocol_negotiation
  const data = findExtension(extensions ?? [], type)
  if (!data) return undefined
  const list = new ByteReader(data, 'ALPN').readPart(2)
  const names: string[] = []
  while (list.remaining > 0) names.push(list.readVector(1).toString('latin1'))
  return names
}

/** Gives the alert where nothing can be chosen. */
export function choose(script: Script, hello: ClientHello): Chosen | number {
  const version = chooseVersion(script, hello)
  if (version === undefined) return 70
  const isFallback = hello.suites.includes(FALLBACK) && version < Math.max(...script.versions)
  if (isFallback && script.heedsFallback) return 86
  const own = (script.suitesOf?.[version] ?? script.suites).filter(
    (suite) => (suite >> 8 === 0x13) === version >= VERSION.TLS13,
  )
  const schemes = listIn(hello, EXTENSION.signature_algorithms)
  const scheme = script.schemes?.find((one) => !schemes || schemes.includes(one))
  const isSignable = version < VERSION.TLS12 || scheme !== undefined
  const usable = own.filter((suite) => {
    const isSigned = version >= VERSION.TLS13 || exchangeForm(keyExchangeOf(suite))?.isSigned
    return groupFor(script, hello, version, suite) !== undefined && (isSignable || !isSigned)
  })
  const [list, other] = script.order === 'client' ? [hello.suites, usable] : [usable, hello.suites]
  const suite = list.find((one) => other.includes(one))
  if (suite === undefined) return 40
  const group = groupFor(script, hello, version, suite) || undefined
  return { version, suite, group, scheme: version < VERSION.TLS12 ? undefined : scheme }
}

function chooseVersion({ versions }: Script, hello: ClientHello): number | undefined {
  const offered = listIn(hello, EXTENSION.supported_versions, 1)
  const hasNewer = versions.includes(VERSION.TLS13)
  if (offered && hasNewer) return versions.find((version) => offered.includes(version))
  return versions.find((version) => version < VERSION.TLS13 && version <= hello.version)
}

/** 0 where the suite needs none, undefined where both sides have none. */
function groupFor(
  { groups, namedPrimes, ownPrime, order }: Script,
  hello: ClientHello,
  version: number,
  suite: number,
): number | undefined {
  const offered = listIn(hello, EXTENSION.supported_groups)
  const ofBoth = (list: readonly number[]) =>
    order === 'client' && offered
      ? offered.find((one) => list.includes(one))
      : list.find((one) => !offered || offered.includes(one))
  if (version >= VERSION.TLS13) return ofBoth(groups)
  const kind = exchangeForm(keyExchangeOf(suite))?.kind
  if (kind === undefined) return 0
  if (kind === 'ecdhe') return ofBoth(groups)
  const isNamed = offered?.some((group) => group >= 0x100 && group < 0x200)
  if (namedPrimes && isNamed) return ofBoth(namedPrimes)
  return ownPrime && OWN_PRIME
}
