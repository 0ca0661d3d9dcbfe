/**
 * The bytes of a measured rate: chunks of one size. The first byte of each says whether it is the
 * last, so that the stream need not be closed to tell its end.
 */
import type { Duplex } from 'node:stream'
import { type ByteChannel, ConnectionEnded } from '../../net/byte-channel.ts'
import { takeReceivedBytes } from '../../tls/received-bytes.ts'

/** In bytes; QEMU's own buffers of a channel are as large or larger. */
const CHUNK_SIZE = 256 * 1024

const MORE = 0
const LAST = 1

/** Sends chunks until a time of performance.now(), and one more; none where the connection has ended. */
export async function sendChunks(channel: ByteChannel, deadline: number): Promise<void> {
  const chunk = Buffer.alloc(CHUNK_SIZE, 0x5a)
  chunk[0] = MORE
  while (performance.now() < deadline && channel.isOpen) await channel.write(chunk)
  const last = Buffer.from(chunk)
  last[0] = LAST
  if (channel.isOpen) await channel.write(last)
}

/**
 * Takes chunks up to the last one.
 *
 * @returns how many bytes they had.
 * @throws ConnectionEnded
 */
export function takeChunks(stream: Duplex): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  let total = 0
  let isLast = false
  const take = (bytes: Buffer): void => {
    // The first byte of each chunk that begins within these bytes.
    for (let at = (CHUNK_SIZE - (total % CHUNK_SIZE)) % CHUNK_SIZE; at < bytes.length; ) {
      isLast = bytes[at] === LAST
      at += CHUNK_SIZE
    }
    total += bytes.length
    if (isLast && total % CHUNK_SIZE === 0) resolve(total)
  }
  const end = (): void => reject(new ConnectionEnded(stream.errored))
  stream.once('end', end).once('close', end)
  const stopTaking = takeReceivedBytes(stream, take)
  stream.resume()
  return promise.finally(() => {
    stopTaking()
    stream.off('end', end).off('close', end)
    stream.pause()
  })
}
