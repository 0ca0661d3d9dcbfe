/** Values that no server knows, and each has to pass over, in a ClientHello: RFC 8701, RFC 5246 appendix E.1. */
import type { Naming, Offer } from '../conversation/offer.ts'
import {
  emptyExtension,
  supportedGroups,
  supportedVersions,
  type TlsExtensions,
} from '../messages/extensions.ts'
import { GREASE, VERSION } from '../messages/iana-numbers.ts'

/** A version that there is not. */
const FUTURE = 0x0305

export type AcceptedVersion = {
  readonly number: number
  readonly suites: readonly number[]
  /** Those with which the server accepts the suites. */
  readonly groups: readonly number[]
}

export type OfferChange = Partial<Pick<Offer, 'suites' | 'extra' | 'legacyVersion'>>

/** Suites, groups and extensions that no server knows, among those that it accepts. */
export function unknownValues(newest: AcceptedVersion, withVersions: boolean): OfferChange {
  const [grease, other] = GREASE
  const extra = [
    emptyExtension(grease),
    supportedGroups([grease, ...newest.groups]),
    ...(withVersions ? unknownVersions(newest) : []),
    { type: other, data: Buffer.from([0]) },
  ]
  return { suites: [grease, ...newest.suites], extra }
}

/** A server has to answer with the newest version that it has itself. */
export function unknownVersions({ number }: AcceptedVersion): TlsExtensions {
  return number >= VERSION.TLS13 ? [supportedVersions([GREASE[2], FUTURE, number])] : []
}

/** Before TLS 1.3 the message itself says the version. */
export function unknownVersion({ number }: AcceptedVersion): OfferChange {
  return number >= VERSION.TLS13 ? {} : { legacyVersion: FUTURE }
}

/** An offer with all of them. */
export function withUnknown(accepted: AcceptedVersion): Omit<Offer, keyof Naming> {
  const { number, suites, groups } = accepted
  const change = { ...unknownValues(accepted, true), ...unknownVersion(accepted) }
  return { version: number, suites, groups, ...change }
}
