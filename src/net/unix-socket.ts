/** Makes way for a Unix socket where a server that was killed has left its own. */
import { rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'

/** Removes a socket on which nobody listens; anything else stays, and listening there fails. */
export async function removeStaleSocket(path: string): Promise<void> {
  if (!statSync(path, { throwIfNoEntry: false })?.isSocket()) return
  if ((await tryConnect(path)) === 'ECONNREFUSED') rmSync(path, { force: true })
}

/** The code of the error; undefined where somebody answers. */
function tryConnect(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(undefined)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
  })
}
