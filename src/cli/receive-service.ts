/** A migration that is received, as a service: from its options to the guest that is stored. */
import type { AddressInfo } from 'node:net'
import { diagnose } from '../diagnostics/diagnostic.ts'
import type { ConnectionEvent } from '../endpoint/connection-event.ts'
import { ENDPOINT_KINDS } from '../endpoint/endpoint-diagnostics.ts'
import { Listener } from '../endpoint/listener.ts'
import { findSecurity, type Security } from '../endpoint/security.ts'
import { listenAt } from '../migration/address/listen-at.ts'
import { parseMigrationUri } from '../migration/address/migration-uri.ts'
import { openStore } from '../migration/receive/open-store.ts'
import { ReceiveHandler } from '../migration/receive/receive-handler.ts'
import { describeReceived, receivedToJson } from '../migration/receive/received-report.ts'
import { type ReceivedMigration, Reception } from '../migration/receive/reception.ts'
import { isOpenToNetwork, printBoundAddress } from '../net/address.ts'
import { ServiceEnding } from '../service/ending.ts'
import { runService } from '../service/service.ts'
import { logConnection } from './connection-log.ts'
import { loadObjects } from './object-options.ts'
import type { ReceiveCommandOptions } from './receive-options.ts'
import { ReceiveStatus } from './receive-status.ts'
import { logReload } from './reload-log.ts'
import { Terminal } from './terminal.ts'

/** A guest may come in clear there: its owner alone may connect. */
const SOCKET_FILE = { mode: 0o600 } as const

/** Connections that have not said yet what they are, beside the channels. */
const UNKNOWN_CONNECTIONS = 4

/** How long connections may take to close when the guest is stored, in seconds. */
const DRAIN_LIMIT = 2

/** @throws DiagnosticError where no guest was stored. */
export async function runReceive(path: string, options: ReceiveCommandOptions): Promise<void> {
  const { quiet = false, json = false } = options
  const terminal = new Terminal({ quiet, json, isService: true })
  const status = new ReceiveStatus(terminal)
  const received = await receive(path, options, { terminal, status }).finally(() => status.end())
  received.warnings.forEach(terminal.report)
  if (json) terminal.setResult(receivedToJson(received, status.seconds))
  else terminal.note(describeReceived(received, status.seconds))
}

type Told = { readonly terminal: Terminal; readonly status: ReceiveStatus }

async function receive(
  path: string,
  options: ReceiveCommandOptions,
  { terminal, status }: Told,
): Promise<ReceivedMigration> {
  const uri = parseMigrationUri(options.listen)
  const objects = await loadObjects(options, terminal)
  const security = findSecurity(objects, {
    credentials: options.tlsCreds,
    authorization: options.tlsAuthz,
    handshakeLimit: options.handshakeLimit,
  })
  const { multifd, idleLimit, switchoverAck = false } = options
  const store = await openStore(path, multifd)
  const onProgress = status.update
  const reception = new Reception({ store, multifd, idleLimit, switchoverAck, onProgress })
  const listener = openListener(reception, security, options, (event) => {
    status.end()
    const isTold = !options.quiet || event.event === 'refused'
    if (isTold) logConnection(event, options, terminal)
  })
  const ending = new ServiceEnding()
  const isOver = reception.outcome.then(ending.begin, ending.begin)
  await runService({
    objects,
    ending,
    pidFile: options.pidFile,
    drainLimit: DRAIN_LIMIT,
    start: () => listenAt(listener, uri, SOCKET_FILE),
    announce: (place) => announce(place, security, terminal),
    tellReload: (report) => logReload(report, options, terminal),
    drain: async (limit) => {
      reception.cancel()
      await isOver
      await listener.drain(limit)
    },
    close: async () => security.release?.(),
  })
  return reception.outcome
}

function openListener(
  reception: Reception,
  security: Security,
  options: ReceiveCommandOptions,
  onEvent: (event: ConnectionEvent) => void,
): Listener {
  return new Listener({
    handle: () => new ReceiveHandler(security, reception),
    connectionLimit: 1 + options.multifd + UNKNOWN_CONNECTIONS,
    handshakeLimit: options.handshakeLimit,
    clientsBegin: true,
    onEvent,
  })
}

function announce(place: AddressInfo | string, { tlsMode }: Security, terminal: Terminal): void {
  const address = printBoundAddress(place)
  if (tlsMode === 'off' && isOpenToNetwork(address)) {
    terminal.report(diagnose(ENDPOINT_KINDS.clearText, { address }))
  }
  // Programs that wait for this line wait for it under --quiet too.
  terminal.warn(`ready: ${address} waits for a guest, TLS ${tlsMode}`)
}
