/**
 * Turns for handshakes that may be costly: addresses whose handshakes fail wait for their next ones.
 *
 * It is needed only where OpenSSL verifies chains within the handshake, which a stranger can make
 * expensive (see ../openssl-verification.ts).
 */
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { parseIpAddress } from '../../wire/ip-address.ts'

/** Handshakes of an address that may be under way, or have failed of late. */
const TURNS = 4

/** How long a failed handshake keeps its turn, in milliseconds. */
const PENALTY = 5_000

/** Begins a handshake of an address as soon as it is its turn. */
export class HandshakeTurns {
  readonly #penalty: number
  readonly #addresses = new Map<string, AddressTurns>()

  constructor(penalty = PENALTY) {
    this.#penalty = penalty
  }

  /** Addresses that have handshakes under way, or had some that failed of late. */
  get addressCount(): number {
    return this.#addresses.size
  }

  /**
   * Runs a handshake when it is its turn. A good one gives its turn back at once, so clients that are let
   * in wait for nothing but each other.
   *
   * @returns undefined where the connection closed before its turn came.
   */
  async run<Result>(
    connection: Duplex,
    handshake: () => Promise<Result>,
  ): Promise<Result | undefined> {
    const key = networkOf(connection)
    const turns = this.#addresses.get(key) ?? new AddressTurns()
    this.#addresses.set(key, turns)
    if (!(await turns.take(connection))) return undefined
    const giveBack = (): void => {
      turns.give()
      if (turns.isIdle) this.#addresses.delete(key)
    }
    try {
      const result = await handshake()
      giveBack()
      return result
    } catch (error) {
      setTimeout(giveBack, this.#penalty).unref()
      throw error
    }
  }
}

class AddressTurns {
  #free = TURNS
  readonly #waiting = new Set<() => void>()

  get isIdle(): boolean {
    return this.#free === TURNS
  }

  /** Waits for a turn; gives false where the connection closes meanwhile. */
  take(connection: Duplex): Promise<boolean> {
    if (this.#free > 0) {
      this.#free--
      return Promise.resolve(true)
    }
    return new Promise((resolve) => {
      const leave = (): void => {
        this.#waiting.delete(begin)
        resolve(false)
      }
      const begin = (): void => {
        connection.off('close', leave)
        resolve(true)
      }
      this.#waiting.add(begin)
      connection.once('close', leave)
    })
  }

  /** The turn goes to the connection that has waited longest. */
  give(): void {
    const [next] = this.#waiting
    if (next === undefined) this.#free++
    else {
      this.#waiting.delete(next)
      next()
    }
  }
}

/** One host may have all addresses of an IPv6 network of 64 bits. Unix sockets have no address. */
function networkOf(connection: Duplex): string {
  const { remoteAddress = '' } = connection as Partial<Socket>
  const bytes = parseIpAddress(remoteAddress)
  if (bytes?.length !== 16) return remoteAddress
  return bytes.subarray(0, 12).equals(MAPPED)
    ? bytes.subarray(12).join('.')
    : bytes.subarray(0, 8).toString('hex')
}

/** What stands before an IPv4 address that came to a socket of IPv6 (RFC 4291 section 2.5.5.2). */
const MAPPED = Buffer.from('00000000000000000000ffff', 'hex')
