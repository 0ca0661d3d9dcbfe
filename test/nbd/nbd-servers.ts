/** The NBD servers of others, each on a socket of its own, gone after the test. */

import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type NbdUri, parseNbdUri } from '../../src/nbd/client/nbd-uri.ts'
import type { SocketAddress } from '../../src/net/address.ts'
import { dial } from '../../src/net/dial.ts'
import { scratchFolder, writeFiles } from '../cli/command.ts'
import { type ChildProcessWithoutNullStreams, spawn } from '../peers/child-process.ts'
import { freePort } from '../peers/port.ts'

export type RunningServer = {
  /** The URI of one of its exports. */
  readonly uri: (name?: string, scheme?: 'nbd' | 'nbds', more?: string) => NbdUri
  /** Ends it as a power cut does, and waits until it is gone. */
  readonly kill: () => Promise<void>
}

/** Starts qemu-nbd for a raw file. */
export function startQemuNbd(file: string, args: readonly string[] = []): Promise<RunningServer> {
  return start((socket) => ['qemu-nbd', '-k', socket, '-t', '-e', '0', '-f', 'raw', ...args, file])
}

/** Starts nbdkit with options and a plugin: `['memory', '1M']`. */
export function startNbdkit(args: readonly string[], socket?: string): Promise<RunningServer> {
  return start((path) => ['nbdkit', '-f', '-U', path, ...args], socket)
}

/**
 * Starts nbd-server with one export of a file, `disk`, and lines for its section [generic]. On TCP:
 * it does not survive clients on a unix socket.
 */
export async function startNbdServer(file: string, generic = ''): Promise<RunningServer> {
  const folder = scratchFolder()
  const pidFile = join(folder, 'pid')
  const port = await freePort()
  const config = [
    `[generic]\n\tlistenaddr = 127.0.0.1\n\tport = ${port}\n\tallowlist = true\n${generic}`,
    `[disk]\n\texportname = ${file}\n\tflush = true\n\tfua = true\n\ttrim = true\n`,
  ].join('\n')
  writeFiles(folder, { 'nbd.conf': config })
  // In the foreground it serves one connection only.
  const child = spawn('nbd-server', ['-C', join(folder, 'nbd.conf'), '-p', pidFile])
  const kill = async (): Promise<void> => {
    const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0
    if (pid > 0) process.kill(pid, 'SIGTERM')
  }
  const uri = (name = '', scheme = 'nbd', more = '') =>
    parseNbdUri(`${scheme}://127.0.0.1:${port}/${name}${more.replace(/^&/, '?')}`)
  await becomeReady(child, uri(), kill)
  while (!existsSync(pidFile)) await new Promise((resolve) => setTimeout(resolve, 10))
  return { kill, uri }
}

async function start(
  commandFor: (socket: string) => readonly string[],
  socket = join(scratchFolder(), 'nbd.sock'),
): Promise<RunningServer> {
  const [program = '', ...args] = commandFor(socket)
  const child = spawn(program, args)
  const gone = once(child, 'close')
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await gone
  }
  const uri = (name = '', scheme = 'nbd', more = '') =>
    parseNbdUri(`${scheme}+unix:///${name}?socket=${socket}${more}`)
  await becomeReady(child, uri(), kill)
  return { kill, uri }
}

/** Waits until a server takes connections. */
async function becomeReady(
  child: ChildProcessWithoutNullStreams,
  { address }: NbdUri,
  kill: () => Promise<void>,
): Promise<void> {
  let said = ''
  child.stdout.resume()
  child.stderr.on('data', (data) => {
    said += data
  })
  onTestFinished(kill)
  while (!(await takesConnections(address))) {
    // One that goes to the background ends with 0 before it listens.
    if (child.exitCode) throw new Error(`${child.spawnfile} ended: ${said}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

async function takesConnections(address: SocketAddress): Promise<boolean> {
  try {
    const socket = await dial(address, { timeout: 1000 })
    socket.destroy()
    return true
  } catch {
    return false
  }
}
