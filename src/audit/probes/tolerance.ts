/** What a server does with what it cannot know: RFC 8701, RFC 7507, and RFC 5246 appendix E.1. */
import { ALERT, VERSION } from '../messages/iana-numbers.ts'
import type { Answer, TlsFeatures } from '../model.ts'
import { ABSENT, ACCEPTED, endOf } from './answers.ts'
import type { ProbedServer } from './probe.ts'
import {
  type AcceptedVersion,
  type OfferChange,
  unknownValues,
  unknownVersion,
  unknownVersions,
  withUnknown,
} from './unknown-values.ts'

/** TLS_FALLBACK_SCSV. */
const FALLBACK = 0x5600

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
  const both = server.passesUnknown
    ? ACCEPTED
    : await ask(server, 'unknown values and version', newest, withUnknown(newest))
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

async function ask(
  server: ProbedServer,
  claim: string,
  { number, suites, groups }: AcceptedVersion,
  change: OfferChange,
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
