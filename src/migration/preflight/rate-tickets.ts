/**
 * Who may have a rate measured in clear: a client that was let in over TLS gets a ticket for one connection. A
 * stranger who reads along could use it before the client does, and the client is refused then.
 */
import { randomBytes } from 'node:crypto'

/** In bytes. */
const TICKET_SIZE = 16

/** The oldest are forgotten. */
const LIMIT = 256

export class RateTickets {
  readonly #tickets = new Set<string>()

  issue(): string {
    const ticket = randomBytes(TICKET_SIZE).toString('hex')
    this.#tickets.add(ticket)
    const [oldest] = this.#tickets
    if (this.#tickets.size > LIMIT && oldest !== undefined) this.#tickets.delete(oldest)
    return ticket
  }

  /** Each is good once. */
  redeem(ticket: string | undefined): boolean {
    return ticket !== undefined && this.#tickets.delete(ticket)
  }
}
