/** The first bytes of a connection, which say what channel it is. */
import { fail } from '../../diagnostics/diagnostic.ts'
import { type ChannelKind, channelKindOf, DECIDING_BYTES } from '../stream/channel-kind.ts'
import type { MultifdEvent } from '../stream/events.ts'
import { createMultifdDecoder } from '../stream/multifd.ts'
import type { IncomingParts } from './incoming-parts.ts'
import { RECEIVE_KINDS } from './receive-diagnostics.ts'

/** Bytes of the packet that a multifd channel begins with. */
export const INIT_BYTES = 64

export type ChannelHead =
  | { readonly kind: Exclude<ChannelKind, 'multifd'>; readonly bytes: Buffer }
  | {
      readonly kind: 'multifd'
      readonly bytes: Buffer
      readonly channel: number
      /** Of the guest, 32 digits. */
      readonly uuid: string
    }

/** @throws DiagnosticError where the connection is no channel of a migration. */
export async function readHead(parts: IncomingParts): Promise<ChannelHead> {
  const first = await readAtLeast(parts, DECIDING_BYTES)
  const kind = channelKindOf(first)
  if (!kind) return refuse(first)
  if (kind !== 'multifd') return { kind, bytes: first }
  const bytes = await readAtLeast(parts, INIT_BYTES, first)
  return { kind, bytes, ...initOf(bytes) }
}

/** Gives fewer where the connection ends before. */
async function readAtLeast(
  parts: IncomingParts,
  length: number,
  first: Buffer = Buffer.alloc(0),
): Promise<Buffer> {
  let bytes: Buffer = first
  while (bytes.length < length) {
    const part = await parts.next()
    if (!part) return bytes
    bytes = Buffer.concat([bytes, part])
  }
  return bytes
}

function refuse(bytes: Buffer): never {
  if (bytes.length === 0) {
    const hint = 'a client that refuses our certificate leaves so: see what its QEMU says'
    fail(RECEIVE_KINDS.channelRefused, { reason: 'it ended at once', hint })
  }
  const reason = `it begins with 0x${bytes.subarray(0, 4).toString('hex')}`
  fail(RECEIVE_KINDS.channelRefused, { reason })
}

/** @throws DiagnosticError MIGRATION_STREAM_... */
function initOf(bytes: Buffer): { readonly channel: number; readonly uuid: string } {
  let init: Extract<MultifdEvent, { type: 'init' }> | undefined
  const decoder = createMultifdDecoder((event) => {
    if (event.type === 'init') init = event
  })
  decoder.push(bytes.subarray(0, INIT_BYTES))
  if (bytes.length < INIT_BYTES) decoder.finish()
  if (!init) throw new Error('an init packet was read and not told')
  const { channel, uuid } = init
  return { channel, uuid }
}
