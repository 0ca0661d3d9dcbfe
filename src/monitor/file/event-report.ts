/** What happens to the connections of entries, as a line of text or of JSON. */
import { printRelayEvent, relayEventToJson } from '../../migration/relay/event-report.ts'
import type { RelayEvent } from '../../migration/relay/relay-event.ts'
import { eventToJson, printEvent } from '../../nbd/server/event-report.ts'
import type { EntryEvent } from '../sections/section.ts'

/** `relay web1 #3 192.0.2.7:50123: connected`. */
export function printEntryEvent(entry: string, event: EntryEvent): string {
  const line = isOfRelay(event)
    ? printRelayEvent({ ...event, relay: undefined })
    : printEvent(event)
  return `${entry} ${line}`
}

/** One line; `at` is the time in RFC 3339. */
export function entryEventToJson(entry: string, event: EntryEvent, at: Date): string {
  const line = isOfRelay(event) ? relayEventToJson(event, at) : eventToJson(event, at)
  return `{"entry":${JSON.stringify(entry)},${line.slice(1)}`
}

type ChannelEvent = Extract<RelayEvent, { readonly event: 'reached' | 'relayed' }>

function isOfRelay(event: EntryEvent): event is ChannelEvent {
  return event.event === 'reached' || event.event === 'relayed'
}
