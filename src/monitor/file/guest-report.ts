/** How far a guest is, as a line of text or of JSON. */
import { diagnosticToJson, printJson } from '../../diagnostics/diagnostic-json.ts'
import { describeDiagnostic } from '../../endpoint/event-report.ts'
import type { GuestEvent } from '../host/guest-event.ts'

/** `the guest is stored at /var/lib/guest`. */
export function printGuestEvent(event: GuestEvent): string {
  const reasons = event.diagnostics.map(describeDiagnostic).join('; ')
  return reasons === '' ? describe(event) : `${describe(event)}: ${reasons}`
}

function describe(event: GuestEvent): string {
  const { status } = event
  const words = WORDS[event.way](event)
  if (status === 'setup' || status === 'active' || status === 'completed') return words[status]
  return `${words.active}: ${status}`
}

const WORDS: Readonly<
  Record<GuestEvent['way'], (event: GuestEvent) => Record<'setup' | 'active' | 'completed', string>>
> = {
  in: ({ place, path }) => ({
    setup: `a guest is waited for at ${place}`,
    active: `a guest comes at ${place}`,
    completed: `the guest is stored at ${path}`,
  }),
  out: ({ place }) => ({
    setup: `the stored guest is to go to ${place}`,
    active: `the stored guest goes to ${place}`,
    completed: `the stored guest has gone to ${place}`,
  }),
  through: ({ place }) => ({
    setup: `the guest that is waited for is to be passed on to ${place}`,
    active: `a guest is passed on to ${place}`,
    completed: `the guest was passed on to ${place}`,
  }),
}

/** One line; `at` is the time in RFC 3339. */
export function guestEventToJson(event: GuestEvent, at: Date): string {
  const diagnostics = event.diagnostics.map(diagnosticToJson)
  return printJson({ time: at.toISOString(), ...event, diagnostics })
}
