/** `cryptopolicy migrate receive`, a process of its own or within that of the test. */
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { scratchFolder } from '../../cli/command.ts'
import { type InProcessService, serveInProcess } from '../../cli/in-process.ts'
import {
  launchService,
  type ServiceProcess,
  type ServiceProcessOptions,
  untilReady,
} from '../../cli/service-process.ts'

export type ReceiveOptions = Pick<ServiceProcessOptions, 'env' | 'wrapper'> & {
  /** Beside --listen. */
  readonly args?: readonly string[]
  /** A folder of its own unless given. */
  readonly file?: string
  readonly listen?: string
}

export type ReceiveProcess = Pick<ServiceProcess, 'pid' | 'log' | 'says'> & {
  readonly file: string
  /** Where it listens: a path, or HOST:PORT. */
  readonly place: string
  readonly kill: (signal: NodeJS.Signals) => void
  readonly ended: Promise<{ readonly status: number | null; readonly stdout: string }>
  /** What lies in the folder of the file. */
  readonly left: () => readonly string[]
}

/** Starts it and waits until it is ready. */
export async function startReceive(options: ReceiveOptions = {}): Promise<ReceiveProcess> {
  const receive = launchReceive(options)
  const log = await untilReady(receive)
  const [, place] = /^ready: (\S+) waits/m.exec(log) ?? []
  if (!place) throw new Error(`receive ended: ${log}`)
  return { ...receive, place }
}

export type InProcessReceive = Pick<ReceiveProcess, 'file' | 'place' | 'log' | 'ended' | 'left'> &
  Pick<InProcessService, 'says' | 'signal'>

/** Starts it within the process of the test and waits until it is ready. */
export async function receiveInProcess(
  args: readonly string[] = [],
  file = join(scratchFolder(), 'guest'),
): Promise<InProcessReceive> {
  const command = ['migrate', 'receive', '--listen', 'tcp:127.0.0.1:0', ...args, file]
  const { log, says, signal, ended } = await serveInProcess(command)
  const [, place = ''] = /^ready: (\S+) waits/m.exec(log()) ?? []
  return { file, place, log, says, signal, ended, left: () => readdirSync(join(file, '..')) }
}

/** Starts it, ready or not. */
export function launchReceive({
  args = [],
  file = join(scratchFolder(), 'guest'),
  listen = 'tcp:127.0.0.1:0',
  ...options
}: ReceiveOptions): ReceiveProcess {
  const command = ['migrate', 'receive', '--listen', listen, ...args, file]
  const service = launchService(command, { ...options, stdout: 'pipe' })
  const stdout = text(service.child.stdout!)
  const ended = service.ended.then(async (status) => ({ status, stdout: await stdout }))
  const kill = (signal: NodeJS.Signals) => void service.child.kill(signal)
  const left = () => readdirSync(join(file, '..'))
  const { pid, log, says } = service
  return { pid, file, place: '', log, says, kill, ended, left }
}

/** Connects without TLS, as a source that a test plays. */
export async function connectTo({ place }: Pick<ReceiveProcess, 'place'>): Promise<Socket> {
  const [host, port] = place.split(':')
  const socket = port === undefined ? connect(place) : connect(Number(port), host)
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}
