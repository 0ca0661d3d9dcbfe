/** What chardevs tell, as a line of text or as a line of JSON. */
import { diagnosticToJson, printJson } from '../diagnostics/diagnostic-json.ts'
import { printable } from '../diagnostics/print-diagnostic.ts'
import {
  connectionEventToJson,
  describeConnectionEvent,
  describeDiagnostic,
  describeSession,
  printEventLine,
  tlsFactsToJson,
} from '../endpoint/event-report.ts'
import type { ChardevEvent } from './chardev-event.ts'

/** `s0 #3 192.0.2.7:50123: connected`. */
export function printChardevEvent(event: ChardevEvent): string {
  const { chardev } = event
  return 'connection' in event
    ? `${chardev} ${printEventLine(event, describeConnectionEvent(event))}`
    : printable(`${chardev}: ${describe(event)}`)
}

type LinkEvent = Exclude<ChardevEvent, { readonly connection: number }>

function describe(event: LinkEvent): string {
  switch (event.event) {
    case 'reached': {
      const { place, tls } = event
      return tls
        ? `reached ${place}, ${describeSession(tls, 'peer without a certificate')}`
        : `reached ${place}`
    }
    case 'carried':
      return `carried ${event.sent} bytes to it, ${event.received} from it`
    case 'retrying': {
      const why = event.diagnostics.map(describeDiagnostic).join('; ')
      return `${why || 'it ended'}; next attempt in ${event.seconds} s`
    }
    case 'noticed':
      return event.diagnostics.map(describeDiagnostic).join('; ')
  }
}

/** One line; `at` is the time in RFC 3339. */
export function chardevEventToJson(event: ChardevEvent, at: Date): string {
  return printJson({ time: at.toISOString(), ...factsOf(event) })
}

function factsOf(event: ChardevEvent): object {
  if ('connection' in event) return connectionEventToJson(event)
  switch (event.event) {
    case 'reached':
      return event.tls ? { ...event, tls: tlsFactsToJson(event.tls) } : event
    case 'carried':
      return event
    default:
      return { ...event, diagnostics: event.diagnostics.map(diagnosticToJson) }
  }
}
