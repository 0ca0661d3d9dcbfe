/**
 * TLS for chardevs of QEMU. QEMU takes as much of a record as its guest has room for, a byte or 4096, and looks for the
 * rest when the connection has more to read; it does not know what GnuTLS holds. So what is typed into a serial port
 * stops after one byte, until another key is pressed. Here the last byte of all that is written is a record of its own:
 * it is there to be read until QEMU has taken all before it, and is taken whole.
 */
import type { Duplex } from 'node:stream'
import { LayeredStream } from '../end/layered-stream.ts'

/** @param connection Of TLS: what is written to it at once becomes records of its own. */
export function endInOwnRecord(connection: Duplex): Duplex {
  const stream = new LayeredStream(connection, {
    received: (bytes) => bytes,
    sent: (bytes) => (bytes.length < 2 ? [bytes] : [bytes.subarray(0, -1), bytes.subarray(-1)]),
  })
  stream.on('error', () => {})
  return stream
}
