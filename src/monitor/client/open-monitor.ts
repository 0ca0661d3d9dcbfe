/** Connects to a monitor, over TLS where there are credentials. */
import type { Duplex } from 'node:stream'
import { printAddress, type SocketAddress } from '../../net/address.ts'
import { checkAddress } from '../../net/address-arguments.ts'
import { dial } from '../../net/dial.ts'
import type { TlsCredentials } from '../../tls/credentials/credentials.ts'
import { checkConnection } from './client-arguments.ts'
import type { MonitorConnection } from './monitor-connection.ts'
import { QmpClient } from './qmp-client.ts'

/** @throws DiagnosticError NET_..., TLS_..., QMP_... */
export async function openMonitor(
  address: SocketAddress,
  options: MonitorConnection,
): Promise<QmpClient> {
  checkAddress(address, 'address')
  const { credentials, hostname, timeout, onEvent } = checkConnection(options, 'options')
  const socket = await dial(address, { timeout })
  const secured = credentials ? await secure(socket, { credentials, hostname, timeout }) : socket
  const name = printAddress(address)
  return QmpClient.open(secured, { name, timeout, ...(onEvent ? { onEvent } : {}) })
}

async function secure(
  socket: Duplex,
  {
    credentials,
    hostname,
    timeout,
  }: { credentials: TlsCredentials; hostname: string | undefined; timeout: number },
): Promise<Duplex> {
  const session = await credentials.connect(socket, {
    ...(hostname === undefined ? {} : { hostname }),
    timeout,
  })
  return session.socket
}
