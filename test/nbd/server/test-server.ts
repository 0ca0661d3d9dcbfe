/** A server in this process on a Unix socket of its own, gone after the test. */
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { NO_TLS, type Secure } from '../../../src/endpoint/security.ts'
import type { TlsMode } from '../../../src/endpoint/tls-mode.ts'
import { ExportRegistry } from '../../../src/nbd/exports/export-registry.ts'
import type { NbdExport } from '../../../src/nbd/exports/nbd-export.ts'
import { NbdServer, type NbdServerOptions } from '../../../src/nbd/server/nbd-server.ts'
import type { ServerEvent } from '../../../src/nbd/server/server-event.ts'
import { MemoryStorage } from '../../../src/nbd/storage/memory-storage.ts'
import type { Storage } from '../../../src/nbd/storage/storage.ts'
import type { TlsCredentials } from '../../../src/tls/credentials/credentials.ts'
import { TlsObjects } from '../../../src/tls/objects/tls-objects.ts'
import { scratchFolder } from '../../cli/command.ts'
import { makeX509Folder } from '../nbd-credentials.ts'

export type TestServer = {
  readonly path: string
  readonly server: NbdServer
  readonly events: ServerEvent[]
}

export type TestServerOptions = Omit<NbdServerOptions, 'exports' | 'security'> & {
  readonly exports?: readonly NbdExport[] | ExportRegistry
  readonly tlsMode?: TlsMode
}

export function exportOf(storage: Storage, more: Partial<NbdExport> = {}): NbdExport {
  return { name: '', storage, isReadOnly: false, isShared: true, ...more }
}

/** Without exports, one of 64 MiB of memory. */
export async function startServer({
  exports = [exportOf(new MemoryStorage(64 * 1024 * 1024))],
  tlsMode = 'off',
  ...options
}: TestServerOptions = {}): Promise<TestServer> {
  const path = join(scratchFolder(), 'nbd.sock')
  const events: ServerEvent[] = []
  const server = new NbdServer({
    exports: exports instanceof ExportRegistry ? exports : new ExportRegistry(exports),
    security: tlsMode === 'off' ? NO_TLS : { tlsMode, secure: serverTls() },
    onEvent: (event) => void events.push(event),
    ...options,
  })
  await server.listen({ path })
  onTestFinished(() => server.drain(0))
  return { path, server, events }
}

let credentials: TlsCredentials | undefined

/** Handshakes with a certificate that is made once for each file of tests. */
function serverTls(): Secure {
  const made = credentials ?? makeCredentials()
  credentials = made
  return (connection) => made.accept(connection, { timeout: 240_000 })
}

function makeCredentials(): TlsCredentials {
  const properties = { endpoint: 'server', dir: makeX509Folder(), 'verify-peer': 'off' }
  const definition = { type: 'tls-creds-x509', id: 'tls0', properties }
  return TlsObjects.create([definition]).credentials('tls0', 'server')
}

/** Waits until something holds, however long that takes. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5))
}
