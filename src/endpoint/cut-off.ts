/** Ends a connection that failed, so that the other end takes it for no end in order. */
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/**
 * Ends a connection so that the other end is told of an error, and takes it for no end in order. Of
 * TLS without its goodbye node:tls makes an end in order.
 */
export function cutOff(socket: Duplex): void {
  if (socket instanceof Socket && socket.remoteAddress !== undefined) socket.resetAndDestroy()
  else socket.destroy()
}
