/** The smallest endpoint: sends back what a secured client says. Built from the shared rooms alone. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { ConnectionEvent } from '../../src/endpoint/connection-event.ts'
import { Listener } from '../../src/endpoint/listener.ts'
import { SecuredHandler, type ServeSession } from '../../src/endpoint/secured-handler.ts'
import { findSecurity } from '../../src/endpoint/security.ts'
import { runService } from '../../src/service/service.ts'
import type { TlsObjects } from '../../src/tls/objects/tls-objects.ts'

type Limits = { connectionLimit?: number; handshakeLimit?: number; idleLimit?: number }

const echo: ServeSession = async ({ socket }, draining) => {
  socket.on('data', (bytes) => socket.write(bytes) || socket.pause())
  socket.on('drain', () => socket.resume())
  const drained = once(draining, 'abort').then(() => 'drained')
  return Promise.race([once(socket, 'end').then(() => 'closed'), drained])
}

/** @param limits As those of every endpoint. */
export function echoEndpoint(
  objects: TlsObjects,
  onEvent: (event: ConnectionEvent) => void,
  { handshakeLimit = 10, ...limits }: Limits = {},
): Listener {
  const ids = { credentials: 'tls0', authorization: 'clients' }
  const { secure } = findSecurity(objects, { ...ids, handshakeLimit })
  const handle = () => new SecuredHandler(secure, echo)
  return new Listener({ ...limits, handshakeLimit, onEvent, handle })
}

/** A whole process: hot reload, signals, the service manager. Tells each event as a line. */
export async function runEcho(objects: TlsObjects, tell: (line: string) => void): Promise<void> {
  const endpoint = echoEndpoint(objects, ({ event }) => tell(event))
  const start = () => endpoint.listen({ host: '127.0.0.1', port: 0 })
  const announce = (address: AddressInfo | string) => tell(`ready ${Object(address).port}`)
  const tellReload = () => tell('reloaded')
  const drain = (limit: number) => endpoint.drain(limit)
  await runService({ objects, start, announce, tellReload, drain })
}
