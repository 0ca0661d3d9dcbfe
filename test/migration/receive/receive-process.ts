/** `cryptopolicy migrate receive` as a process of its own. */
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { ROOT, scratchFolder } from '../../cli/command.ts'
import { spawn } from '../../peers/child-process.ts'

export type ReceiveOptions = {
  /** Beside --listen. */
  readonly args?: readonly string[]
  /** A folder of its own unless given. */
  readonly file?: string
  readonly listen?: string
  readonly env?: Readonly<Record<string, string>>
  /** A shell command that becomes the program, with it and its arguments as "$@". */
  readonly wrapper?: string
}

export type ReceiveProcess = {
  readonly pid: number
  readonly file: string
  /** Where it listens: a path, or HOST:PORT. */
  readonly place: string
  readonly log: () => string
  /** Waits until it has said something, or has ended. */
  readonly says: (what: RegExp) => Promise<string>
  readonly kill: (signal: NodeJS.Signals) => void
  readonly ended: Promise<{ readonly status: number | null; readonly stdout: string }>
  /** What lies in the folder of the file. */
  readonly left: () => readonly string[]
}

/** Starts it and waits until it is ready. */
export async function startReceive(options: ReceiveOptions = {}): Promise<ReceiveProcess> {
  const receive = launchReceive(options)
  const log = await receive.says(/^ready: /m)
  const [, place] = /^ready: (\S+) waits/m.exec(log) ?? []
  if (!place) throw new Error(`receive ended: ${log}`)
  return { ...receive, place }
}

/** Starts it, ready or not. */
export function launchReceive({
  args = [],
  file = join(scratchFolder(), 'guest'),
  listen = 'tcp:127.0.0.1:0',
  env = {},
  wrapper = 'exec "$@"',
}: ReceiveOptions): ReceiveProcess {
  const program = join(ROOT, 'bin', 'cryptopolicy')
  const command = [program, 'migrate', 'receive', '--listen', listen, ...args, file]
  const child = spawn('/bin/sh', ['-c', wrapper, 'sh', ...command], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stdout = text(child.stdout!)
  const closed = once(child, 'close') as Promise<[number | null]>
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await closed
  })
  let log = ''
  child.stderr?.on('data', (data) => {
    log += data
  })
  const says = async (what: RegExp): Promise<string> => {
    while (!what.test(log) && child.exitCode === null && child.signalCode === null) {
      await Promise.race([once(child.stderr!, 'data'), closed])
    }
    return log
  }
  const ended = closed.then(async ([status]) => ({ status, stdout: await stdout }))
  const kill = (signal: NodeJS.Signals) => void child.kill(signal)
  const left = () => readdirSync(join(file, '..'))
  return { pid: child.pid ?? 0, file, place: '', log: () => log, says, kill, ended, left }
}

/** The options of credentials. */
export function serverWith(kind: 'x509' | 'psk', dir: string): readonly string[] {
  return ['--object', `tls-creds-${kind},id=tls0,dir=${dir},endpoint=server`, '--tls-creds', 'tls0']
}

/** Connects without TLS, as a source that a test plays. */
export async function connectTo({ place }: ReceiveProcess): Promise<Socket> {
  const [host, port] = place.split(':')
  const socket = port === undefined ? connect(place) : connect(Number(port), host)
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}
