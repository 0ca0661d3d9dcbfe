/** Makes the end that a definition describes; nothing is opened. */
import type { ChardevContext } from '../chardev-context.ts'
import type { ChardevDefinition } from '../definition/chardev-definition.ts'
import type { ChardevEnd } from '../end/chardev-end.ts'
import { ExecEnd } from '../end/exec-end.ts'
import { openPipe } from '../end/pipe.ts'
import { openPty } from '../end/pty.ts'
import { RingBuffer } from '../end/ring-buffer.ts'
import { openFile, openNull, openRing } from '../end/sinks.ts'
import { type Standing, StandingEnd } from '../end/standing-end.ts'
import { openStdio } from '../end/stdio.ts'
import { LogFile } from '../log/log-file.ts'
import { LoggedEnd } from '../log/logged-end.ts'
import { SocketClient } from '../socket/socket-client.ts'
import { SocketServer } from '../socket/socket-server.ts'

export type MadeEnd = {
  readonly end: ChardevEnd
  /** Of a ringbuf. */
  readonly ring?: RingBuffer | undefined
}

/** @throws DiagnosticError OBJECT_..., CHARDEV_... */
export function makeEnd(definition: ChardevDefinition, context: ChardevContext): MadeEnd {
  const made = makePlain(definition, context)
  const { log, id: chardev } = definition
  if (!log) return made
  const openLog = () =>
    new LogFile(log, (diagnostic) =>
      context.tell({ event: 'noticed', chardev, diagnostics: [diagnostic] }),
    )
  return { ...made, end: new LoggedEnd(made.end, openLog) }
}

function makePlain(definition: ChardevDefinition, context: ChardevContext): MadeEnd {
  const standing = (open: () => Standing): MadeEnd => ({ end: new StandingEnd(definition, open) })
  switch (definition.backend) {
    case 'socket':
      return {
        end: definition.isServer
          ? new SocketServer(definition, context)
          : new SocketClient(definition, context),
      }
    case 'exec':
      return { end: new ExecEnd(definition, context) }
    case 'stdio':
      return standing(() => openStdio(context.terminal ?? {}, definition.hasSignals))
    case 'pty':
      return standing(openPty)
    case 'file':
      return standing(() => openFile(definition.path, definition.isAppended))
    case 'pipe':
      return standing(() => openPipe(definition.path))
    case 'null':
      return standing(openNull)
    case 'ringbuf': {
      const ring = new RingBuffer(definition.size)
      return { ...standing(() => openRing(ring)), ring }
    }
  }
}
