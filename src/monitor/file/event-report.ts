/** What happens to the connections of entries, as a line of text or of JSON. */
import type { ChardevEvent } from '../../chardev/chardev-event.ts'
import { chardevEventToJson, printChardevEvent } from '../../chardev/event-report.ts'
import { printRelayEvent, relayEventToJson } from '../../migration/relay/event-report.ts'
import type { RelayEvent } from '../../migration/relay/relay-event.ts'
import { eventToJson, printEvent } from '../../nbd/server/nbd-event-report.ts'
import type { GuestEvent } from '../host/guest-event.ts'
import type { EndpointEvent } from '../host/host-endpoints.ts'
import { guestEventToJson, printGuestEvent } from './guest-report.ts'

/** `relay web1 #3 192.0.2.7:50123: connected`. */
export function printEntryEvent(entry: string, event: EndpointEvent): string {
  // Its line begins with its name.
  if (isOfChardev(event)) return `chardev ${printChardevEvent(event)}`
  if (event.event === 'guest') return `${entry}: ${printGuestEvent(event)}`
  const line = isOfChannel(event)
    ? printRelayEvent({ ...event, relay: undefined })
    : printEvent(event)
  return `${entry} ${line}`
}

/** One line; `at` is the time in RFC 3339. */
export function entryEventToJson(entry: string, event: EndpointEvent, at: Date): string {
  const line = lineOf(event, at)
  return `{"entry":${JSON.stringify(entry)},${line.slice(1)}`
}

function lineOf(event: EndpointEvent, at: Date): string {
  if (isOfChardev(event)) return chardevEventToJson(event, at)
  if (event.event === 'guest') return guestEventToJson(event, at)
  return isOfChannel(event) ? relayEventToJson(event, at) : eventToJson(event, at)
}

function isOfChardev(event: EndpointEvent): event is ChardevEvent {
  return 'chardev' in event
}

type ChannelEvent = Extract<RelayEvent, { readonly event: 'reached' | 'relayed' }>

function isOfChannel(
  event: Exclude<EndpointEvent, ChardevEvent | GuestEvent>,
): event is ChannelEvent {
  return event.event === 'reached' || event.event === 'relayed'
}
