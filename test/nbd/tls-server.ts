/** The hostile server behind TLS: honest up to STARTTLS, then it follows its script. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import { onTestFinished } from 'vitest'
import { NBD_OPT, NBD_REP } from '../../src/nbd/protocol/constants.ts'
import { encodeGreeting } from '../../src/nbd/protocol/greeting.ts'
import { encodeOptionReply } from '../../src/nbd/protocol/option-header.ts'
import type { SocketAddress } from '../../src/net/address.ts'
import { scratchFolder } from '../cli/command.ts'
import { type Script, serveClient, serveOptions } from './hostile-server.ts'

/**
 * Serves with the server's certificate of a folder, and asks clients for none.
 *
 * @param secured How many connections get TLS; the others are served in clear.
 */
export async function startTlsServer(
  folder: string,
  script: Script = {},
  secured = Number.POSITIVE_INFINITY,
): Promise<SocketAddress> {
  const path = join(scratchFolder(), 'tls.sock')
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    if (sockets.size > secured) serveClient(socket, script)
    else void acceptTls(socket, folder, script).catch(() => {})
  })
  server.listen(path)
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { kind: 'unix', path }
}

async function acceptTls(socket: Socket, folder: string, script: Script): Promise<void> {
  socket.write(encodeGreeting(3))
  // The client's flags, and NBD_OPT_STARTTLS.
  for (let size = 0; size < 20; ) size += (await once(socket, 'data'))[0].length
  socket.removeAllListeners('data')
  socket.pause()
  socket.write(encodeOptionReply(NBD_OPT.STARTTLS, NBD_REP.ACK))
  const secure = new TLSSocket(socket, {
    isServer: true,
    key: readFileSync(join(folder, 'server-key.pem')),
    cert: readFileSync(join(folder, 'server-cert.pem')),
  })
  secure.on('error', () => {})
  serveOptions(secure, script)
}
