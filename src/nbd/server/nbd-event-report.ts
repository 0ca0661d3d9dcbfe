/** What the NBD server tells, as a line of text or as a line of JSON. */
import { diagnosticToJson, printJson } from '../../diagnostics/diagnostic-json.ts'
import {
  connectionEventToJson,
  describeConnectionEvent,
  describeDiagnostic,
  printEventLine,
} from '../../endpoint/event-report.ts'
import type { ServerEvent } from './server-event.ts'

/** `#3 192.0.2.7:50123: uses export 'disk' (read-only)`. */
export function printEvent(event: ServerEvent): string {
  return printEventLine(event, describe(event))
}

function describe(event: ServerEvent): string {
  switch (event.event) {
    case 'serving':
      return `uses export '${event.export}' (${describeUse(event)})`
    case 'failed':
      return describeDiagnostic(event.diagnostic)
    default:
      return describeConnectionEvent(event)
  }
}

function describeUse({ readOnly, isSecured }: { readOnly: boolean; isSecured: boolean }): string {
  return `${readOnly ? 'read-only' : 'read-write'}${isSecured ? '' : ', in clear'}`
}

/** One line; `at` is the time in RFC 3339. */
export function eventToJson(event: ServerEvent, at: Date): string {
  return printJson({ time: at.toISOString(), ...factsOf(event) })
}

function factsOf(event: ServerEvent): object {
  switch (event.event) {
    case 'serving':
      return event
    case 'failed':
      return { ...event, diagnostic: diagnosticToJson(event.diagnostic) }
    default:
      return connectionEventToJson(event)
  }
}
