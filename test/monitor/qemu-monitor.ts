/** The monitor of a real QEMU, without a machine where none is asked for. */
import { join } from 'node:path'
import { scratchFolder } from '../cli/command.ts'
import { spawn } from '../peers/child-process.ts'
import { RawMonitor } from './raw-monitor.ts'

export const QEMU = 'qemu-system-x86_64'

const BARE = ['-nodefaults', '-display', 'none', '-S']
const NO_MACHINE = ['-machine', 'none']

export async function startQemu(
  options: readonly string[] = [],
  machine: readonly string[] = NO_MACHINE,
): Promise<RawMonitor> {
  const path = join(scratchFolder(), 'qemu.sock')
  startProcess(path, [...machine, ...options])
  return RawMonitor.connect(path)
}

/** Waits until the monitor is there, and leaves it alone. */
export async function startQemuAt(path: string): Promise<string> {
  startProcess(path, NO_MACHINE)
  const client = await RawMonitor.connect(path)
  client.close()
  return path
}

function startProcess(path: string, options: readonly string[]): void {
  const monitor = ['-qmp', `unix:${path},server=on,wait=off`]
  spawn(QEMU, [...BARE, ...monitor, ...options], { stdio: 'ignore' })
}
