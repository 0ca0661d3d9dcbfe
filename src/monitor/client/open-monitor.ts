/** Connects to a monitor, over TLS where there are credentials. */
import type { Duplex } from 'node:stream'
import { printAddress, type SocketAddress } from '../../net/address.ts'
import { dial } from '../../net/dial.ts'
import type { TlsCredentials } from '../../tls/credentials/credentials.ts'
import { QmpClient, type QmpEvent } from './qmp-client.ts'

export type MonitorConnection = {
  readonly credentials?: TlsCredentials | undefined
  /** The name that the certificate of the monitor has to bear. */
  readonly hostname?: string | undefined
  /** To connect, for the handshake, and for the greeting, each in milliseconds. */
  readonly timeout: number
  readonly onEvent?: (event: QmpEvent) => void
}

/** @throws DiagnosticError NET_..., TLS_..., QMP_... */
export async function openMonitor(
  address: SocketAddress,
  { credentials, hostname, timeout, onEvent }: MonitorConnection,
): Promise<QmpClient> {
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
