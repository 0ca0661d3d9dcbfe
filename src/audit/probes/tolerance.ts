/** What a server does with what it cannot know: RFC 8701, RFC 7507, and RFC 5246 appendix E.1. */
import type { Offer } from '../conversation/offer.ts'
import {
  type Extensions,
  emptyExtension,
  supportedGroups,
  supportedVersions,
} from '../messages/extensions.ts'
import { ALERT, GREASE, VERSION } from '../messages/iana-numbers.ts'
import type { Answer, TlsFeatures } from '../model.ts'
import { ABSENT, ACCEPTED, endOf } from './answers.ts'
import type { ProbedServer } from './probe.ts'

/** TLS_FALLBACK_SCSV. */
const FALLBACK = 0x5600

/** A version that there is not. */
const FUTURE = 0x0305

export type AcceptedVersion = {
  readonly number: number
  readonly suites: readonly number[]
  /** Those with which the server accepts the suites. */
  readonly groups: readonly number[]
}

/** @param accepted Newest first. */
export async function probeTolerance(
  server: ProbedServer,
  accepted: readonly AcceptedVersion[],
): Promise<TlsFeatures> {
  const [newest] = accepted.filter(({ number }) => number > VERSION.SSL3)
  if (!newest) return {}
  const below = accepted.find(({ number }) => number < newest.number && number > VERSION.SSL2)
  const [unknown, fallbackSignal] = await Promise.all([
    askUnknown(server, newest),
    below && askFallback(server, below),
  ])
  return { ...unknown, ...(fallbackSignal ? { fallbackSignal } : {}) }
}

/** Both in one question; in two where the server refuses that one. */
async function askUnknown(server: ProbedServer, newest: AcceptedVersion): Promise<TlsFeatures> {
  const both = await ask(server, 'unknown values and version', newest, {
    ...unknownValues(newest, true),
    ...unknownVersion(newest),
  })
  if (both.answer === 'accepted') return { unknownValues: both, unknownVersion: both }
  const [values, version] = await Promise.all([
    ask(server, 'unknown values', newest, unknownValues(newest, false)),
    ask(server, 'unknown version', newest, {
      extra: unknownVersions(newest),
      ...unknownVersion(newest),
    }),
  ])
  return { unknownValues: values, unknownVersion: version }
}

type Change = Partial<Pick<Offer, 'suites' | 'extra' | 'legacyVersion'>>

/** Suites, groups and extensions that no server knows, among those that it accepts. */
function unknownValues(newest: AcceptedVersion, withVersions: boolean): Change {
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
function unknownVersions({ number }: AcceptedVersion): Extensions {
  return number >= VERSION.TLS13 ? [supportedVersions([GREASE[2], FUTURE, number])] : []
}

/** Before TLS 1.3 the message itself says the version. */
function unknownVersion({ number }: AcceptedVersion): Change {
  return number >= VERSION.TLS13 ? {} : { legacyVersion: FUTURE }
}

async function ask(
  server: ProbedServer,
  claim: string,
  { number, suites, groups }: AcceptedVersion,
  change: Change,
): Promise<Answer> {
  const asked = await server.hello(claim, { version: number, suites, groups, ...change })
  return isFlight(asked) ? ACCEPTED : endOf(asked)
}

/** Accepted means that the server heeds the signal, and refuses the fallback. */
async function askFallback(
  server: ProbedServer,
  { number, suites, groups }: AcceptedVersion,
): Promise<Answer> {
  const offer = { version: number, suites: [...suites, FALLBACK], groups }
  const asked = await server.hello('fallback', offer)
  if (isFlight(asked)) return ABSENT
  const end = endOf(asked)
  return end.answer === 'refused' && end.alert === ALERT.inappropriate_fallback ? ACCEPTED : end
}

function isFlight(asked: Awaited<ReturnType<ProbedServer['hello']>>): boolean {
  return asked.isAnswered && asked.value.kind === 'flight'
}
