/** Keeps sockets open that listen, while what listens there is replaced: no client is refused meanwhile. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Server, Socket } from 'node:net'
import { leaveShares, type ShareHolder, takeShare } from './descriptor-shares.ts'

/** Clients that may come meanwhile. They are not read, so that each takes a descriptor and little else. */
const CLIENT_LIMIT = 128

/** A socket that listens, and the clients that came while nothing served them: they have a share of descriptors. */
export class HeldSocket implements ShareHolder {
  readonly server: Server
  readonly #clients: Socket[] = []
  #limit = CLIENT_LIMIT

  constructor(server: Server) {
    this.server = server
    server.on('connection', (socket) => this.#add(socket))
    takeShare(this)
  }

  /** From now on another one takes those that come. */
  handOver(): this {
    this.server.removeAllListeners('connection')
    return this
  }

  /** @returns the clients, of which another one has care now. */
  letGo(): readonly Socket[] {
    leaveShares(this)
    return this.#clients.splice(0)
  }

  dropClients(): void {
    for (const client of this.letGo()) client.destroy()
  }

  close(): void {
    this.server.close()
    this.dropClients()
  }

  held(): number {
    return this.#clients.length
  }

  served(): number {
    return 0
  }

  strangerLimit(): number {
    return this.#limit
  }

  limitStrangers(part: number): void {
    this.#limit = Math.min(CLIENT_LIMIT, Math.max(1, part))
    for (const client of this.#clients.splice(this.#limit)) client.destroy()
  }

  resume(): void {}

  #add(socket: Socket): void {
    // It is not read, so that one that leaves is noticed by what serves it.
    if (this.#clients.length < this.#limit) this.#clients.push(socket)
    else socket.destroy()
  }
}

class ListeningSockets {
  readonly #held = new Map<string, HeldSocket>()
  #isOver = false

  /** @returns false where the socket is to be closed. */
  hold(key: string, server: Server): boolean {
    if (this.#isOver || this.#held.has(key)) return false
    this.#held.set(key, new HeldSocket(server))
    return true
  }

  take(key: string): HeldSocket | undefined {
    const held = this.#held.get(key)
    this.#held.delete(key)
    return held?.handOver()
  }

  /** @returns whether there were any. */
  closeAll(): boolean {
    const all = [...this.#held.values()]
    this.#held.clear()
    for (const held of all) held.close()
    return all.length > 0
  }

  end(): void {
    this.#isOver = true
    this.closeAll()
  }
}

/** Of the change that is under way where this runs: what others stop at the same time is closed at once. */
const current = new AsyncLocalStorage<ListeningSockets>()

/**
 * Sockets of endpoints that `change` ends are handed to those that it begins at the same place. What no
 * other has taken is closed when it has ended.
 */
export async function handingSocketsOver<Value>(change: () => Promise<Value>): Promise<Value> {
  const sockets = new ListeningSockets()
  try {
    return await current.run(sockets, change)
  } finally {
    sockets.end()
  }
}

/**
 * Ends what a socket brings to its server, and closes it or keeps it for the next one.
 *
 * @param key Equal for sockets that are equal in all; undefined where the place is not known beforehand.
 */
export function leaveSocket(server: Server, key: string | undefined): void {
  server.removeAllListeners('connection')
  if (key === undefined || !current.getStore()?.hold(key, server)) server.close()
}

export function takeHeldSocket(key: string): HeldSocket | undefined {
  return current.getStore()?.take(key)
}

/** Makes way for a socket that is not equal to one of them. @returns whether there were any. */
export function closeHeldSockets(): boolean {
  return current.getStore()?.closeAll() ?? false
}
