/** What the two sides of a preflight tell each other: in clear before TLS, and within it afterwards. */
import { listOfChecked, objectOf, optionalChecked } from '../../arguments/objects.ts'
import {
  type ArgumentCheck,
  integerWithin,
  refuseArgument,
  requireBoolean,
  requireOneOf,
  requireString,
} from '../../arguments/single-values.ts'

export const PROTOCOL_VERSION = 1

/** Why a connection is made. */
const PURPOSES = ['check', 'verdict', 'rate', 'done'] as const

/** What TLS a side can negotiate; names are those of the IANA registry. */
export type OfferedTls = {
  /** The priority string as it was given. */
  readonly priority: string
  /** Where the string that it stands for is written: `FILE:LINE:COLUMN`, or words. */
  readonly origin: string
  readonly versions: readonly string[]
  readonly suites: readonly string[]
  readonly groups: readonly string[]
  readonly signatureSchemes: readonly string[]
}

export type PreflightClientHello = {
  readonly version: number
  /** `verdict` asks why the handshake of an earlier `check` was refused; `done` is the last. */
  readonly purpose: (typeof PURPOSES)[number]
  /** Random; it ties a `verdict` to its `check`. */
  readonly nonce: string
  /** Whether the client asks for TLS. */
  readonly tls: boolean
  /** For a `rate` in clear, of a `check` over TLS. */
  readonly ticket?: string | undefined
  readonly offered?: OfferedTls | undefined
}

export type PreflightServerHello = {
  readonly version: number
  /** The clock of the server, in milliseconds since 1970. */
  readonly time: number
  /** Whether the server has credentials: TLS follows where the client asked for it too. */
  readonly tls: boolean
  readonly offered?: OfferedTls | undefined
  /** Where both share nothing of a list: why the server lacks what the client has, a sentence each. */
  readonly refusals: readonly string[]
}

/** What the server says after the handshake. */
export type ServerVerdict = {
  /** As authorizations see the client: `C=UK,CN=qemu`. */
  readonly distinguishedName?: string | undefined
  /** Of a shared key. */
  readonly username?: string | undefined
  /** Lets the client measure one rate in clear. */
  readonly rateTicket?: string | undefined
  /** Why the client was not let in. */
  readonly refusals: readonly ToldDiagnostic[]
}

/** A diagnostic of the other side. */
export type ToldDiagnostic = {
  readonly code: string
  readonly message: string
  readonly hint?: string | undefined
}

/** What the server says of the bytes that it was sent. */
export type RateResult = {
  readonly bytes: number
  /** Processor time of the whole process since the connection began, in microseconds. */
  readonly cpuTime: number
}

/** Of nonces and tickets. */
const RANDOM = /^[0-9a-f]{32}$/

const requireTexts = listOfChecked(requireString)

const requireRandom: ArgumentCheck = (value, name) =>
  typeof value === 'string' && RANDOM.test(value)
    ? value
    : refuseArgument(name, '32 hexadecimal digits', value)

const checkOffered = objectOf<OfferedTls>({
  priority: requireString,
  origin: requireString,
  versions: requireTexts,
  suites: requireTexts,
  groups: requireTexts,
  signatureSchemes: requireTexts,
})

const requireVersion = integerWithin(1, 2 ** 31)

export const checkClientHello = objectOf<PreflightClientHello>({
  version: requireVersion,
  purpose: (value, name) => requireOneOf(value, PURPOSES, name),
  nonce: requireRandom,
  tls: requireBoolean,
  ticket: optionalChecked(requireRandom),
  offered: optionalChecked(checkOffered),
})

export const checkServerHello = objectOf<PreflightServerHello>({
  version: requireVersion,
  time: integerWithin(0),
  tls: requireBoolean,
  offered: optionalChecked(checkOffered),
  refusals: requireTexts,
})

const checkToldDiagnostic = objectOf<ToldDiagnostic>({
  code: requireString,
  message: requireString,
  hint: optionalChecked(requireString),
})

export const checkServerVerdict = objectOf<ServerVerdict>({
  distinguishedName: optionalChecked(requireString),
  username: optionalChecked(requireString),
  rateTicket: optionalChecked(requireRandom),
  refusals: listOfChecked(checkToldDiagnostic),
})

export const checkRateResult = objectOf<RateResult>({
  bytes: integerWithin(0),
  cpuTime: integerWithin(0),
})
