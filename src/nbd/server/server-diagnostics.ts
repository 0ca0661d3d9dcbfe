/** Every error of the NBD server, and why it ends connections, in one place. */
import { type DiagnosticKind, defineKinds } from '../../diagnostics/diagnostic.ts'
import { reasonOf } from '../../diagnostics/system-errors.ts'
import { STRING_LIMIT } from '../protocol/constants.ts'
import { commandName, optionName } from '../protocol/names.ts'

type Kind<Data> = DiagnosticKind<Data>

const brokenProtocol: Kind<{ what: string }> = {
  code: 'NBD_CLIENT_BROKE_PROTOCOL',
  severity: 'warning',
  fault: 'answer',
  summary: 'A client sent something that the protocol does not allow; its connection was ended.',
  message: ({ what }) => `the client broke the protocol: it sent ${what}`,
}

const lostConnection: Kind<{ error: unknown }> = {
  code: 'NBD_CLIENT_LOST',
  severity: 'warning',
  fault: 'answer',
  summary: 'A connection broke.',
  message: ({ error }) => `the connection broke: ${reasonOf(error)}`,
}

const ownMistake: Kind<{ error: unknown }> = {
  code: 'NBD_SERVER_MISTAKE',
  severity: 'error',
  fault: 'unavailable',
  summary: 'This program made a mistake while it served a client; that connection alone was ended.',
  message: ({ error }) => `this program made a mistake: ${reasonOf(error)}`,
  hint: () => 'please report it, with what the client did',
}

const refused: Kind<{ option: number; text: string }> = {
  code: 'NBD_CLIENT_REFUSED',
  severity: 'warning',
  fault: 'answer',
  summary: 'A client left because it did not get what it asked for.',
  message: ({ option, text }) => `the client was refused ${optionName(option)}: ${text}`,
}

const handshakeTime: Kind<{ seconds: number }> = {
  code: 'NBD_HANDSHAKE_TIME',
  severity: 'warning',
  fault: 'answer',
  summary: 'A client did not finish the negotiation in time; its connection was ended.',
  message: ({ seconds }) => `the negotiation was not finished in ${seconds} s`,
  hint: () => 'see --handshake-limit',
}

const idle: Kind<{ seconds: number }> = {
  code: 'NBD_IDLE',
  severity: 'warning',
  fault: 'answer',
  summary: 'Nothing was sent or taken on a connection for too long; it was ended.',
  message: ({ seconds }) => `nothing was sent or taken for ${seconds} s`,
  hint: () => 'see --idle-limit',
}

const storageFailed: Kind<{ export: string; command: number; offset: number; error: unknown }> = {
  code: 'NBD_STORAGE_FAILED',
  severity: 'error',
  fault: 'unavailable',
  summary: 'The storage of an export failed. The client was told, and the connection goes on.',
  message: ({ export: name, command, offset, error }) =>
    `export '${name}': ${commandName(command)} at ${offset} failed: ${reasonOf(error)}`,
}

const tooManyWaiting: Kind<{ limit: number }> = {
  code: 'NBD_TOO_MANY_WAITING',
  severity: 'warning',
  fault: 'answer',
  summary: 'As many clients as are allowed are served, and as many wait: one more was sent away.',
  message: ({ limit }) => `${limit} clients wait already: the connection was ended`,
  hint: () => 'see --shared',
}

const cannotOpen: Kind<{ path: string; error: unknown }> = {
  code: 'NBD_EXPORT_UNREADABLE',
  severity: 'error',
  fault: 'missing',
  summary: 'A file that is to be exported cannot be opened.',
  message: ({ path, error }) => `cannot export ${path}: ${reasonOf(error)}`,
  hint: ({ error }) => OPEN_HINTS[(error as NodeJS.ErrnoException).code ?? ''],
}

const OPEN_HINTS: Readonly<Record<string, string>> = {
  EACCES: 'with --read-only, permission to read is enough',
  EROFS: 'add --read-only',
  EISDIR: 'name an image file or a block device',
}

const duplicateExport: Kind<{ name: string }> = {
  code: 'NBD_DUPLICATE_EXPORT',
  severity: 'error',
  fault: 'usage',
  summary: 'Two exports have the same name.',
  message: ({ name }) => (name === '' ? 'two exports have no name' : `two exports are '${name}'`),
  hint: () => 'give each a name of its own: --export NAME=FILE, or --export-name NAME',
}

const unspeakable: Kind<{ what: string; text: string }> = {
  code: 'NBD_NAME_UNSPEAKABLE',
  severity: 'error',
  fault: 'usage',
  summary: 'A name or description of an export is longer than the protocol allows, or holds a NUL.',
  message: ({ what, text }) =>
    `the ${what} ${JSON.stringify(text.slice(0, 20))}... is not one that the protocol could carry`,
  hint: () => `it may have ${STRING_LIMIT} bytes, and no NUL`,
}

const clearText: Kind<{ address: string }> = {
  code: 'NBD_CLEAR_TEXT',
  severity: 'warning',
  isAlwaysTold: true,
  fault: 'answer',
  summary: 'The server offers its exports to a network without TLS.',
  message: ({ address }) => `everybody who reaches ${address} may read and change the exports`,
  hint: () =>
    'require TLS: --object tls-creds-x509,id=tls0,dir=DIR,endpoint=server --tls-creds tls0',
}

const cannotListen: Kind<{ address: string; error: unknown }> = {
  code: 'NBD_CANNOT_LISTEN',
  severity: 'error',
  fault: 'unavailable',
  summary: 'The server cannot listen at its address.',
  message: ({ address, error }) => `cannot listen at ${address}: ${reasonOf(error)}`,
  hint: ({ error }) =>
    (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
      ? 'stop what listens there, or choose another --port or --socket'
      : undefined,
}

/** Errors by the name the code uses; docs/errors.md lists them by code. */
export const NBD_SERVER_KINDS = defineKinds({
  brokenProtocol,
  lostConnection,
  ownMistake,
  refused,
  handshakeTime,
  idle,
  storageFailed,
  tooManyWaiting,
  cannotOpen,
  duplicateExport,
  unspeakable,
  clearText,
  cannotListen,
})
