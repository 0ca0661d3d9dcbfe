/** A pseudo-terminal: programs open it and leave, and the link goes on. */
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { ReadStream } from 'node:tty'
import { fail } from '../../diagnostics/diagnostic.ts'
import { openPseudoTerminal, type PseudoTerminal } from '../../files/pseudo-terminal.ts'
import { CHARDEV_KINDS } from '../chardev-diagnostics.ts'
import { Attachment } from './attachment.ts'
import { LastingStream } from './lasting-stream.ts'
import type { Standing } from './standing-end.ts'

/** How often to look whether a program has opened it, in milliseconds: nothing tells that. */
const LOOK_INTERVAL = 100

/** @throws DiagnosticError CHARDEV_CANNOT_OPEN, CHARDEV_UNUSABLE */
export function openPty(): Standing {
  const terminal = openTerminal()
  const stream = new LastingStream((signal) => nextUser(terminal, signal))
  stream.on('error', () => {})
  return {
    place: terminal.path,
    attach: () => new Attachment({ source: stream, sink: stream }),
    close: () => {
      stream.destroy()
      terminal.close()
    },
  }
}

function openTerminal(): PseudoTerminal {
  let terminal: PseudoTerminal | undefined
  try {
    terminal = openPseudoTerminal()
  } catch (error) {
    return fail(CHARDEV_KINDS.cannotOpen, { path: '/dev/ptmx', error })
  }
  const reason = 'the C library cannot be called: koffi is not installed'
  return terminal ?? fail(CHARDEV_KINDS.unusable, { what: 'back-end pty', reason })
}

async function nextUser(
  terminal: PseudoTerminal,
  signal: AbortSignal,
): Promise<{ stream: Duplex; finish: () => unknown }> {
  for (;;) {
    // Where no descriptor is left, the program waits until one is.
    const descriptor = terminal.isInUse() ? terminal.duplicate() : undefined
    if (descriptor !== undefined) {
      const stream = new ReadStream(descriptor)
      return { stream, finish: () => stream.destroy() }
    }
    await delay(LOOK_INTERVAL, undefined, { signal })
  }
}
