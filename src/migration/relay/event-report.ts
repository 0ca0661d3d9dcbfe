/** What a relay tells, as a line of text or as a line of JSON. */
import { printJson } from '../../diagnostics/diagnostic-json.ts'
import {
  connectionEventToJson,
  describeConnectionEvent,
  describeSession,
  printEventLine,
  tlsFactsToJson,
} from '../../endpoint/event-report.ts'
import type { RelayEvent } from './relay-event.ts'

/** `web1 #3 192.0.2.7:50123: reached /run/web1.sock`. */
export function printRelayEvent(event: RelayEvent): string {
  const line = printEventLine(event, describe(event))
  return event.relay === undefined ? line : `${event.relay} ${line}`
}

function describe(event: RelayEvent): string {
  switch (event.event) {
    case 'reached': {
      const { to, tls } = event
      return tls
        ? `reached ${to}, ${describeSession(tls, 'server without a certificate')}`
        : `reached ${to}`
    }
    case 'relayed':
      return `relayed ${event.sent} bytes there, ${event.received} back`
    default:
      return describeConnectionEvent(event)
  }
}

/** One line; `at` is the time in RFC 3339. */
export function relayEventToJson(event: RelayEvent, at: Date): string {
  return printJson({ time: at.toISOString(), ...factsOf(event) })
}

function factsOf(event: RelayEvent): object {
  switch (event.event) {
    case 'reached':
      return event.tls ? { ...event, tls: tlsFactsToJson(event.tls) } : event
    case 'relayed':
      return event
    default:
      return connectionEventToJson(event)
  }
}
