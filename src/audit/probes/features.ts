/** What is on or off at a server before TLS 1.3, read off the answers to other questions; and its tickets. */
import { isOver } from '../conversation/admission.ts'
import type { Flight } from '../conversation/server-flight.ts'
import { findExtension } from '../messages/extensions.ts'
import { EXTENSION, VERSION } from '../messages/iana-numbers.ts'
import { hasDowngradeMark } from '../messages/server-hello.ts'
import type { Answer, TlsFeatures } from '../model.ts'
import { ABSENT, ACCEPTED, NOT_SEEN } from './answers.ts'
import type { ProbedServer } from './probe.ts'
import type { Resumption } from './resumption.ts'

/** @param knowsTls13 Whether the server accepts TLS 1.3. */
export function featuresOf(
  server: ProbedServer,
  knowsTls13: boolean,
  resumption: Resumption | undefined,
): TlsFeatures {
  const older = server.flights.filter(({ version }) => version < VERSION.TLS13)
  return {
    ...(older.length > 0 ? olderFeatures(older, knowsTls13) : {}),
    ...(knowsTls13 ? newerFeatures(server, resumption) : {}),
  }
}

function olderFeatures(older: readonly Flight[], knowsTls13: boolean): TlsFeatures {
  const withExtensions = older.filter(({ version }) => version > VERSION.SSL3)
  const hasExtension = (type: number) =>
    anyOf(withExtensions, ({ hello }) => findExtension(hello.extensions, type) !== undefined)
  return {
    extendedMasterSecret: hasExtension(EXTENSION.extended_master_secret),
    encryptThenMac: hasExtension(EXTENSION.encrypt_then_mac),
    secureRenegotiation: anyOf(
      older,
      ({ hello }) => findExtension(hello.extensions, EXTENSION.renegotiation_info) !== undefined,
    ),
    sessionTickets: hasExtension(EXTENSION.session_ticket),
    sessionIds: anyOf(older, ({ hello }) => hello.sessionId.length > 0),
    compression: anyOf(older, ({ hello }) => hello.compression !== 0),
    heartbeat: hasExtension(EXTENSION.heartbeat),
    ...(knowsTls13 ? { downgradeMark: anyOf(older, ({ hello }) => hasDowngradeMark(hello)) } : {}),
  }
}

function anyOf(flights: readonly Flight[], holds: (flight: Flight) => boolean): Answer {
  if (flights.length === 0) return NOT_SEEN
  return flights.some(holds) ? ACCEPTED : ABSENT
}

function newerFeatures(
  { finished }: ProbedServer,
  resumption: Resumption | undefined,
): TlsFeatures {
  const tickets = finished?.tickets
  // A server that turns a client away may have had tickets for it.
  const isHidden = isOver(finished?.admission) && tickets?.length === 0
  if (!tickets || isHidden) {
    return { tickets13: NOT_SEEN, pskDheKe: NOT_SEEN, pskKe: NOT_SEEN, earlyData: NOT_SEEN }
  }
  const isEarly = tickets.some(({ extensions }) => findExtension(extensions, EXTENSION.early_data))
  return {
    tickets13: tickets.length > 0 ? ACCEPTED : ABSENT,
    pskDheKe: resumption?.pskDheKe ?? ABSENT,
    pskKe: resumption?.pskKe ?? ABSENT,
    earlyData: isEarly ? ACCEPTED : ABSENT,
  }
}
