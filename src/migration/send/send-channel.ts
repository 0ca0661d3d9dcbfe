/** Sends the bytes of one stored channel, within the bandwidth. */
import type { Writable } from 'node:stream'
import { readChannelParts } from '../inspect/channel-file.ts'
import type { Bandwidth } from './bandwidth.ts'
import type { StoredChannelFile } from './stored-migration.ts'

export type SendChannelOptions = {
  readonly bandwidth: Bandwidth
  readonly signal: AbortSignal
  /** Told how many bytes more were taken. */
  readonly onSent: (bytes: number) => void
}

/** In bytes; more in one go would make the progress jump. */
const LARGEST_WRITE = 262_144

/** Resolves when all bytes were taken. @throws the error of the stream, or of the file. */
export async function sendChannel(
  { file, start, end }: StoredChannelFile,
  stream: Writable,
  options: SendChannelOptions,
): Promise<void> {
  let offset = 0
  for await (const part of readChannelParts(file)) {
    const from = Math.min(Math.max(start - offset, 0), part.length)
    const to = Math.min(Math.max(end - offset, 0), part.length)
    offset += part.length
    if (to > from) await sendPart(part.subarray(from, to), stream, options)
    if (offset >= end) return
  }
}

async function sendPart(
  part: Buffer,
  stream: Writable,
  { bandwidth, signal, onSent }: SendChannelOptions,
): Promise<void> {
  for (let at = 0; at < part.length; ) {
    signal.throwIfAborted()
    const count = await bandwidth.take(Math.min(part.length - at, LARGEST_WRITE), signal)
    await write(stream, part.subarray(at, at + count))
    at += count
    onSent(count)
  }
}

/** The bytes are used again afterwards, so it waits until they were taken. */
function write(stream: Writable, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => (error ? reject(error) : resolve()))
  })
}
