/** Our endpoints next to real peers: a server on a port of its own, and programs run against it. */

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TLSSocket } from 'node:tls'
import { onTestFinished } from 'vitest'
import { acceptTls } from '../../src/tls/connection.ts'
import type { TlsSettings } from '../../src/tls/tls-options.ts'
import { type ChildProcessWithoutNullStreams, spawn } from '../peers/child-process.ts'
import { freePort } from '../peers/port.ts'
import type { Identity } from '../tls/certificates.ts'

/** Serves `hello` to every client that may connect; gives its port. */
export async function serveHello(settings: TlsSettings, identity: Identity): Promise<number> {
  const credentials = { key: identity.key, cert: identity.certificate }
  const server = createServer((connection: Socket) => {
    connection.on('error', () => {})
    acceptTls(connection, settings, credentials).then(sayHello, () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

function sayHello(socket: TLSSocket): void {
  socket.on('error', () => {})
  socket.end('hello\n')
}

/** How long a client may take, in milliseconds: a client that hangs must not hang the tests. */
const PEER_PATIENCE = 300_000

/** Runs a client to its end. */
export async function runPeer(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ status: number; output: string }> {
  const limits = { timeout: PEER_PATIENCE, killSignal: 'SIGKILL' } as const
  const child = spawn(program, args, { env: { ...process.env, ...env }, ...limits })
  child.stdin.on('error', () => {})
  child.stdin.end()
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { status, output: stdout + stderr }
}

/** Starts a server that listens on a free port, and waits until it takes connections. */
export async function startPeer(
  program: string,
  argsFor: (port: number) => readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const port = await freePort()
  const child = spawn(program, argsFor(port), { env: { ...process.env, ...env } })
  for (const stream of [child.stdout, child.stderr]) stream.resume()
  onTestFinished(() => void child.kill('SIGKILL'))
  await waitForPort(port, child)
  return port
}

async function waitForPort(port: number, child: ChildProcessWithoutNullStreams): Promise<void> {
  while (child.exitCode === null) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (isOpen) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`the peer ended with ${child.exitCode}`)
}
