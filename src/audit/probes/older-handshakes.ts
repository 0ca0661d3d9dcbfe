/**
 * What only whole handshakes before TLS 1.3 show: whether a certificate is required, tickets and their lifetime,
 * resumption (RFC 5246 section 7.3, RFC 5077), and renegotiation that a client begins (RFC 5746).
 */
import type { Offer } from '../conversation/offer.ts'
import { cheapestFirst } from '../key-schedule/key-pair.ts'
import { isComputableSuite } from '../key-schedule/older-ciphers.ts'
import { EXTENSION, VERSION } from '../messages/iana-numbers.ts'
import { keyExchangeOf } from '../messages/iana-suites.ts'
import type { Answer, TlsFeatures } from '../model.ts'
import { NOT_SEEN } from './answers.ts'
import { requirementShownBy } from './client-certificates.ts'
import { finishOlder, hasTicket, NOT_COMPUTABLE } from './finish-older.ts'
import { probeOlderResumption } from './older-resumption.ts'
import type { ProbedServer } from './probe.ts'
import { isDhe } from './suites.ts'
import type { AcceptedVersion } from './unknown-values.ts'

export type OlderFacts = {
  /** What became of a client without a certificate; undefined where no whole handshake was asked for. */
  readonly admission: Answer | undefined
  readonly ticketLifetimeHint: number | null
  readonly features: TlsFeatures
}

const NOTHING_ASKED: OlderFacts = { admission: undefined, ticketLifetimeHint: null, features: {} }

/**
 * Renegotiation is the last question: a server with one thread that does not take it may look after no other client
 * for a second.
 *
 * @param accepted Newest first.
 * @param others All other questions.
 */
export async function probeOlderHandshakes(
  server: ProbedServer,
  accepted: readonly AcceptedVersion[],
  others: Promise<unknown>,
): Promise<OlderFacts> {
  const newest = accepted.find(({ number }) => number < VERSION.TLS13 && number > VERSION.SSL3)
  if (!newest) return NOTHING_ASKED
  const offer = computableOffer(server, newest)
  if (offer.suites.length === 0) return unlearnt(NOT_COMPUTABLE)
  const first = await finishOlder(server, 'finish before TLS1.3', offer, true)
  if ('end' in first) return unlearnt(first.end)
  const { admission, handshake } = first
  if (!handshake) return { ...unlearnt(NOT_SEEN), admission: requirementShownBy(admission, server) }
  const { session } = handshake
  return {
    admission: requirementShownBy(admission, server),
    ticketLifetimeHint: hasTicket(session) ? (session.ticket?.lifetimeHint ?? null) : null,
    features: await probeOlderResumption(server, offer, session, others),
  }
}

/** Without a suite where none can be computed with. Cheap exchanges first, for servers that take the first that they know. */
export function computableOffer(
  server: ProbedServer,
  { number, suites, groups }: AcceptedVersion,
): Offer {
  const usable = suites.filter((suite) => isComputableSuite(suite, number))
  const cost = (suite: number) => (isDhe(suite) ? 2 : keyExchangeOf(suite) === 'RSA' ? 1 : 0)
  return {
    version: number,
    suites: usable.toSorted((a, b) => cost(a) - cost(b)),
    groups: cheapestFirst(groups),
    compressions: [0],
    without: [EXTENSION.heartbeat],
    ...server.naming,
  }
}

function unlearnt(answer: Answer): OlderFacts {
  const features = {
    ticketResumption: answer,
    sessionIdResumption: answer,
    clientRenegotiation: answer,
  }
  return { admission: answer, ticketLifetimeHint: null, features }
}
