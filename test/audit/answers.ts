/** Answers that servers give to questions, in the words of a report: numbers and names of alerts as RFC 8446 has them. */
import type { Answer } from '../../src/audit/model.ts'

export const ACCEPTED = { answer: 'accepted' } as const satisfies Answer
export const NOT_OFFERED = { answer: 'not-offered' } as const satisfies Answer
export const CLOSED = { answer: 'refused', alert: null, name: null } as const satisfies Answer
export const REFUSED = {
  ...{ answer: 'refused', alert: 40, name: 'handshake_failure' },
} as const satisfies Answer
export const ILLEGAL = {
  ...{ answer: 'refused', alert: 47, name: 'illegal_parameter' },
} as const satisfies Answer
export const NO_VERSION = {
  ...{ answer: 'refused', alert: 70, name: 'protocol_version' },
} as const satisfies Answer
export const TIMED_OUT = { answer: 'timed-out' } as const satisfies Answer
export const CUT = {
  answer: 'unknown',
  because: 'the server sent a part of its answer, and ended the connection',
} as const satisfies Answer
export const RATE_LIMITED = { answer: 'rate-limited' } as const satisfies Answer
export const NOT_SEEN = {
  ...{ answer: 'unknown', because: 'no handshake went far enough to show it' },
} as const satisfies Answer
/** Whether a certificate is required, of a server that asks for one and ends the connection without an alert. */
export const ENDED_UNSAID = {
  answer: 'unknown',
  because: 'it asks for one, and ended the connection without saying why',
} as const satisfies Answer
/** Whether a certificate is required, of a server that asks for one and says nothing more. */
export const MAY_INSIST = {
  answer: 'unknown',
  because: 'it asks for one, and may insist after the handshake',
} as const satisfies Answer
