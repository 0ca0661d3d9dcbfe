/** Tells an event of a connection, as the log of a service is written. */
import { printJson } from '../diagnostics/diagnostic-json.ts'
import type { ConnectionEvent } from '../endpoint/connection-event.ts'
import {
  connectionEventToJson,
  describeConnectionEvent,
  printEventLine,
} from '../endpoint/event-report.ts'
import type { LogFormat } from './service-options.ts'
import type { Terminal } from './terminal.ts'

export function logConnection(
  event: ConnectionEvent,
  { log }: { readonly log: LogFormat },
  terminal: Terminal,
): void {
  if (log === 'json') {
    terminal.warn(printJson({ time: new Date().toISOString(), ...connectionEventToJson(event) }))
  } else terminal.warn(printEventLine(event, describeConnectionEvent(event)))
}
