/** `cryptopolicy nbd serve`, a process of its own or within that of the test, on a Unix socket or where its options say. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { scratchFolder } from '../cli/command.ts'
import { type InProcessService, serveInProcess } from '../cli/in-process.ts'
import {
  launchService,
  type ServiceProcess,
  type ServiceProcessOptions,
  untilReady,
} from '../cli/service-process.ts'

export type OurServer = ServiceProcess & {
  /** Where it listens, unless its options say otherwise. */
  readonly socket: string
}

export type OurServerOptions = Pick<ServiceProcessOptions, 'env' | 'wrapper'> & {
  /** Where it listens is among the arguments. */
  readonly ownPlace?: boolean
}

/** Starts it and waits until it is ready. */
export async function serveNbd(
  args: readonly string[],
  options: OurServerOptions = {},
): Promise<OurServer> {
  const server = launchNbd(args, options)
  await untilReady(server)
  return server
}

/** Starts it, ready or not. */
export function launchNbd(
  args: readonly string[],
  { ownPlace = false, ...options }: OurServerOptions = {},
): OurServer {
  const socket = join(scratchFolder(), 'nbd.sock')
  const place = ownPlace ? [] : ['-k', socket]
  return { ...launchService(['nbd', 'serve', ...place, ...args], options), socket }
}

/** Starts it within the process of the test, and waits until it is ready. */
export async function serveNbdInProcess(
  args: readonly string[],
  { ownPlace = false, env = {} }: Pick<OurServerOptions, 'ownPlace' | 'env'> = {},
): Promise<InProcessService & Pick<OurServer, 'socket'>> {
  const socket = join(scratchFolder(), 'nbd.sock')
  const place = ownPlace ? [] : ['-k', socket]
  return { ...(await serveInProcess(['nbd', 'serve', ...place, ...args], { env })), socket }
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
