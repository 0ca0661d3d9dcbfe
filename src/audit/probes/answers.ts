/** Replies of servers as answers of the model. */
import { type Asked, BROKEN_OFF, type Failure, isClosing } from '../connection/failure.ts'
import type { Flight, HelloReply } from '../conversation/server-flight.ts'
import type { TlsAlert } from '../messages/alert.ts'
import { ALERT, alertName } from '../messages/iana-numbers.ts'
import { type Answer, answerOf, type Enumeration, type Numbered } from '../model.ts'

export const ACCEPTED: Answer = { answer: 'accepted' }
export const ABSENT: Answer = { answer: 'not-offered' }
export const NOT_SEEN: Answer = {
  answer: 'unknown',
  because: 'no handshake went far enough to show it',
}

/** A server whose own code failed has refused nothing: without the fault it may have gone on. */
export function refusedBy({ description }: TlsAlert): Answer {
  if (description === ALERT.internal_error) return SERVER_FAILED
  return { answer: 'refused', alert: description, name: alertName(description) }
}

export const SERVER_FAILED: Answer = {
  answer: 'unknown',
  because: 'the server failed (internal_error)',
}

/** Why a question was not answered with a flight. */
export function endOf(asked: Asked<HelloReply>): Answer {
  if (!asked.isAnswered) return answerOf(asked.failure)
  return asked.value.kind === 'alert' ? refusedBy(asked.value.alert) : ABSENT
}

/** Why a flight lacks what was asked for: one that was not read to its end may have it. */
export function lackIn({ cut, alert }: Flight): Answer {
  if (alert) return refusedBy(alert)
  return cut ? answerOfCut(cut) : ABSENT
}

/** Of a server that has begun to answer. */
export function answerOfCut(failure: Failure): Answer {
  return answerOf(isClosing(failure.failure) ? BROKEN_OFF : failure)
}

export function numbered(list: readonly number[], name: (number: number) => string): Numbered[] {
  return list.map((number) => ({ number, name: name(number) }))
}

export function namedEnumeration(
  { items, order, end }: Enumeration<number>,
  name: (number: number) => string,
): Enumeration<Numbered> {
  return { items: numbered(items, name), order, end }
}
