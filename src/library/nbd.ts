/** `cryptopolicy/nbd`: servers and clients of network block devices. */

import { requireDate, requireString } from '../arguments/single-values.ts'
import { type NbdUri, parseNbdUri as parseUri } from '../nbd/client/nbd-uri.ts'
import { printEvent as print, eventToJson as toJson } from '../nbd/server/nbd-event-report.ts'
import type { ServerEvent } from '../nbd/server/server-event.ts'
import { checkEvent } from './event-arguments.ts'

export type { ClientTls } from '../endpoint/client-tls.ts'
export type {
  ConnectionEvent,
  ConnectionOrigin,
  SecuredEvent,
} from '../endpoint/connection-event.ts'
export { NO_TLS, type Secure, type Security } from '../endpoint/security.ts'
export type { TlsMode } from '../endpoint/tls-mode.ts'
export { Traffic } from '../endpoint/traffic.ts'
export type { ExportFacts, ExportInfo, HeaderStyle } from '../nbd/client/client-negotiation.ts'
export { NbdRequestError } from '../nbd/client/client-transmission.ts'
export { NbdClient } from '../nbd/client/nbd-client.ts'
export type { RequestFailure } from '../nbd/client/nbd-client-diagnostics.ts'
export type { NbdClientOptions } from '../nbd/client/open-connection.ts'
export {
  describeExport,
  type ExportDescription,
  type ListedFacts,
  listServer,
  type ServerListing,
} from '../nbd/client/server-listing.ts'
export type { NegotiatedExport } from '../nbd/exports/agreement.ts'
export {
  closeExports,
  type ExportOptions,
  type ExportRequest,
  openExports,
} from '../nbd/exports/export-list.ts'
export { ExportRegistry, type RemoveMode } from '../nbd/exports/export-registry.ts'
export type { NbdExport } from '../nbd/exports/nbd-export.ts'
export type { Extent } from '../nbd/protocol/chunks.ts'
export { NbdServer, type NbdServerOptions } from '../nbd/server/nbd-server.ts'
export type { NbdEvent } from '../nbd/server/server-event.ts'
export type { TransmissionEnd } from '../nbd/server/server-transmission.ts'
export { FileStorage } from '../nbd/storage/file-storage.ts'
export { MemoryStorage } from '../nbd/storage/memory-storage.ts'
export {
  type Storage,
  type StorageExtent,
  storageError,
  type ZeroOptions,
} from '../nbd/storage/storage.ts'
export type { SocketAddress } from '../net/address.ts'
export * from './tls.ts'
export type { NbdUri, ServerEvent }

/**
 * Reads an URI such as `nbds://host/export?tls-certificates=DIR` or `nbd+unix:///export?socket=PATH`.
 *
 * @throws DiagnosticError NBD_URI_INVALID, LIBRARY_ARGUMENT
 */
export function parseNbdUri(text: string): NbdUri {
  return parseUri(requireString(text, 'text'))
}

/**
 * An event as a line of text: `#3 192.0.2.7:50123: uses export 'disk' (read-only)`.
 *
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function printEvent(event: ServerEvent): string {
  return print(checkEvent(event, 'event'))
}

/**
 * An event as a line of JSON.
 *
 * @param at The time of it.
 * @throws DiagnosticError LIBRARY_ARGUMENT
 */
export function eventToJson(event: ServerEvent, at: Date): string {
  return toJson(checkEvent(event, 'event'), requireDate(at, 'at'))
}
