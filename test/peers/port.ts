/** Ports for servers that cannot choose one themselves. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/**
 * The lowest port of those that a process claims together. They end where the ports begin that Linux gives to
 * connections, and to servers that let it choose.
 */
const LOWEST = 16_384
const PORTS_OF_A_CLAIM = 32
const CLAIMS = (32_768 - LOWEST) / PORTS_OF_A_CLAIM

let claimed: readonly number[] = []

/** A port of the loopback that is free, and that no other process is given by this function. */
export async function freePort(): Promise<number> {
  for (;;) {
    if (claimed.length === 0) claimed = await claimPorts()
    const [port = 0, ...others] = claimed
    claimed = others
    const server = await listenOn(port)
    if (!server) continue
    server.close()
    await once(server, 'close')
    return port
  }
}

/** They are this process's own until it ends, since it listens on the first of them. */
async function claimPorts(): Promise<readonly number[]> {
  for (let tries = 0; tries < CLAIMS; tries++) {
    const first = LOWEST + ((process.pid + tries) % CLAIMS) * PORTS_OF_A_CLAIM
    const claim = await listenOn(first)
    if (!claim) continue
    claim.unref()
    return Array.from({ length: PORTS_OF_A_CLAIM - 1 }, (_, index) => first + 1 + index)
  }
  throw new Error('all ports for tests are taken')
}

/** @returns undefined where another process has the port. */
async function listenOn(port: number): Promise<Server | undefined> {
  const server = createServer().listen(port, '127.0.0.1')
  return once(server, 'listening').then(
    () => server,
    () => undefined,
  )
}
