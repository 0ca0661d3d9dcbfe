/** What a socket speaks above TLS: first WebSocket, then telnet, as QEMU layers them. */
import type { Duplex } from 'node:stream'
import type { SocketBackend } from '../definition/chardev-definition.ts'
import { endInOwnRecord } from './own-record.ts'
import { speakTelnet } from './telnet.ts'

/** @throws DiagnosticError CHARDEV_NOT_WEBSOCKET */
export async function frame(connection: Duplex, socket: SocketBackend): Promise<Duplex> {
  const { isWebsocket, isTelnet, isServer, credentials } = socket
  const plain = credentials === undefined ? connection : endInOwnRecord(connection)
  const inner = isWebsocket ? await speakWebsocket(plain, socket) : plain
  const stream = isTelnet ? speakTelnet(inner, isServer) : inner
  // A client breaks it when it likes, also one that waits for its turn and is not read by anything.
  stream.on('error', () => {})
  return stream
}

async function speakWebsocket(
  connection: Duplex,
  { isServer, address }: SocketBackend,
): Promise<Duplex> {
  const { acceptWebsocket, connectWebsocket } = await import('./websocket.ts')
  const host = address.kind === 'inet' ? address.host : ''
  return isServer ? acceptWebsocket(connection) : connectWebsocket(connection, host)
}
