/** The monitor of a real QEMU, without a machine where none is asked for. */
import { join } from 'node:path'
import { scratchFolder } from '../cli/command.ts'
import { spawn } from '../peers/child-process.ts'
import { RawMonitor } from './raw-monitor.ts'

export const QEMU = 'qemu-system-x86_64'

export async function startQemu(
  options: readonly string[] = [],
  machine: readonly string[] = ['-machine', 'none'],
): Promise<RawMonitor> {
  const path = join(scratchFolder(), 'qemu.sock')
  const bare = ['-nodefaults', '-display', 'none', '-S']
  spawn(QEMU, [...bare, ...machine, '-qmp', `unix:${path},server=on,wait=off`, ...options], {
    stdio: 'ignore',
  })
  return RawMonitor.connect(path)
}
