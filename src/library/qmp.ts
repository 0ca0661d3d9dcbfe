/** `cryptopolicy/qmp`: a client of QMP monitors, of this program and of QEMU. */
import { requireObject } from '../arguments/objects.ts'
import type { MonitorConnection } from '../monitor/client/monitor-connection.ts'
import { openMonitor as open } from '../monitor/client/open-monitor.ts'
import type { QmpClient } from '../monitor/client/qmp-client.ts'
import type { SocketAddress } from '../net/address.ts'

export type { MonitorConnection } from '../monitor/client/monitor-connection.ts'
export type { QmpClient } from '../monitor/client/qmp-client.ts'
export type { QmpEvent } from '../monitor/client/qmp-event.ts'
export type { JsonObject, JsonValue } from '../monitor/protocol/json-value.ts'
export type { SocketAddress } from '../net/address.ts'
export * from './diagnostics.ts'

/** In milliseconds. */
const DEFAULT_TIMEOUT = 30_000

/**
 * Connects to a monitor and ends the negotiation with it.
 *
 * @throws DiagnosticError LIBRARY_..., NET_..., TLS_..., QMP_...
 */
export async function openMonitor(
  address: SocketAddress,
  options: Partial<MonitorConnection> = {},
): Promise<QmpClient> {
  requireObject(options, 'options')
  return open(address, { timeout: DEFAULT_TIMEOUT, ...options })
}
