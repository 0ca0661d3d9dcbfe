/** The monitor of a real QEMU without a machine. */
import { join } from 'node:path'
import { scratchFolder } from '../cli/command.ts'
import { spawn } from '../peers/child-process.ts'
import { RawMonitor } from './raw-monitor.ts'

export const QEMU = 'qemu-system-x86_64'

export async function startQemu(options: readonly string[] = []): Promise<RawMonitor> {
  const path = join(scratchFolder(), 'qemu.sock')
  const bare = ['-machine', 'none', '-nodefaults', '-display', 'none', '-S']
  spawn(QEMU, [...bare, '-qmp', `unix:${path},server=on,wait=off`, ...options], {
    stdio: 'ignore',
  })
  return RawMonitor.connect(path)
}
