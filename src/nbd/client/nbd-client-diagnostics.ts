/** Every error of the NBD client, in one place. */
import { type DiagnosticKind, defineKinds } from '../../diagnostics/diagnostic.ts'
import { reasonOf } from '../../diagnostics/system-errors.ts'
import { describeError } from '../protocol/errors.ts'
import { commandName, optionName, replyName } from '../protocol/names.ts'

type Kind<Data> = DiagnosticKind<Data>

const badUri: Kind<{ uri: string; reason: string; hint?: string }> = {
  code: 'NBD_URI_INVALID',
  severity: 'error',
  fault: 'usage',
  summary: 'The text is no NBD URI.',
  message: ({ uri, reason }) => `\`${uri}\` is no NBD URI: ${reason}`,
  hint: ({ hint }) => hint ?? 'for instance: nbds://host:10809/export',
}

const protocolBroken: Kind<{ server: string; what: string }> = {
  code: 'NBD_PROTOCOL_BROKEN',
  severity: 'error',
  fault: 'unavailable',
  summary: 'The server sent something that the protocol does not allow; the connection was ended.',
  message: ({ server, what }) => `${server} broke the protocol: it sent ${what}`,
}

const oldStyle: Kind<{ server: string }> = {
  code: 'NBD_OLD_STYLE',
  severity: 'error',
  fault: 'unavailable',
  summary: 'The server speaks the old style of the protocol, which has neither names nor TLS.',
  message: ({ server }) => `${server} speaks the old style of NBD, which cannot be negotiated`,
  hint: () => 'start the server without its option for the old style, or use a newer server',
}

const notFixed: Kind<{ server: string }> = {
  code: 'NBD_NOT_FIXED_NEWSTYLE',
  severity: 'error',
  fault: 'unavailable',
  summary:
    'The server does not speak the fixed new style of the protocol, or an attacker on the way took that from its greeting. There can be no TLS without it.',
  message: ({ server }) => `${server} does not speak the fixed new style of NBD`,
}

const serverRequiresTls: Kind<{ server: string; option: number; hasCredentials: boolean }> = {
  code: 'NBD_SERVER_REQUIRES_TLS',
  severity: 'error',
  fault: 'unavailable',
  summary: 'The server demands TLS of all clients, or of those of this export.',
  message: ({ server, option }) =>
    `This NBD server requires TLS: ${server} refuses ${optionName(option)} without it`,
  hint: ({ hasCredentials }) =>
    hasCredentials
      ? 'use --tls required'
      : 'give credentials: --object tls-creds-x509,id=tls0,dir=DIR,endpoint=client --tls-creds tls0',
}

const serverWithoutTls: Kind<{ server: string; reply: number; text: string }> = {
  code: 'NBD_SERVER_WITHOUT_TLS',
  severity: 'error',
  fault: 'unavailable',
  summary:
    'TLS is required here, and the server, or an attacker on the way to it, refuses it. Nothing else was sent.',
  message: ({ server, reply, text }) =>
    `This NBD server does not offer TLS, which is required here: ${server} answers ${replyName(reply)}${saying(text)}`,
  hint: () =>
    'give the server TLS credentials; without TLS an attacker on the way reads and changes the data',
}

const clearText: Kind<{ server: string; reply: number }> = {
  code: 'NBD_NOT_ENCRYPTED',
  severity: 'warning',
  fault: 'unavailable',
  summary: 'TLS was optional and the server refused it, so the connection is in clear.',
  message: ({ server, reply }) =>
    `${server} does not offer TLS (${replyName(reply)}): the connection is in clear`,
  hint: () => 'use --tls required to refuse such servers',
}

const injected: Kind<{ server: string }> = {
  code: 'NBD_DATA_BEFORE_TLS',
  severity: 'error',
  fault: 'unavailable',
  summary:
    'Data came in clear behind the reply to NBD_OPT_STARTTLS, where a server waits for the client. An attacker on the way may have put it there, so the connection was ended.',
  message: ({ server }) => `data in clear came from ${server} where the TLS handshake has to begin`,
}

const tlsNeedsCredentials: Kind<{ server: string }> = {
  code: 'NBD_TLS_CREDENTIALS_MISSING',
  severity: 'error',
  fault: 'usage',
  summary: 'TLS is asked for, but no credentials were given.',
  message: ({ server }) => `TLS to ${server} needs credentials`,
  hint: () =>
    'for instance: --object tls-creds-x509,id=tls0,dir=DIR,endpoint=client --tls-creds tls0',
}

const optionRefused: Kind<{ server: string; option: number; reply: number; text: string }> = {
  code: 'NBD_OPTION_REFUSED',
  severity: 'error',
  fault: 'unavailable',
  summary: 'The server refuses something that the client cannot do without.',
  message: ({ server, option, reply, text }) =>
    `${server} refuses ${optionName(option)}: ${replyName(reply)}${saying(text)}`,
}

const unknownExport: Kind<{ server: string; name: string; text: string }> = {
  code: 'NBD_EXPORT_UNKNOWN',
  severity: 'error',
  fault: 'missing',
  summary: 'The server has no export of that name.',
  message: ({ server, name, text }) => `${server} has no export \`${name}\`${saying(text)}`,
  hint: () => 'see cryptopolicy nbd list',
}

const closed: Kind<{ server: string; when: string; error?: unknown }> = {
  code: 'NBD_CONNECTION_LOST',
  severity: 'error',
  fault: 'unavailable',
  summary: 'The connection ended while an answer was still to come.',
  message: ({ server, when, error }) =>
    `the connection to ${server} ended ${when}${error ? `: ${reasonOf(error)}` : ''}`,
}

const closedAfterTls: Kind<{ server: string }> = {
  code: 'NBD_ENDED_AFTER_TLS',
  severity: 'error',
  fault: 'unavailable',
  summary:
    'The server ended the connection when TLS had begun, before it served an export. Servers do so when they refuse the certificate of a client, or when the authorization does not let it in.',
  message: ({ server }) => `${server} ended the connection after TLS had begun`,
  hint: () =>
    'it may refuse your certificate (client-cert.pem beside ca-cert.pem) or shared key, or that you show none: its log says why',
}

const requestFailed: Kind<RequestFailure> = {
  code: 'NBD_REQUEST_FAILED',
  severity: 'error',
  fault: 'unavailable',
  summary: 'The server could not carry out a request.',
  message: (failure) =>
    `${failure.server} failed ${commandName(failure.command)} of ${failure.length} bytes at ${failure.offset}: ${describeError(failure.error)}${saying(failure.text)}`,
}

/** What is known of a request that failed. */
export type RequestFailure = {
  readonly server: string
  readonly command: number
  /** In bytes. */
  readonly offset: number
  /** In bytes. */
  readonly length: number
  /** NBD_ERROR... */
  readonly error: number
  /** What the server says to it. */
  readonly text: string
}

const outOfRange: Kind<{ offset: number; length: number; size: number; minimum: number }> = {
  code: 'NBD_OUT_OF_RANGE',
  severity: 'error',
  fault: 'usage',
  summary: 'A request goes beyond the export, or is not aligned to its minimum block size.',
  message: ({ offset, length, size, minimum }) =>
    `${length} bytes at ${offset} are not within ${size} bytes in blocks of ${minimum}`,
}

const exportTooLarge: Kind<{ server: string; name: string; size: string }> = {
  code: 'NBD_EXPORT_TOO_LARGE',
  severity: 'error',
  fault: 'unavailable',
  summary: 'The export has more than 2^53 - 1 bytes, and this client cannot count further.',
  message: ({ server, name, size }) =>
    `the export \`${name}\` of ${server} has ${size} bytes, and this client can work with 2^53 - 1 (8 PiB) at most`,
}

const mapTooFine: Kind<{ server: string; at: number; size: number; runs: number }> = {
  code: 'NBD_MAP_TOO_FINE',
  severity: 'error',
  fault: 'unavailable',
  summary:
    'Each answer of the server describes too little, or there are too many changes between data and holes. The map of the export was given up.',
  message: ({ server, at, size, runs }) =>
    `${server} tells of its blocks in pieces that are too small: after ${runs} runs the map has come to ${at} of ${size} bytes`,
}

const cannotDo: Kind<{ server: string; command: number }> = {
  code: 'NBD_NOT_SUPPORTED',
  severity: 'error',
  fault: 'unavailable',
  summary: 'The export cannot do what is asked: it is read-only, or its server is too old.',
  message: ({ server, command }) => `the export of ${server} has no ${commandName(command)}`,
}

const contextMissing: Kind<{ server: string; context: string }> = {
  code: 'NBD_CONTEXT_MISSING',
  severity: 'error',
  fault: 'unavailable',
  summary: 'The server does not tell of what a map was asked of: it has no such metadata context.',
  message: ({ server, context }) =>
    `the export of ${server} has no metadata context ${JSON.stringify(context)}`,
}

const badCommand: Kind<{ what: string }> = {
  code: 'NBD_COMMAND_INVALID',
  severity: 'error',
  fault: 'usage',
  summary: 'Brackets hold no command that could be started as a server.',
  message: ({ what }) => what,
  hint: () => 'for instance: cryptopolicy nbd info -- [ qemu-nbd -r -f qcow2 disk.qcow2 ]',
}

const commandEnded: Kind<{ command: string; how: string }> = {
  code: 'NBD_COMMAND_ENDED',
  severity: 'error',
  fault: 'unavailable',
  summary: 'A command in brackets ended before its work as a server was done.',
  message: ({ command, how }) => `${command} ended ${how}`,
  hint: () => 'it has to serve the socket that it is handed, as qemu-nbd and nbdkit do',
}

function saying(text: string): string {
  return text === '' ? '' : `, saying "${text}"`
}

export const NBD_CLIENT_KINDS = defineKinds({
  badUri,
  protocolBroken,
  oldStyle,
  notFixed,
  serverRequiresTls,
  serverWithoutTls,
  clearText,
  injected,
  tlsNeedsCredentials,
  optionRefused,
  unknownExport,
  closed,
  closedAfterTls,
  requestFailed,
  outOfRange,
  exportTooLarge,
  mapTooFine,
  cannotDo,
  contextMissing,
  badCommand,
  commandEnded,
})
