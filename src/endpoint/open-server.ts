/** Opens a socket that listens. */
import { createServer, type ListenOptions, type Server } from 'node:net'
import { type SocketFile, withSocketFile } from '../net/socket-file.ts'
import { listeningPath, withSocketPath } from '../net/unix-socket.ts'
import { closeHeldSockets } from './listening-sockets.ts'

type Place = ListenOptions & { readonly fd?: number }

/**
 * Sockets that are held for others make way.
 *
 * @throws the error of the system, or one of withSocketPath.
 */
export async function openServer(
  place: Place,
  file: SocketFile | undefined,
  allowHalfOpen: boolean,
): Promise<Server> {
  try {
    return await open(place, file, allowHalfOpen)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || !closeHeldSockets()) throw error
    return open(place, file, allowHalfOpen)
  }
}

async function open(
  options: Place,
  file: SocketFile | undefined,
  allowHalfOpen: boolean,
): Promise<Server> {
  const kept = { noDelay: true, keepAlive: true, pauseOnConnect: true }
  const server = createServer({ ...kept, allowHalfOpen })
  const { path } = options
  const place = path === undefined ? options : { ...options, path: listeningPath(path) }
  const begin = () => withSocketFile(path, file, () => beginListening(server, place))
  await (path === undefined ? begin() : withSocketPath(path, begin))
  return server
}

async function beginListening(server: Server, options: ListenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    // An error that comes later, such as one of accept(2), must not end the process.
    server.on('error', reject)
    server.listen(options, resolve)
  })
}
