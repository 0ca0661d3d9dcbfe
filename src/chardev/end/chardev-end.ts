/** One end of a link: what a chardev is once it is opened. */
import type { Duplex } from 'node:stream'
import type { TlsFacts } from '../../tls/credentials/tls-session.ts'
import type { ChardevDefinition } from '../definition/chardev-definition.ts'

/** A connection of an end: a client that came, a server that was reached, a program, a terminal. */
export type EndSession = {
  /** What is read comes from there, what is written goes there. Destroyed or ended by who opened it. */
  readonly stream: Duplex
  /** What people call it: `192.0.2.7:50123`, `/dev/pts/3`. */
  readonly place: string
  /** Where TLS was negotiated by this session itself. */
  readonly tls?: TlsFacts | undefined
  /** Whether the end stays when the session is over, as a terminal does. */
  readonly isStanding: boolean
  /** Whether what is read of it may end although it stays, as the input of a program does. */
  readonly canEnd: boolean
  /** False where it may only read a chardev that several share. */
  readonly mayWrite?: boolean
  /** To be called once: ends it in order, or cuts it off where something went wrong. */
  readonly finish: (error?: unknown) => Promise<void>
}

export interface ChardevEnd {
  readonly definition: ChardevDefinition
  /** Whether another session may follow when one is over. */
  readonly isLasting: boolean
  /**
   * Opens what has to be there before any session: listens, opens files.
   *
   * @returns where it can be found: an address, a device.
   * @throws DiagnosticError
   */
  start(): Promise<string | undefined>
  /**
   * The next session; waits for a client where it listens.
   *
   * @throws DiagnosticError; the reason of the signal where that is aborted.
   */
  open(signal: AbortSignal): Promise<EndSession>
  /** What `query-chardev` calls it. */
  filename(): string
  /** Closes it within so many milliseconds. */
  close(limit: number): Promise<void>
}
