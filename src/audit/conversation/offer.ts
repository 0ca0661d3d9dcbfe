/** What a question offers, as a ClientHello: anything can be offered, whatever the local library supports. */
import type { Exchange } from '../connection/exchange.ts'
import { type ClientHello, RANDOM_LENGTH } from '../messages/client-hello.ts'
import {
  ecPointFormats,
  emptyExtension,
  heartbeat,
  type KeyShareEntry,
  keyShare,
  pskKeyExchangeModes,
  renegotiationInfo,
  serverName,
  signatureAlgorithms,
  signatureAlgorithmsCert,
  srpUser,
  supportedGroups,
  supportedVersions,
  type TlsExtension,
  type TlsExtensions,
} from '../messages/extensions.ts'
import { COMMON_GROUPS, EVERY_GROUP } from '../messages/iana-groups.ts'
import { EXTENSION, VERSION } from '../messages/iana-numbers.ts'
import { COMMON_SCHEMES, EVERY_SCHEME } from '../messages/iana-signatures.ts'
import { keyExchangeOf } from '../messages/iana-suites.ts'

/** What all offers to a server have. */
export type Naming = {
  /** What is sent as server_name. */
  readonly serverName: string | undefined
  /** The message stays below 256 bytes, for servers that answer no larger one. */
  readonly isSmall?: boolean
}

export type Offer = Naming & {
  /** The only one that TLS 1.3 offers; before it, the newest that the client claims to know. */
  readonly version: number
  /** What the message says instead, where that is not the version. */
  readonly legacyVersion?: number
  readonly suites: readonly number[]
  readonly groups?: readonly number[]
  readonly schemes?: readonly number[]
  /** Of TLS 1.3; without any, the server has to ask for one. */
  readonly shares?: readonly KeyShareEntry[]
  readonly compressions?: readonly number[]
  /** Sent in addition, or instead of one with the same number. */
  readonly extra?: TlsExtensions
  /** Numbers of extensions that are left out. */
  readonly without?: readonly number[]
  readonly sessionId?: Buffer
}

/** RFC 5746 section 3.3: for versions whose hello has no extensions. */
const RENEGOTIATION_SCSV = 0x00ff

/** DEFLATE and none: RFC 3749. */
const WITH_COMPRESSION = [1, 0]

export function helloOf(offer: Offer, exchange: Exchange): ClientHello {
  const { version } = offer
  const isTls13 = version >= VERSION.TLS13
  const hasExtensions = version > VERSION.SSL3
  // For devices between both sides, which know older versions alone: RFC 8446 appendix D.4.
  const hasFalseSession = isTls13 && !offer.isSmall
  return {
    version: offer.legacyVersion ?? Math.min(version, VERSION.TLS12),
    random: exchange.random(RANDOM_LENGTH),
    sessionId: offer.sessionId ?? exchange.random(hasFalseSession ? RANDOM_LENGTH : 0),
    suites: hasExtensions ? offer.suites : [...offer.suites, RENEGOTIATION_SCSV],
    compressions: offer.compressions ?? (isTls13 ? [0] : WITH_COMPRESSION),
    extensions: hasExtensions ? changed(isTls13 ? newer(offer) : older(offer), offer) : undefined,
  }
}

function changed(extensions: TlsExtensions, { extra = [], without = [] }: Offer): TlsExtensions {
  const isKept = ({ type }: TlsExtension) =>
    !without.includes(type) && !extra.some((other) => other.type === type)
  return [...extensions.filter(isKept), ...extra]
}

function nameOf({ serverName: name }: Offer): TlsExtensions {
  return name === undefined ? [] : [serverName(name)]
}

/** Before TLS 1.3, with every answer that a ServerHello has room for. */
function older(offer: Offer): TlsExtensions {
  const { version, suites, isSmall } = offer
  const { groups = isSmall ? COMMON_GROUPS : EVERY_GROUP } = offer
  const { schemes = isSmall ? COMMON_SCHEMES : EVERY_SCHEME } = offer
  const hasSrp = suites.some((suite) => keyExchangeOf(suite).startsWith('SRP'))
  return [
    ...nameOf(offer),
    supportedGroups(groups),
    ecPointFormats(),
    ...(hasSrp ? [srpUser('audit')] : []),
    ...(version >= VERSION.TLS12 ? [signatureAlgorithms(schemes)] : []),
    ...(isSmall ? [] : [heartbeat()]),
    emptyExtension(EXTENSION.encrypt_then_mac),
    emptyExtension(EXTENSION.extended_master_secret),
    emptyExtension(EXTENSION.session_ticket),
    ...(version >= VERSION.TLS12 && !isSmall ? [signatureAlgorithmsCert(EVERY_SCHEME)] : []),
    renegotiationInfo(Buffer.alloc(0)),
  ]
}

function newer(offer: Offer): TlsExtensions {
  const { version, shares = [], isSmall } = offer
  const { groups = isSmall ? COMMON_GROUPS : EVERY_GROUP } = offer
  const { schemes = isSmall ? COMMON_SCHEMES : EVERY_SCHEME } = offer
  return [
    ...nameOf(offer),
    supportedGroups(groups),
    signatureAlgorithms(schemes),
    ...(isSmall ? [] : [signatureAlgorithmsCert(EVERY_SCHEME)]),
    supportedVersions([version]),
    pskKeyExchangeModes([0, 1]),
    keyShare(shares),
  ]
}
