/**
 * The listeners of this process share the descriptors that it may open: clients of all of them together never take
 * those that a reload needs, wherever they wait.
 */
import { requireRoom } from './listening-room.ts'

export interface ShareHolder {
  /** Descriptors of all its connections, also of those that wait. */
  held(): number
  /** Descriptors of clients that were let in. */
  served(): number
  /** Descriptors that clients may take which were not let in. */
  strangerLimit(): number
  /** Says how many clients may be at their handshake, and how many may wait for it. */
  limitStrangers(part: number): void
  /** A client of another listener has left: one of its own that waits may take its place. */
  resume(): void
}

/** Descriptors for all but connections: certificates that are loaded anew, logs, exports. */
const RESERVED = 24

const holders = new Set<ShareHolder>()

/** Descriptors for the clients of all listeners. */
let room = Number.POSITIVE_INFINITY

/**
 * To be called when a listener listens: what it has opened is open by then.
 *
 * @throws DiagnosticError ENDPOINT_CANNOT_LISTEN where there is none for a client.
 */
export function joinShares(holder: ShareHolder, address: string): void {
  const free = requireRoom(address)
  holders.add(holder)
  room = Math.max(2, free + sum((holder) => holder.held()) - RESERVED)
  divide()
}

/** For what opens nothing but its clients: it has its part of the room that is known. */
export function takeShare(holder: ShareHolder): void {
  holders.add(holder)
  divide()
}

/** What it leaves is for the clients that wait elsewhere. */
export function leaveShares(holder: ShareHolder): void {
  if (!holders.delete(holder)) return
  divide()
  resumeOthers(holder)
}

/** Descriptors for clients of all listeners that were let in. */
export function roomForServed(): number {
  return room - sum((holder) => holder.strangerLimit())
}

/**
 * Whether a listener can serve one more client, which takes so many descriptors. One of several never has more than
 * it leaves free: then those of a listener that lets everybody in take the room of no other.
 */
export function canServe(one: ShareHolder, descriptors: number): boolean {
  const free = roomForServed() - sum((holder) => holder.served())
  const isShared = holders.size > (holders.has(one) ? 1 : 0)
  return descriptors <= free && (!isShared || one.served() + descriptors <= free)
}

/** Lets other listeners go on where a client of this one has left. */
export function resumeOthers(one: ShareHolder): void {
  for (const holder of holders) if (holder !== one) holder.resume()
}

/** Half of all is for strangers, each listener has a part of that: those of one never take the part of another. */
function divide(): void {
  const part = Math.floor(room / 4 / holders.size)
  for (const holder of holders) holder.limitStrangers(part)
}

function sum(count: (holder: ShareHolder) => number): number {
  let total = 0
  for (const holder of holders) total += count(holder)
  return total
}
