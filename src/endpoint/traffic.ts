/** How many clients an endpoint has and had, and how many bytes went each way: over all its listeners. */
import type { Duplex } from 'node:stream'

/** Sockets of the system count their bytes; other streams do not. */
type Counting = Duplex & { readonly bytesRead?: number; readonly bytesWritten?: number }

/** Give it to an endpoint, and read it whenever you like: connections that are open count too. */
export class Traffic {
  readonly #open = new Set<Counting>()
  #accepted = 0
  #received = 0
  #sent = 0

  /** Connections that are served now. */
  get open(): number {
    return this.#open.size
  }

  /** Connections that are or were served. */
  get accepted(): number {
    return this.#accepted
  }

  /** Bytes that clients have sent, as the network carried them: with what TLS adds. */
  get received(): number {
    return sum(this.#open, ({ bytesRead = 0 }) => bytesRead, this.#received)
  }

  /** Bytes that clients were sent. */
  get sent(): number {
    return sum(this.#open, ({ bytesWritten = 0 }) => bytesWritten, this.#sent)
  }

  /** Counts a connection until it is closed. */
  add(socket: Counting): void {
    this.#accepted++
    this.#open.add(socket)
    socket.once('close', () => {
      this.#open.delete(socket)
      this.#received += socket.bytesRead ?? 0
      this.#sent += socket.bytesWritten ?? 0
    })
  }
}

function sum(
  sockets: Iterable<Counting>,
  count: (socket: Counting) => number,
  before: number,
): number {
  let all = before
  for (const socket of sockets) all += count(socket)
  return all
}
