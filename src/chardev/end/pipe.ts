/** Named pipes and devices: PATH.in and PATH.out, or one PATH for both, as QEMU has it. */
import { constants, fstatSync, openSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { isatty, ReadStream } from 'node:tty'
import { fail } from '../../diagnostics/diagnostic.ts'
import { CHARDEV_KINDS } from '../chardev-diagnostics.ts'
import { Attachment } from './attachment.ts'
import type { Standing } from './standing-end.ts'

/** @throws DiagnosticError CHARDEV_CANNOT_OPEN, CHARDEV_UNUSABLE */
export function openPipe(path: string): Standing {
  const { source, sink } = openStreams(path)
  for (const stream of [source, sink]) stream.on('error', () => {})
  return {
    place: path,
    attach: () => new Attachment({ source, sink }),
    close: () => {
      source.destroy()
      sink.destroy()
    },
  }
}

function openStreams(path: string): { source: Duplex; sink: Duplex } {
  const input = tryOpen(`${path}.in`)
  const output = tryOpen(`${path}.out`)
  if (typeof input === 'number' && typeof output === 'number') {
    return { source: openDevice(input, path), sink: openDevice(output, path, false) }
  }
  const both = tryOpen(path)
  if (typeof both !== 'number') return fail(CHARDEV_KINDS.cannotOpen, { path, error: both })
  const stream = openDevice(both, path)
  return { source: stream, sink: stream }
}

/** For both, so that it does not wait for another program, and does not end with one. */
function tryOpen(path: string): unknown {
  try {
    return openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK)
  } catch (error) {
    return error
  }
}

/** @param isRead What is only written must not be read: it would take its own bytes. */
function openDevice(descriptor: number, path: string, isRead = true): Duplex {
  if (isatty(descriptor)) return new ReadStream(descriptor).setRawMode(true)
  if (fstatSync(descriptor).isFIFO()) {
    return new Socket({ fd: descriptor, readable: isRead, writable: true })
  }
  const reason = 'it is no named pipe and no terminal'
  return fail(CHARDEV_KINDS.unusable, { what: path, reason })
}
