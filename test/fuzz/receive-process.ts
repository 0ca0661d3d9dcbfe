/** `cryptopolicy migrate receive` as a process, and a QEMU that sends to it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export const PROGRAM = join(import.meta.dirname, '..', '..', 'dist', 'cryptopolicy.cjs')

export type Receiving = {
  readonly child: ChildProcess
  readonly port: number
  readonly log: () => string
  /** Its status; null where it was killed. */
  readonly status: Promise<number | null>
}

/** Starts it and waits until it is ready. */
export async function startReceiving(args: readonly string[], file: string): Promise<Receiving> {
  const words = ['migrate', 'receive', '--listen', 'tcp:127.0.0.1:0', ...args, file]
  const child = start(process.execPath, [PROGRAM, ...words])
  const closed = once(child, 'close').then(([status]) => status as number | null)
  let log = ''
  child.stderr?.on('data', (data) => {
    log += data
  })
  while (!/^ready: /m.test(log)) {
    await Promise.race([once(child.stderr!, 'data'), closed])
    if (child.exitCode !== null) throw new Error(`receive ended: ${log}`)
  }
  const port = Number(/^ready: \S+:(\d+) /m.exec(log)?.[1])
  return { child, port, log: () => log, status: closed }
}

export type Source = {
  /** The file that is its memory. */
  readonly memory: string
  readonly megabytes: number
  /** The folder of its certificates. */
  readonly keys: string
}

/** A QEMU whose guest does not run sends it without return path, and ends. */
export function sendGuest(port: number, { memory, megabytes, keys }: Source): ChildProcess {
  const backend = `memory-backend-file,id=ram0,size=${megabytes}M,mem-path=${memory},share=on`
  const child = start('qemu-system-x86_64', [
    ...['-accel', 'tcg', '-machine', 'pc,memory-backend=ram0', '-m', `${megabytes}`],
    ...['-nodefaults', '-display', 'none', '-vga', 'none', '-object', backend, '-S'],
    ...['-monitor', 'stdio'],
  ])
  const commands = [
    `object_add tls-creds-x509,id=tls0,dir=${keys},endpoint=client`,
    'migrate_set_parameter tls-creds tls0',
    'migrate_set_parameter tls-hostname localhost',
    'migrate_set_parameter max-bandwidth 100G',
    `migrate tcp:127.0.0.1:${port}`,
    'quit',
  ]
  child.stdin?.on('error', () => {})
  child.stdin?.end(`${commands.join('\n')}\n`)
  child.stdout?.resume()
  child.stderr?.resume()
  return child
}

/** It does not outlive this script. */
function start(program: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { stdio: 'pipe' })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  return child
}
