/** An NBD server as a service: from its options to the signal that ends it. */
import { diagnose, fail } from '../diagnostics/diagnostic.ts'
import { ENDPOINT_KINDS } from '../endpoint/endpoint-diagnostics.ts'
import { findSecurity, type Security } from '../endpoint/security.ts'
import { closeExports, type ExportRequest, openExports } from '../nbd/exports/export-list.ts'
import { ExportRegistry } from '../nbd/exports/export-registry.ts'
import type { NbdExport } from '../nbd/exports/nbd-export.ts'
import { NBD_PORT } from '../nbd/protocol/constants.ts'
import { eventToJson, printEvent } from '../nbd/server/nbd-event-report.ts'
import { NbdServer } from '../nbd/server/nbd-server.ts'
import type { ServerEvent } from '../nbd/server/server-event.ts'
import { isOpenToNetwork, printBoundAddress } from '../net/address.ts'
import { ServiceEnding } from '../service/ending.ts'
import { runService } from '../service/service.ts'
import { listenDescriptors } from '../service/service-manager.ts'
import { formatSize } from './byte-size.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'
import { loadObjects } from './object-options.ts'
import { handlingOf, tellIgnored } from './qemu-nbd-options.ts'
import { logReload } from './reload-log.ts'
import type { ServeOptions } from './serve-options.ts'
import { Terminal } from './terminal.ts'

/** Serves until a signal comes, or the last client has left where that is the end. */
export async function runServer(
  requests: readonly ExportRequest[],
  options: ServeOptions,
): Promise<void> {
  const terminal = new Terminal({ quiet: options.quiet ?? false, isService: true })
  const objects = await loadObjects(options, terminal)
  const security = findSecurity(objects, {
    mode: options.tls,
    credentials: options.tlsCreds,
    authorization: options.tlsAuthz,
    handshakeLimit: options.handshakeLimit,
  })
  if (options.explain) security.settings?.omissions.forEach(terminal.report)
  tellIgnored(options, terminal)
  const exports = await openExports(requests, {
    isReadOnly: options.readOnly ?? false,
    isShared: options.shared !== 1,
    handling: handlingOf(options),
  })
  const ending = new ServiceEnding()
  const server = new NbdServer({
    exports: new ExportRegistry(exports),
    security,
    connectionLimit: options.shared,
    memoryLimit: options.memoryLimit,
    handshakeLimit: options.handshakeLimit,
    idleLimit: options.idleLimit,
    onEvent: (event) => logEvent(event, options, terminal),
    onDeserted: () => options.persistent || ending.begin(),
  })
  await runService({
    objects,
    ending,
    pidFile: options.pidFile,
    drainLimit: options.drainLimit,
    start: () => listen(server, options),
    announce: (places) => announce(places, exports, security, terminal),
    tellReload: (report) => logReload(report, options, terminal),
    drain: (limit) => server.drain(limit),
    close: () => {
      security.release?.()
      return closeExports(exports)
    },
  })
}

async function listen(server: NbdServer, options: ServeOptions): Promise<readonly string[]> {
  const descriptors = listenDescriptors()
  const { socket, port, bind } = options
  if (descriptors.length > 0) {
    for (const [first, value] of Object.entries({
      '--socket': socket,
      '--port': port,
      '--bind': bind,
    })) {
      if (value !== undefined) {
        fail(CLI_KINDS.conflictingOptions, { first, second: 'sockets of the service manager' })
      }
    }
    const places = descriptors.map(async (fd) => printBoundAddress(await server.listen({ fd })))
    return Promise.all(places)
  }
  if (socket !== undefined) {
    return [printBoundAddress(await server.listen({ path: socket }))]
  }
  const address = { port: port ?? NBD_PORT, ...(bind === undefined ? {} : { host: bind }) }
  return [printBoundAddress(await server.listen(address))]
}

function announce(
  places: readonly string[],
  exports: readonly NbdExport[],
  { tlsMode }: Security,
  terminal: Terminal,
): void {
  for (const address of places) {
    const isOpen = tlsMode !== 'required' && isOpenToNetwork(address)
    if (isOpen) terminal.report(diagnose(ENDPOINT_KINDS.clearText, { address }))
  }
  const names = exports.map(
    ({ name, storage, isReadOnly }) =>
      `'${name}' (${formatSize(storage.size)}${isReadOnly ? ', read-only' : ''})`,
  )
  // Programs that wait for this line wait for it under --quiet too.
  terminal.warn(`ready: ${places.join(', ')} serves ${names.join(', ')}, TLS ${tlsMode}`)
}

function logEvent(event: ServerEvent, { quiet, log }: ServeOptions, terminal: Terminal): void {
  if (quiet && event.event !== 'failed') return
  terminal.warn(log === 'json' ? eventToJson(event, new Date()) : printEvent(event))
}
