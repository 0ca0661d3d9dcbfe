/** What a server says of certificates of clients, in any version. */
import { printName } from '../../x509/distinguished-name.ts'
import type { Admission } from '../conversation/admission.ts'
import type { CertificateRequest } from '../messages/certificate-request.ts'
import { certificateTypeName } from '../messages/iana-numbers.ts'
import { schemeName } from '../messages/iana-signatures.ts'
import { type Answer, type ClientCertificate, isAnswered } from '../model.ts'
import { ABSENT, ACCEPTED, NOT_SEEN, numbered } from './answers.ts'
import type { ProbedServer } from './probe.ts'

/**
 * By the handshakes that were finished without a certificate: it is not required where one version lets clients in
 * without.
 *
 * @param older What a whole handshake before TLS 1.3 showed; undefined where there was none.
 */
export function requiredCertificate(server: ProbedServer, older: Answer | undefined): Answer {
  const newer = server.handshakes.length > 0 || !older ? requiredIn13(server) : undefined
  const all = [newer, older].filter((answer) => answer !== undefined)
  const isIn = (word: Answer['answer']) => all.find(({ answer }) => answer === word)
  return isIn('not-offered') ?? all.find((answer) => !isAnswered(answer)) ?? ACCEPTED
}

function requiredIn13(server: ProbedServer): Answer {
  const { finished } = server
  return finished ? requirementShownBy(finished.admission, server) : NOT_SEEN
}

/**
 * As an answer to whether a certificate is required. TLS has an alert for that (RFC 8446 section 4.4.2.4, RFC 5246
 * section 7.4.6): a server that ends the connection without one may have another reason, such as a service behind it
 * that is down.
 */
export function requirementShownBy(admission: Admission, { ways }: ProbedServer): Answer {
  if (admission === 'not-seen') return MAY_REFUSE_LATER
  if (admission === 'ended') return ways.refusesByEnding ? ACCEPTED : ENDED_UNSAID
  return admission === 'turned-away' ? ACCEPTED : ABSENT
}

/** @param required What became of a handshake that was finished without one. */
export function clientCertificateOf(server: ProbedServer, required: Answer): ClientCertificate {
  const requests = requestsOf(server)
  const union = <Item>(read: (request: CertificateRequest) => readonly Item[]): Item[] => {
    const items = new Set<Item>()
    for (const request of requests) for (const item of read(request)) items.add(item)
    return [...items]
  }
  const isAsked = requests.length > 0
  return {
    asked: isAsked ? ACCEPTED : wasAbleToAsk(server) ? ABSENT : NOT_SEEN,
    required: isAsked ? required : wasAbleToAsk(server) ? ABSENT : NOT_SEEN,
    schemes: numbered(
      union(({ schemes }) => schemes),
      schemeName,
    ),
    types: numbered(
      union(({ types }) => types),
      certificateTypeName,
    ),
    authorities: union(({ authorities }) => authorities.map((name) => printedName(name))),
  }
}

const MAY_REFUSE_LATER: Answer = {
  answer: 'unknown',
  because: 'it asks for one, and may insist after the handshake',
}

const ENDED_UNSAID: Answer = {
  answer: 'unknown',
  because: 'it asks for one, and ended the connection without saying why',
}

function requestsOf({ flights, handshakes }: ProbedServer): readonly CertificateRequest[] {
  const all = [...handshakes, ...flights].map(({ request }) => request)
  return all.filter((request) => request !== undefined)
}

/** A server without a certificate of its own must not ask for one: RFC 5246 section 7.4.4. */
function wasAbleToAsk({ flights, handshakes }: ProbedServer): boolean {
  const isAble = flights.some(({ cut, certificates }) => !cut && certificates.length > 0)
  return isAble || handshakes.length > 0
}

function printedName(der: Buffer): string {
  try {
    return printName(der)
  } catch {
    return `#${der.toString('hex')}`
  }
}
