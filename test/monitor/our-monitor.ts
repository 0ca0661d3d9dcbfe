/** A monitor of this program in a process of its own: only there a socket gets its mode in time. */
import { join } from 'node:path'
import { scratchFolder } from '../cli/command.ts'
import { type ChildProcess, spawn } from '../peers/child-process.ts'
import { RawMonitor } from './raw-monitor.ts'

const ENTRY = join(import.meta.dirname, 'monitor-process.ts')

export type OurMonitor = {
  readonly path: string
  readonly child: ChildProcess
  /** A client, which has not negotiated yet. */
  readonly connect: () => Promise<RawMonitor>
  /** A client that has. */
  readonly open: () => Promise<RawMonitor>
}

/** @param guestPath Where it stores guests. */
export async function startMonitor(guestPath?: string): Promise<OurMonitor> {
  const path = join(scratchFolder(), 'monitor.sock')
  const child = spawn(
    process.execPath,
    [ENTRY, path, ...(guestPath === undefined ? [] : [guestPath])],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await new Promise((resolve) => child.stdout?.once('data', resolve))
  const connect = () => RawMonitor.connect(path)
  const open = async () => {
    const client = await connect()
    await client.run('qmp_capabilities')
    return client
  }
  return { path, child, connect, open }
}
