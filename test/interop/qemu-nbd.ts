/** A server of QEMU on a folder of credentials, and a client that asks it. */

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { execFile, spawn } from '../peers/child-process.ts'

/** Whether a program ends with status 0. */
export async function succeeds(
  program: string,
  args: readonly string[],
  cwd: string,
): Promise<boolean> {
  return (await execFile(program, args, { cwd })).status === 0
}

export type QemuServer = {
  /** The one name that it lets in; all without it. */
  readonly identity?: string
  /** More properties of the credentials. */
  readonly properties?: string
}

/** Runs a server of QEMU and asks it for its export. */
export async function isLetIn(
  folder: string,
  socket: string,
  { identity, properties }: QemuServer = {},
): Promise<boolean> {
  const object = `tls-creds-x509,id=tls0,endpoint=server,dir=${folder},verify-peer=on`
  const args = [
    ...['--object', properties === undefined ? object : `${object},${properties}`],
    ...(identity === undefined ? [] : authorize(identity)),
    ...['--tls-creds', 'tls0', '--persistent', '-f', 'raw'],
    ...['-k', join(folder, socket), join(folder, 'image')],
  ]
  const server = spawn('qemu-nbd', args, { stdio: 'ignore' })
  const ended = once(server, 'exit')
  try {
    while (server.exitCode === null && !isListening(join(folder, socket))) await wait(20)
    const uri = `nbds+unix:///?socket=${socket}&tls-certificates=${folder}&tls-verify-peer=false`
    return await succeeds('nbdinfo', [uri], folder)
  } finally {
    server.kill('SIGKILL')
    await ended
  }
}

/** Whether a program listens there. The file is there a moment before, when nothing can connect. */
function isListening(path: string): boolean {
  return readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .some((line) => line.endsWith(` ${path}`) && line.includes(LISTENING))
}

/** The flag __SO_ACCEPTCON, as the kernel prints it. */
const LISTENING = ' 00010000 '

function authorize(identity: string): readonly string[] {
  const object = `authz-simple,id=auth0,identity=${identity.replaceAll(',', ',,')}`
  return ['--object', object, '--tls-authz', 'auth0']
}
