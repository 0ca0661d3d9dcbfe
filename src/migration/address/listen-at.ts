/** Listens at a place in QEMU's words. */
import type { AddressInfo, ListenOptions } from 'node:net'
import { DiagnosticError, fail } from '../../diagnostics/diagnostic.ts'
import type { Listener } from '../../endpoint/listener.ts'
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

type TcpUri = Extract<MigrationUri, { kind: 'tcp' }>

/** The first port that is free, up to the last that may be tried. */
async function listenAtPorts(listener: Listener, uri: TcpUri): Promise<AddressInfo | string> {
  const { port, lastPort = port } = uri
  for (let next = port; ; next++) {
    try {
      return await listener.listen({ ...hostOptions(uri), port: next })
    } catch (error) {
      if (next >= lastPort || !(error instanceof DiagnosticError)) throw error
    }
  }
}

function hostOptions({ host, family }: TcpUri): ListenOptions {
  if (host !== '') return { host }
  return family === undefined ? {} : { host: family === 4 ? '0.0.0.0' : '::', ipv6Only: true }
}
