/** Makes way for a Unix socket where a server that was killed has left its own. */
import { lstatSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { takeFileLock } from '../files/file-lock.ts'

/** The code of the error where something other than a socket stands at the path. */
export const NOT_A_SOCKET = 'NOT_A_SOCKET'

/**
 * Runs what binds a socket to a path, after a stale one was removed. One process at a time: else
 * two that start together find the same stale socket, and one removes what the other has just bound.
 *
 * @throws an error with the code NOT_A_SOCKET or EADDRINUSE, or what `bind` throws.
 */
export async function withSocketPath(path: string, bind: () => Promise<void>): Promise<void> {
  if (path.startsWith('\0')) return bind()
  refuseOtherFile(path)
  const giveUp = () => {
    throw Object.assign(new Error('another server starts there'), { code: 'EADDRINUSE' })
  }
  const release = takeFileLock(`${path}.lock`, { giveUp, isTransient: true })
  try {
    await removeStaleSocket(path)
    await bind()
  } finally {
    release()
  }
}

/** Node.js listens at no path that can be read as a number, such as `1`: it is told as `./1`. */
export function listeningPath(path: string): string {
  return Number(path) >= 0 ? `./${path}` : path
}

function refuseOtherFile(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false })
  // A link to nothing is in the way too: no socket is made through it.
  const isFree = !stats && !lstatSync(path, { throwIfNoEntry: false })
  if (isFree || stats?.isSocket()) return
  throw Object.assign(new Error('it is no socket'), { code: NOT_A_SOCKET })
}

/** Removes a socket on which no server listens; anything else stays, and listening there fails. */
async function removeStaleSocket(path: string): Promise<void> {
  if (!statSync(path, { throwIfNoEntry: false })?.isSocket()) return
  if ((await tryConnect(path)) === 'ECONNREFUSED') rmSync(path, { force: true })
}

/** The code of the error; undefined where a server answers. */
function tryConnect(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    // As a text alone, a path of digits would be a port.
    const socket = connect({ path })
    socket.once('connect', () => {
      socket.destroy()
      resolve(undefined)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
  })
}
