/** A migration that is received, as a service: from its options to the guest that is stored. */
import type { AddressInfo } from 'node:net'
import { diagnose } from '../diagnostics/diagnostic.ts'
import { ENDPOINT_KINDS } from '../endpoint/endpoint-diagnostics.ts'
import { parseMigrationUri } from '../migration/address/migration-uri.ts'
import { describeReceived, receivedToJson } from '../migration/receive/received-report.ts'
import { Receiver } from '../migration/receive/receiver.ts'
import type { ReceivedMigration } from '../migration/receive/reception.ts'
import { isOpenToNetwork, printBoundAddress } from '../net/address.ts'
import { ServiceEnding } from '../service/ending.ts'
import { runService } from '../service/service.ts'
import { logConnection } from './connection-log.ts'
import { loadObjects } from './object-options.ts'
import type { ReceiveCommandOptions } from './receive-options.ts'
import { ReceiveStatus } from './receive-status.ts'
import { logReload } from './reload-log.ts'
import { Terminal } from './terminal.ts'

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
  const listen = parseMigrationUri(options.listen)
  const objects = await loadObjects(options, terminal)
  const { tlsCreds, tlsAuthz, multifd, switchoverAck, handshakeLimit, idleLimit } = options
  const receiver = await Receiver.open(objects, {
    ...{ path, listen, multifd, handshakeLimit, idleLimit },
    credentials: tlsCreds,
    authorization: tlsAuthz,
    switchoverAck: switchoverAck ?? false,
    onProgress: status.update,
    onEvent: (event) => {
      status.end()
      const isTold = !options.quiet || event.event === 'refused'
      if (isTold) logConnection(event, options, terminal)
    },
  })
  const ending = new ServiceEnding()
  receiver.outcome.then(ending.begin, ending.begin)
  await runService({
    objects,
    ending,
    pidFile: options.pidFile,
    drainLimit: DRAIN_LIMIT,
    start: () => receiver.listen(),
    announce: (place) => announce(place, receiver, terminal),
    tellReload: (report) => logReload(report, options, terminal),
    drain: (limit) => receiver.end(limit),
    close: async () => receiver.release(),
  })
  return receiver.outcome
}

function announce(place: AddressInfo | string, { tlsMode }: Receiver, terminal: Terminal): void {
  const address = printBoundAddress(place)
  if (tlsMode === 'off' && isOpenToNetwork(address)) {
    terminal.report(diagnose(ENDPOINT_KINDS.clearText, { address }))
  }
  // Programs that wait for this line wait for it under --quiet too.
  terminal.warn(`ready: ${address} waits for a guest, TLS ${tlsMode}`)
}
