/**
 * Which connections are channels of the migration: one main channel, and each multifd channel once, all of
 * one guest. A channel that leaves before the main one comes leaves its place to another.
 */
import { fail } from '../../diagnostics/diagnostic.ts'
import { type ChannelHead, INIT_BYTES, readHead } from './channel-head.ts'
import { RECEIVE_KINDS } from './receive-diagnostics.ts'
import type { ChannelConnection } from './received-channel.ts'

export type MetChannel = {
  /** `main`, or `multifd-N`. */
  readonly name: string
  /** What it has said first. */
  readonly head: ChannelHead
}

export class ChannelAdmission {
  readonly #multifd: number
  readonly #mainCame = Promise.withResolvers<void>()
  #hasMain = false
  /** The guest of each channel beside the main one. */
  readonly #guests = new Map<string, string>()

  /** @param multifd How many channels there are beside the main one. */
  constructor(multifd: number) {
    this.#multifd = multifd
  }

  /**
   * Learns what a connection is; resolves when the main channel has come.
   *
   * @param letIn Called when the connection is known as a channel.
   * @throws DiagnosticError MIGRATION_CHANNEL_REFUSED, MIGRATION_STREAM_...
   */
  async meet(connection: ChannelConnection, letIn: () => Promise<void>): Promise<MetChannel> {
    const head = await readHead(connection.parts)
    const name = head.kind === 'main' ? this.#takeMain() : this.#takeNumber(head)
    await letIn()
    if (name === 'main') return { head, name }
    const isMissing = await Promise.race([this.#mainCame.promise, hasLeft(connection, head)])
    if (!isMissing) return { head, name }
    this.#guests.delete(name)
    return refuseChannel('it left before its guest came')
  }

  #takeMain(): 'main' {
    if (this.#hasMain) refuseChannel('there is a main channel already')
    this.#hasMain = true
    this.#mainCame.resolve()
    return 'main'
  }

  #takeNumber(head: ChannelHead): string {
    if (head.kind !== 'multifd') return refuseChannel(`it is a ${head.kind} channel`)
    const { channel, uuid } = head
    const count = this.#multifd
    if (count === 0) {
      refuseChannel('the source has multifd channels', '--multifd NUMBER says how many')
    }
    if (channel >= count) refuseChannel(`it is channel ${channel} of ${count}, counted from 0`)
    const name = `multifd-${channel}`
    if (this.#guests.has(name)) refuseChannel(`there is a channel ${channel} already`)
    const isOther = [...this.#guests.values()].some((guest) => guest !== uuid)
    if (isOther) refuseChannel('it is of another guest')
    this.#guests.set(name, uuid)
    return name
  }
}

/** Resolves when a connection is lost. One that has said all that it had to say may be closed. */
async function hasLeft(
  { stream, parts }: ChannelConnection,
  { bytes }: ChannelHead,
): Promise<true> {
  await parts.closed
  const mayBeWhole = stream.readableEnded && (bytes.length > INIT_BYTES || parts.hasMore)
  return mayBeWhole ? new Promise(() => {}) : true
}

export function refuseChannel(reason: string, hint?: string): never {
  fail(RECEIVE_KINDS.channelRefused, { reason, ...(hint === undefined ? {} : { hint }) })
}
