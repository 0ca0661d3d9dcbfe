/** Every error of relays, in one place. */
import { type DiagnosticKind, defineKinds } from '../../diagnostics/diagnostic.ts'
import { reasonOf } from '../../diagnostics/system-errors.ts'

type Kind<Data> = DiagnosticKind<Data>

/** Where a relayed channel leads to. */
type Place = { readonly to: string }

const notAnswered: Kind<Place & { error: unknown }> = {
  code: 'RELAY_NOT_ANSWERED',
  severity: 'warning',
  fault: 'answer',
  summary:
    'The other side ended a channel before it answered anything. Its relay refused us, or could not go on.',
  message: ({ to, error }) =>
    `${to} ended the connection and had not answered anything: ${reasonOf(error)}`,
  hint: () =>
    'it may refuse this certificate, or not reach its QEMU: see what is told there at the same time',
}

const nothingCame: Kind<object> = {
  code: 'RELAY_NOTHING_CAME',
  severity: 'warning',
  fault: 'answer',
  summary:
    'A client was let in, and left before it sent a byte: it may have refused our certificate. Its channel was not opened.',
  message: () => 'the client left before it sent anything',
  hint: () => 'it may refuse this certificate: see what is told there at the same time',
}

const targetLost: Kind<Place & { error: unknown }> = {
  code: 'RELAY_TARGET_LOST',
  severity: 'warning',
  fault: 'answer',
  summary: 'The connection from a relay to where it leads broke. The client was cut off.',
  message: ({ to, error }) => `the connection to ${to} broke: ${reasonOf(error)}`,
}

const guestCut: Kind<Place> = {
  code: 'RELAY_GUEST_CUT',
  severity: 'error',
  fault: 'answer',
  summary: 'The channels of a guest that was passed on closed before the end of the guest came.',
  message: ({ to }) => `the source closed its channels to ${to} before the guest was whole`,
  hint: () => 'the guest still runs on the source: see what its QEMU says',
}

const guestRefused: Kind<Place> = {
  code: 'RELAY_GUEST_REFUSED',
  severity: 'error',
  fault: 'answer',
  summary:
    'The destination of a guest that was passed on has told its source that it does not have it.',
  message: ({ to }) => `the destination ${to} could not load the guest`,
  hint: () => 'see what its QEMU says',
}

const guestCancelled: Kind<Place> = {
  code: 'RELAY_GUEST_CANCELLED',
  severity: 'error',
  fault: 'answer',
  summary: 'The passing on of a guest was ended before the guest was whole.',
  message: ({ to }) => `the passing on to ${to} was cancelled`,
}

const clearTarget: Kind<Place> = {
  code: 'RELAY_CLEAR_TARGET',
  severity: 'warning',
  isAlwaysTold: true,
  fault: 'answer',
  summary: 'A relay passes on without TLS over a network what it received over TLS.',
  message: ({ to }) => `what comes from TLS goes to ${to} in clear, over a network`,
  hint: () => 'relay to a Unix socket or to the loopback of the host that the guest goes to',
}

const noCredentials: Kind<{ what: string }> = {
  code: 'RELAY_NO_CREDENTIALS',
  severity: 'error',
  fault: 'usage',
  summary: 'A relay has no TLS credentials, so the guest would go over the network in clear.',
  message: ({ what }) => `${what} needs --tls-creds: one of its sides has to be TLS`,
  hint: () =>
    '--object tls-creds-x509,id=tls0,dir=DIR,endpoint=client --tls-creds tls0; endpoint=server where the guest arrives',
}

const wrongSide: Kind<{ option: string; endpoint: string; reason: string }> = {
  code: 'RELAY_WRONG_SIDE',
  severity: 'error',
  fault: 'usage',
  summary: 'An option of a relay is for the other side of TLS than its credentials are.',
  message: ({ option, endpoint, reason }) =>
    `${option} is of no use with endpoint=${endpoint}: ${reason}`,
}

const memoryTooSmall: Kind<{ limit: number; least: number }> = {
  code: 'RELAY_MEMORY_TOO_SMALL',
  severity: 'error',
  fault: 'usage',
  summary: 'The memory that a relay may hold is too small for one channel of each guest.',
  message: ({ limit, least }) =>
    `--memory-limit ${limit} is too small: it has to be ${least} bytes`,
}

const repeated: Kind<{ listen: string }> = {
  code: 'RELAY_MAP_REPEATED',
  severity: 'error',
  fault: 'input',
  summary: 'Two relays of a map listen at the same place, or have the same name.',
  message: ({ listen }) => `${listen} stands there twice`,
}

const emptyMap: Kind<{ file: string }> = {
  code: 'RELAY_MAP_EMPTY',
  severity: 'error',
  fault: 'input',
  summary: 'A map names no relay.',
  message: ({ file }) => `${file} names no relay`,
  hint: () =>
    'relays: - id: web1, listen: unix:/run/web1.sock, to: tcp:host:49152, tls-creds: tls0',
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const RELAY_KINDS = defineKinds({
  notAnswered,
  nothingCame,
  targetLost,
  guestCut,
  guestRefused,
  guestCancelled,
  clearTarget,
  noCredentials,
  wrongSide,
  memoryTooSmall,
  repeated,
  emptyMap,
})
