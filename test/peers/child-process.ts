/**
 * The functions of node:child_process, for every program that a test starts: it has a group of its own
 * and an end to its time, and is killed with all that it started. Only this file imports those of
 * Node.js (test/test-code.test.ts).
 */
import {
  type ChildProcess,
  type ChildProcessWithoutNullStreams,
  type SpawnOptions,
  type SpawnSyncOptions,
  type SpawnSyncReturns,
  spawn as spawnChild,
  spawnSync as spawnChildSync,
} from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

export type { ChildProcess, ChildProcessWithoutNullStreams, SpawnSyncReturns }

/** How long a program may take, in milliseconds. None that works comes near it, on a busy machine either. */
const PATIENCE = 240_000

const LARGE = 64 * 1024 * 1024

/** Starts a program. It is killed with the test that starts it, at the latest when its time is over. */
export const spawn = ((
  program: string,
  args: readonly string[],
  { timeout = PATIENCE, ...options }: SpawnOptions = {},
): ChildProcess => {
  const child = spawnChild(program, args, { ...options, detached: true })
  const end = (): void => killGroup(child.pid)
  const timer = setTimeout(end, timeout).unref()
  child.once('exit', () => clearTimeout(timer))
  endWithTest(end)
  return child
}) as typeof spawnChild

/**
 * Runs a program to its end.
 *
 * @throws Error where it takes too long.
 */
export const spawnSync = ((
  program: string,
  args: readonly string[],
  options: SpawnSyncOptions = {},
): SpawnSyncReturns<string | Buffer> => {
  const limits = { timeout: PATIENCE, killSignal: 'SIGKILL', maxBuffer: LARGE } as const
  const result = spawnChildSync(program, args, { ...limits, ...options, detached: true } as object)
  if ((result.error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT') {
    killGroup(result.pid)
    throw new Error(`${program} ${args.join(' ')} took too long`)
  }
  return result
}) as typeof spawnChildSync

/**
 * Runs a program to its end; gives its standard output.
 *
 * @throws Error where it fails.
 */
export function execFileSync(
  program: string,
  args: readonly string[],
  options: SpawnSyncOptions = {},
): string {
  const result = spawnSync(program, args, { ...options, encoding: 'utf8' })
  if (result.error) throw result.error
  if (result.status !== 0) throw new Error(`${program} failed: ${result.status} ${result.stderr}`)
  return result.stdout
}

export type Output = {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end, beside others. */
export async function execFile(
  program: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<Output> {
  const child = spawn(program, args, { ...options, stdio: 'pipe' })
  child.stdin?.on('error', () => {}).end()
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'close'),
  ])
  return { status, stdout, stderr }
}

/** The program and all that it started, unless they have left its group. */
function killGroup(leader: number | undefined): void {
  if (!leader) return
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // All of them have ended.
  }
}

function endWithTest(end: () => void): void {
  try {
    onTestFinished(end)
  } catch {
    // It belongs to a whole file of tests, or to a script, whose process ends by a signal.
    if (ends.length === 0) process.on('exit', endAll).on('SIGTERM', exit)
    ends.push(end)
  }
}

/** What is to be done where no test is running that ends. */
const ends: (() => void)[] = []

function endAll(): void {
  for (const end of ends) end()
}

function exit(): void {
  process.exit()
}
