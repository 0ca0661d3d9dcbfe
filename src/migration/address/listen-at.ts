/** Listens at a place in QEMU's words. */
import type { AddressInfo } from 'node:net'
import { fail } from '../../diagnostics/diagnostic.ts'
import type { Listener } from '../../endpoint/listener.ts'
import { listenAtPorts } from '../../endpoint/listening-ports.ts'
import type { SocketFile } from '../../net/socket-file.ts'
import { ADDRESS_KINDS } from './address-diagnostics.ts'
import { type MigrationUri, printMigrationUri } from './migration-uri.ts'

/**
 * @param uri tcp:, unix:, or fd: with a descriptor that listens already.
 * @param file Who may connect to a Unix socket.
 * @returns where it listens; a path for a Unix socket.
 * @throws DiagnosticError MIGRATION_URI_UNUSABLE, ENDPOINT_CANNOT_LISTEN.
 */
export async function listenAt(
  listener: Listener,
  uri: MigrationUri,
  file?: SocketFile,
): Promise<AddressInfo | string> {
  if (uri.kind === 'unix') return listener.listen({ path: uri.path }, file)
  if (uri.kind === 'fd') return listener.listen({ fd: uri.descriptor })
  if (uri.kind === 'tcp') return listenAtPorts(listener, uri)
  return fail(ADDRESS_KINDS.unusableUri, {
    place: printMigrationUri(uri),
    reason: 'nothing can listen there',
    hint: 'listen at tcp:HOST:PORT, unix:PATH, or at fd:N with a socket that listens already',
  })
}
