/** Why a question to a server got no answer. Every failure is a value: a scan goes on without that answer. */
import { ProtocolError, refuse } from '../../wire/protocol-error.ts'

/** How a connection ended before it answered. */
export type ConnectionEnd =
  /** The peer closed it in order. */
  | 'closed'
  /** The peer or the network broke it. */
  | 'reset'
  /** The peer said nothing, or next to nothing, until the time was over. */
  | 'timed-out'
  /** The peer sent more than any answer needs. */
  | 'too-much'
  /** The user ended the audit. */
  | 'interrupted'

/** How a server that has begun to answer refuses nothing: by the end of its connection. */
export const BROKEN_OFF = {
  failure: 'malformed',
  reason: 'a part of its answer, and ended the connection',
} as const

/** Whether the peer, or the network, has ended the connection. */
export function isClosing(end: Failure['failure']): boolean {
  return end === 'closed' || end === 'reset'
}

export type Failure =
  | { readonly failure: ConnectionEnd }
  /** No connection was made: it was refused, or there is no way to the host. */
  | { readonly failure: 'unreachable'; readonly reason: string }
  /** The server answered before, and answers nothing at all now. */
  | { readonly failure: 'rate-limited' }
  /** No further connection is permitted (`--budget`). */
  | { readonly failure: 'budget-spent' }
  /** All questions together have taken longer than they may. */
  | { readonly failure: 'time-spent' }
  /** What the peer sent breaks the protocol. */
  | { readonly failure: 'malformed'; readonly reason: string }
  /** The peer speaks the protocol below TLS, but does not begin TLS in it. */
  | { readonly failure: 'no-upgrade'; readonly reason: string }

/** What became of a question. */
export type Asked<Value> =
  | { readonly isAnswered: true; readonly value: Value }
  | { readonly isAnswered: false; readonly failure: Failure }

/** Thrown by an exchange whose connection ended, and caught where the question was asked. */
export class ExchangeEnded extends Error {
  readonly end: ConnectionEnd

  constructor(end: ConnectionEnd) {
    super(`the connection ended: ${end}`)
    this.name = 'ExchangeEnded'
    this.end = end
  }
}

/**
 * Rethrows what a conversation has thrown within an answer, whose end there refuses nothing.
 *
 * @throws ProtocolError in place of an ExchangeEnded by the peer or the network.
 */
export function rethrowWithinAnswer(error: unknown): never {
  if (error instanceof ExchangeEnded && isClosing(error.end)) refuse(BROKEN_OFF.reason)
  throw error
}

/** Thrown by an upgrade where the server does not begin TLS, in words that go on after "the server". */
export class UpgradeRefused extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'UpgradeRefused'
  }
}

/** Failures to open a connection that had nothing to do with the server: it was never begun. */
const NOT_BEGUN: ReadonlySet<Failure['failure']> = new Set([
  'budget-spent',
  'time-spent',
  'too-much',
  'interrupted',
])

/** @param failure Of opening a connection. */
export function wasBegun({ failure }: Failure): boolean {
  return !NOT_BEGUN.has(failure)
}

/**
 * The failure that a conversation has thrown.
 *
 * @throws any error that is a mistake of this program.
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof ExchangeEnded) return { failure: error.end }
  if (error instanceof ProtocolError) return { failure: 'malformed', reason: error.message }
  if (error instanceof UpgradeRefused) return { failure: 'no-upgrade', reason: error.message }
  throw error
}
