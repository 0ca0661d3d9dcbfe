/** The plain ends of relayed channels: sockets of this process in the place of two QEMUs. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** What waits where a relay leads to; each connection that comes is kept, and is not read. */
export async function listenPlain(path: string): Promise<{
  readonly connections: readonly Socket[]
  readonly next: () => Promise<Socket>
}> {
  const connections: Socket[] = []
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    socket.on('error', () => {})
    connections.push(socket)
    server.emit('kept')
  }).listen(path)
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of connections) socket.destroy()
    server.close()
  })
  let taken = 0
  const next = async (): Promise<Socket> => {
    while (connections.length <= taken) await once(server, 'kept')
    return connections[taken++] as Socket
  }
  return { connections, next }
}

export async function connectPlain(path: string): Promise<Socket> {
  const socket = connect({ path, allowHalfOpen: true })
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** Reads to the end. @throws the error of the socket. */
export async function readAll(socket: Socket): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of socket.iterator({ destroyOnReturn: false })) parts.push(part)
  return Buffer.concat(parts)
}
