/** Every error of chardevs in use, in one place. */
import { type DiagnosticKind, defineKinds } from '../diagnostics/diagnostic.ts'
import { reasonOf } from '../diagnostics/system-errors.ts'
import { systemText } from '../files/system-text.ts'

type Kind<Data> = DiagnosticKind<Data>

const unusable: Kind<{ what: string; reason: string; hint?: string }> = {
  code: 'CHARDEV_UNUSABLE',
  severity: 'error',
  fault: 'usage',
  summary: 'A chardev is well defined, but cannot be used here or in this way.',
  message: ({ what, reason }) => `${what} cannot be used: ${reason}`,
  hint: ({ hint }) => hint,
}

const noName: Kind<{ id: string }> = {
  code: 'CHARDEV_HOSTNAME_MISSING',
  severity: 'error',
  fault: 'usage',
  summary:
    'The name that the certificate of the TLS server has to bear is not known: the chardev listens, and its clients are TLS servers.',
  message: ({ id }) => `chardev ${id} needs tls-hostname: who connects to it has to show a name`,
  hint: () => 'add tls-hostname=NAME',
}

const cannotOpen: Kind<{ path: string; error: unknown; isNew?: boolean }> = {
  code: 'CHARDEV_CANNOT_OPEN',
  severity: 'error',
  fault: 'unavailable',
  summary: 'The file, pipe, device, terminal or log of a chardev cannot be opened.',
  message: ({ path, error, isNew = false }) =>
    `Could not ${isNew ? 'create' : 'open'} '${path}': ${systemText(error)}`,
}

const lost: Kind<{ place: string; error: unknown }> = {
  code: 'CHARDEV_LOST',
  severity: 'error',
  fault: 'unavailable',
  summary: 'The connection of a chardev broke.',
  message: ({ place, error }) => `the connection to ${place} broke: ${reasonOf(error)}`,
}

const programFailed: Kind<{ status: string }> = {
  code: 'CHARDEV_PROGRAM_FAILED',
  severity: 'warning',
  fault: 'answer',
  summary: 'The command of a chardev ended with an error.',
  message: ({ status }) => `the command ended with ${status}`,
}

const logLost: Kind<{ path: string; error: unknown }> = {
  code: 'CHARDEV_LOG_LOST',
  severity: 'warning',
  isAlwaysTold: true,
  fault: 'write',
  summary: 'The log of a chardev cannot be written any more. The chardev goes on without it.',
  message: ({ path, error }) => `the log ${path} is lost: ${reasonOf(error)}`,
}

const notWebsocket: Kind<{ reason: string }> = {
  code: 'CHARDEV_NOT_WEBSOCKET',
  severity: 'error',
  fault: 'answer',
  summary: 'The other side does not speak WebSocket, or not as chardevs do.',
  message: ({ reason }) => `the other side does not speak WebSocket: ${reason}`,
  hint: () => 'chardevs ask for the subprotocol `binary`',
}

const tooSlow: Kind<{ bytes: number }> = {
  code: 'CHARDEV_READER_TOO_SLOW',
  severity: 'warning',
  fault: 'answer',
  summary:
    'One of several readers of a chardev did not read while others did. It was cut off, so that it is not shown a text with a hole.',
  message: ({ bytes }) => `it is more than ${bytes} bytes behind the others`,
}

const notTaken: Kind<{ bytes: number }> = {
  code: 'CHARDEV_INPUT_NOT_TAKEN',
  severity: 'warning',
  fault: 'answer',
  summary:
    'What clients of a shared chardev have typed is not taken by its other side. A client that types more is cut off, so that memory stays bounded.',
  message: ({ bytes }) => `more than ${bytes} bytes that were typed wait to be taken`,
  hint: () => 'look why the other side of the chardev does not read',
}

const clearTarget: Kind<{ place: string }> = {
  code: 'CHARDEV_CLEAR_TARGET',
  severity: 'warning',
  isAlwaysTold: true,
  fault: 'answer',
  summary: 'A chardev connects over a network without TLS.',
  message: ({ place }) => `what goes to ${place} goes over a network in clear`,
  hint: () => 'add tls-creds=ID, of an --object with endpoint=client',
}

const exists: Kind<{ id: string }> = {
  code: 'CHARDEV_EXISTS',
  severity: 'error',
  fault: 'usage',
  summary: 'There is a chardev with the id already.',
  message: ({ id }) => `Chardev with id '${id}' already exists`,
}

const absent: Kind<{ id: string }> = {
  code: 'CHARDEV_ABSENT',
  severity: 'error',
  fault: 'usage',
  summary: 'There is no chardev with the id.',
  message: ({ id }) => `Chardev '${id}' not found`,
}

const busy: Kind<{ id: string }> = {
  code: 'CHARDEV_BUSY',
  severity: 'error',
  fault: 'answer',
  summary: 'A chardev is in use: it is joined to another one.',
  message: ({ id }) => `Chardev '${id}' is busy`,
}

const notRing: Kind<{ id: string }> = {
  code: 'CHARDEV_NOT_RINGBUF',
  severity: 'error',
  fault: 'usage',
  summary: 'Only a chardev with back-end ringbuf can be read and written by a monitor.',
  message: ({ id }) => `${id} is not a ringbuf device`,
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const CHARDEV_KINDS = defineKinds({
  unusable,
  noName,
  cannotOpen,
  lost,
  programFailed,
  logLost,
  notWebsocket,
  tooSlow,
  notTaken,
  clearTarget,
  exists,
  absent,
  busy,
  notRing,
})
