/** An NBD server as a service: from its options to the signal that ends it. */
import type { AddressInfo } from 'node:net'
import { diagnose, fail } from '../diagnostics/diagnostic.ts'
import { diagnosticToJson, printJson } from '../diagnostics/diagnostic-json.ts'
import { NBD_PORT } from '../nbd/protocol/constants.ts'
import { eventToJson, printEvent } from '../nbd/server/event-report.ts'
import { closeExports, type ExportRequest, openExports } from '../nbd/server/export-list.ts'
import { NbdServer } from '../nbd/server/nbd-server.ts'
import type { Offer } from '../nbd/server/negotiation.ts'
import { NBD_SERVER_KINDS } from '../nbd/server/server-diagnostics.ts'
import type { ServerEvent } from '../nbd/server/server-event.ts'
import { printHostAndPort } from '../net/address.ts'
import { removeStaleSocket } from '../net/unix-socket.ts'
import type { ReloadReport } from '../tls/objects/reload-report.ts'
import type { TlsObjects } from '../tls/objects/tls-objects.ts'
import { formatSize } from './byte-size.ts'
import { CLI_KINDS } from './cli-diagnostics.ts'
import type { ServeOptions } from './commands/nbd-serve.ts'
import { loadObjects } from './object-options.ts'
import { removePidFile, writePidFile } from './pid-file.ts'
import { listenDescriptors, notifyReloading, notifyServiceManager } from './service-manager.ts'
import { Terminal } from './terminal.ts'

/** Serves until a signal comes, or the last client has left where that is the end. */
export async function runServer(
  requests: readonly ExportRequest[],
  options: ServeOptions,
): Promise<void> {
  const terminal = new Terminal({ quiet: options.quiet ?? false, isService: true })
  const objects = await loadObjects(options, terminal)
  const security = securityOf(objects, options, terminal)
  const exports = await openExports(requests, {
    isReadOnly: options.readOnly ?? false,
    isShared: options.shared !== 1,
  })
  const end = new Ending()
  const offer: Offer = { exports, ...security }
  const server = new NbdServer({
    offer,
    connectionLimit: options.shared,
    memoryLimit: options.memoryLimit,
    handshakeLimit: options.handshakeLimit,
    idleLimit: options.idleLimit,
    onEvent: (event) => logEvent(event, options, terminal),
    onDeserted: () => options.persistent || end.begin(),
  })
  try {
    const places = await listen(server, options)
    if (options.pidFile !== undefined) writePidFile(options.pidFile)
    watchObjects(objects, options, terminal)
    end.onSignals()
    announce(places, offer, terminal)
    await end.begun
    notifyServiceManager('STOPPING=1')
    await Promise.race([server.drain(options.drainLimit * 1000), end.hurried])
  } finally {
    end.close()
    objects.close()
    await server.drain(0)
    await closeExports(exports)
    if (options.pidFile !== undefined) removePidFile(options.pidFile)
  }
}

/** When the server is told to end; told once more, it waits for nobody. */
class Ending {
  begin: () => void = () => {}
  readonly begun = new Promise<void>((resolve) => {
    this.begin = resolve
  })
  #hurry: () => void = () => {}
  readonly hurried = new Promise<void>((resolve) => {
    this.#hurry = resolve
  })

  onSignals(): void {
    for (const signal of ENDING_SIGNALS) process.on(signal, this.#onSignal)
  }

  close(): void {
    for (const signal of ENDING_SIGNALS) process.off(signal, this.#onSignal)
  }

  #count = 0

  readonly #onSignal = (): void => {
    this.#count++
    if (this.#count > 1) this.#hurry()
    this.begin()
  }
}

const ENDING_SIGNALS = ['SIGTERM', 'SIGINT'] as const

/** Looked up once here, so that a wrong id is told at the start. */
function securityOf(
  objects: TlsObjects,
  { tls, tlsCreds, tlsAuthz, handshakeLimit, explain }: ServeOptions,
  terminal: Terminal,
): Pick<Offer, 'tlsMode' | 'secure'> {
  if (tlsCreds === undefined || tls === 'off') {
    return { tlsMode: 'off', secure: () => Promise.reject(new Error('there is no TLS')) }
  }
  const credentials = objects.credentials(tlsCreds, 'server')
  const authorization = tlsAuthz === undefined ? undefined : objects.authorization(tlsAuthz)
  if (authorization) credentials.checkAuthorization(authorization)
  if (explain) credentials.settings.omissions.forEach(terminal.report)
  const timeout = handshakeLimit === 0 ? undefined : handshakeLimit * 1000
  return {
    tlsMode: tls ?? 'required',
    secure: (connection) => credentials.accept(connection, { authorization, timeout }),
  }
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
    const places = descriptors.map(async (fd) => nameAddress(await server.listen({ fd })))
    return Promise.all(places)
  }
  if (socket !== undefined) {
    await removeStaleSocket(socket)
    return [nameAddress(await server.listen({ path: socket }))]
  }
  const place = { port: port ?? NBD_PORT, ...(bind === undefined ? {} : { host: bind }) }
  return [nameAddress(await server.listen(place))]
}

function nameAddress(address: AddressInfo | string): string {
  return typeof address === 'string' ? address : printHostAndPort(address.address, address.port)
}

const LOOPBACK = /^(127\.|\[::1\])/

function announce(
  places: readonly string[],
  { exports, tlsMode }: Offer,
  terminal: Terminal,
): void {
  for (const address of places) {
    const isOpen = tlsMode !== 'required' && address.includes(':') && !LOOPBACK.test(address)
    if (isOpen) terminal.report(diagnose(NBD_SERVER_KINDS.clearText, { address }))
  }
  const names = exports.map(
    ({ name, storage, isReadOnly }) =>
      `'${name}' (${formatSize(storage.size)}${isReadOnly ? ', read-only' : ''})`,
  )
  // Whoever waits for this line waits for it under --quiet too.
  terminal.warn(`ready: ${places.join(', ')} serves ${names.join(', ')}, TLS ${tlsMode}`)
  notifyServiceManager('READY=1')
}

function logEvent(event: ServerEvent, { quiet, log }: ServeOptions, terminal: Terminal): void {
  if (quiet && event.event !== 'failed') return
  terminal.warn(log === 'json' ? eventToJson(event, new Date()) : printEvent(event))
}

/** New certificates, keys and policies are taken up when their files change, and on SIGHUP. */
function watchObjects(objects: TlsObjects, options: ServeOptions, terminal: Terminal): void {
  const tell = (report: ReloadReport) => logReload(report, options, terminal)
  objects.watch(tell)
  process.on('SIGHUP', () => {
    notifyReloading()
    tell(objects.reload())
    notifyServiceManager('READY=1')
  })
}

function logReload(
  { objects, diagnostics }: ReloadReport,
  { log }: ServeOptions,
  terminal: Terminal,
): void {
  const changed = objects.filter(({ outcome }) => outcome !== 'unchanged')
  if (log === 'json') {
    const time = new Date().toISOString()
    const rows = changed.map((row) => ({
      ...row,
      diagnostics: row.diagnostics.map(diagnosticToJson),
    }))
    terminal.warn(printJson({ time, event: 'reloaded', objects: rows }))
    return
  }
  diagnostics.forEach(terminal.report)
  if (diagnostics.length > 0) terminal.note('the old policy stays')
  for (const { id, type, outcome, diagnostics: reasons } of changed) {
    terminal.note(`${type} '${id}': ${describeReload(type, outcome)}`)
    reasons.forEach(terminal.report)
  }
}

function describeReload(type: string, outcome: ReloadReport['objects'][number]['outcome']): string {
  if (outcome === 'replaced') return 'loaded anew'
  return type.startsWith('authz-')
    ? 'the new file is refused, and everybody is denied until it is mended'
    : 'the new files are refused, the old ones stay'
}
