/** What carries the bytes of one question: a socket, or the record of an earlier scan. */
import type { ConnectionEnd, Failure } from './failure.ts'

export type Transport = {
  /** Bytes are dropped where the connection has ended. */
  send(bytes: Buffer): void
  /** The bytes that come next, at least one, or how the connection ended. */
  receive(): Promise<Buffer | ConnectionEnd>
  /** Bytes that come later than this, in milliseconds, are not waited for. */
  limitSilence(silence: number): void
  close(): void
}

/** Gives a transport for each question. */
export type TransportSource = {
  /** @param claim What is asked, such as `suites TLS1.2 #3`; no two questions of a scan have the same. */
  open(claim: string): Promise<Transport | Failure>
  /** How many connections were begun. */
  readonly connections: number
}

export function isTransport(opened: Transport | Failure): opened is Transport {
  return 'receive' in opened
}
