/**
 * Looks whether a client that waits for its turn is still there. Its end alone does not say so: it may still want to be
 * told something. Of a client that has closed, the system says so when its connection is written to.
 */
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** How often to look, and to let the system ask a client of TCP, in milliseconds. */
const INTERVAL = 60_000

/** It is no byte for the client, in TLS too: it does not go through that. */
const NOTHING = Buffer.alloc(0)

/**
 * One that is gone is closed. What it said before is still to be read: then it keeps its turn.
 *
 * @param stream Of the data of the client.
 * @param connection Below that.
 * @returns what ends it.
 */
export function watchDeparture(stream: Duplex, connection: Duplex): () => void {
  if (connection instanceof Socket) connection.setKeepAlive(true, INTERVAL)
  const look = () => {
    // It reads as much as there is room for, and so it notices an end.
    stream.read(0)
    if (stream.readableEnded) connection.write(NOTHING)
  }
  const timer = setInterval(look, INTERVAL).unref()
  return () => clearInterval(timer)
}
