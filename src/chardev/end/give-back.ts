/** Bytes that a stream has read of another one, and that nothing has read of it. */
import type { Readable } from 'node:stream'

/** Puts them back in their order, to be read again. Nothing may listen to `stream` any more. */
export function giveBack(stream: Readable, source: Readable): void {
  const parts: Buffer[] = []
  for (;;) {
    const unread: Buffer | null = stream.read()
    if (unread === null) break
    parts.push(unread)
  }
  if (parts.length > 0) source.unshift(Buffer.concat(parts))
}
