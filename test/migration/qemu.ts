/** A QEMU whose guest never runs, and what it sends or takes. */
import { once } from 'node:events'
import { closeSync, createWriteStream, openSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { scratchFolder } from '../cli/command.ts'
import { type ChildProcessWithoutNullStreams, spawn } from '../peers/child-process.ts'

export const QEMU = 'qemu-system-x86_64'

const QUIET = ['-nodefaults', '-display', 'none', '-vga', 'none', '-accel', 'tcg', '-S']

/** Runs commands of the monitor one after the other, to the end of QEMU. */
export async function runMonitor(
  args: readonly string[],
  commands: readonly string[],
): Promise<string> {
  const file = join(scratchFolder(), 'printed')
  // A file takes all at once, with errors in their order. Of what a slow reader leaves in a pipe, QEMU loses a part.
  const printed = openSync(file, 'w')
  const monitor = [...QUIET, ...args, '-monitor', 'stdio']
  const child = spawn(QEMU, monitor, { stdio: ['pipe', printed, printed] })
  closeSync(printed)
  child.stdin?.on('error', () => {})
  child.stdin?.end(`${[...commands, 'quit'].join('\n')}\n`)
  await once(child, 'close')
  return readFileSync(file, 'utf8')
}

/** Writes a migration to a file. */
export async function recordMigration(args: readonly string[], file: string): Promise<void> {
  await runMonitor(args, [`migrate "exec:cat > ${file}"`])
}

/** Writes each connection of a migration over TCP to a file of the folder. */
export async function recordChannels(
  args: readonly string[],
  settings: readonly string[],
  folder: string,
): Promise<void> {
  const { server, port, stored } = await storeConnections(folder)
  await runMonitor(args, [...settings, `migrate tcp:127.0.0.1:${port}`])
  server.close()
  await Promise.all(stored)
}

async function storeConnections(
  folder: string,
): Promise<{ server: Server; port: number; stored: Promise<unknown>[] }> {
  const stored: Promise<unknown>[] = []
  const server = createServer((connection) => {
    const file = createWriteStream(join(folder, `channel-${stored.length}`))
    stored.push(once(file, 'close'))
    connection.pipe(file)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port, stored }
}

/** Whether a QEMU takes a stored migration. */
export async function takes(args: readonly string[], file: string): Promise<boolean> {
  const incoming = ['-incoming', 'defer', '-qmp', 'stdio']
  const child = spawn(QEMU, [...QUIET, ...args, ...incoming]) as ChildProcessWithoutNullStreams
  let printed = ''
  const isDecided = new Promise<boolean>((resolve) => {
    child.stdout.on('data', (text) => {
      printed += text
      if (printed.includes('"completed"')) resolve(true)
    })
    child.once('close', () => resolve(false))
  })
  child.stdin.on('error', () => {})
  const capability = { capability: 'events', state: true }
  for (const command of [
    { execute: 'qmp_capabilities' },
    { execute: 'migrate-set-capabilities', arguments: { capabilities: [capability] } },
    { execute: 'migrate-incoming', arguments: { uri: `exec:cat ${file}` } },
  ]) {
    child.stdin.write(`${JSON.stringify(command)}\n`)
  }
  const isTaken = await isDecided
  child.kill('SIGKILL')
  return isTaken
}
