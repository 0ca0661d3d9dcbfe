/** A command of the shell whose standard input and output are a connection, as QEMU's `exec:` has it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Duplex } from 'node:stream'

export type ShellCommand = {
  readonly stream: Duplex
  /** How it ended: `SIGTERM`, `status 3`; undefined where it ended well. */
  readonly ended: Promise<string | undefined>
  /** Ends it, and all that it started. */
  readonly kill: () => void
}

export function runShellCommand(command: string): ShellCommand {
  const child = spawn('/bin/sh', ['-c', command], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  })
  const closed = once(child, 'close') as Promise<[number | null, string | null]>
  const ended = closed.then(([status, signal]) =>
    status === 0 ? undefined : (signal ?? `status ${status}`),
  )
  ended.catch(() => {})
  const { stdin: writable, stdout: readable } = child
  const stream = Duplex.from({ writable, readable } as never)
  stream.on('error', () => {})
  return { stream, ended, kill: () => killGroup(child.pid) }
}

function killGroup(leader: number | undefined): void {
  if (leader === undefined) return
  try {
    process.kill(-leader, 'SIGTERM')
  } catch {
    // All of them have ended.
  }
}
