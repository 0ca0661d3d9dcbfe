/** `cryptopolicy nbd serve` as a process of its own, on a Unix socket or where its options say. */

import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { ROOT, scratchFolder } from '../cli/command.ts'
import { type ChildProcess, spawn } from '../peers/child-process.ts'

export type OurServer = {
  readonly child: ChildProcess
  readonly pid: number
  /** Where it listens, unless its options say otherwise. */
  readonly socket: string
  /** What it has said so far. */
  readonly log: () => string
  /** Waits until it has said something, or has ended. */
  readonly says: (what: string | RegExp) => Promise<string>
  /** Ends it and gives its status. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>
  /** Its status when it has ended by itself. */
  readonly ended: Promise<number | null>
}

export type OurServerOptions = {
  readonly env?: Readonly<Record<string, string>>
  /** A shell command that becomes the server, with the program and its arguments as "$@". */
  readonly wrapper?: string
  /** Where it listens is among the arguments. */
  readonly ownPlace?: boolean
}

export const CRYPTOPOLICY = join(ROOT, 'bin', 'cryptopolicy')

/** Starts it and waits until it is ready. */
export async function serveNbd(
  args: readonly string[],
  options: OurServerOptions = {},
): Promise<OurServer> {
  const server = launchNbd(args, options)
  const log = await server.says(/^ready: /m)
  if (!/^ready: /m.test(log)) throw new Error(`the server ended: ${log}`)
  return server
}

/** Starts it, ready or not. */
export function launchNbd(args: readonly string[], options: OurServerOptions = {}): OurServer {
  const socket = join(scratchFolder(), 'nbd.sock')
  const place = options.ownPlace ? [] : ['-k', socket]
  const command = [CRYPTOPOLICY, 'nbd', 'serve', ...place, ...args]
  const wrapper = options.wrapper ?? 'exec "$@"'
  const child = spawn('/bin/sh', ['-c', wrapper, 'sh', ...command], {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  const ended = once(child, 'close').then(([status]) => status as number | null)
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  let log = ''
  child.stderr?.on('data', (data) => {
    log += data
  })
  const says = async (what: string | RegExp): Promise<string> => {
    const isSaid = () => (typeof what === 'string' ? log.includes(what) : what.test(log))
    while (!isSaid() && child.exitCode === null && child.signalCode === null) {
      await Promise.race([once(child.stderr!, 'data'), ended])
    }
    return log
  }
  const stop = (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal)
    return ended
  }
  return { child, pid: child.pid ?? 0, socket, log: () => log, says, stop, ended }
}

/** Resident memory in MiB. */
export function residentMemory(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) / 1024
}

/** How many descriptors a process has open. */
export function descriptorCount(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}
