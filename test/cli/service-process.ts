/** A service of the command line as a process of its own, which ends with its test. */
import { once } from 'node:events'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type ChildProcess, spawn } from '../peers/child-process.ts'
import { ROOT } from './command.ts'

export type ServiceProcess = {
  readonly child: ChildProcess
  readonly pid: number
  /** What it has said so far. */
  readonly log: () => string
  /** Waits until it has said something, or has ended. */
  readonly says: (what: string | RegExp) => Promise<string>
  /** Ends it and gives its status. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>
  /** Its status when it has ended by itself. */
  readonly ended: Promise<number | null>
}

export type ServiceProcessOptions = {
  readonly env?: Readonly<Record<string, string>>
  /** A shell command that becomes the program, with it and its arguments as "$@". */
  readonly wrapper?: string
  /** What becomes of its standard output. */
  readonly stdout?: 'inherit' | 'pipe'
}

export const CRYPTOPOLICY = join(ROOT, 'bin', 'cryptopolicy')

/** How long a service may take to say something, in milliseconds: one that says another thing is not waited for. */
const PATIENCE = 120_000

/** Starts it, ready or not. */
export function launchService(
  args: readonly string[],
  { env = {}, wrapper = 'exec "$@"', stdout = 'inherit' }: ServiceProcessOptions = {},
): ServiceProcess {
  const child = spawn('/bin/sh', ['-c', wrapper, 'sh', CRYPTOPOLICY, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', stdout, 'pipe'],
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
    let isLate = false
    const patience = setTimeout(() => {
      isLate = true
      child.kill('SIGKILL')
    }, PATIENCE)
    while (!isSaid() && child.exitCode === null && child.signalCode === null) {
      await Promise.race([once(child.stderr!, 'data'), ended])
    }
    clearTimeout(patience)
    if (isLate) throw new Error(`it did not say ${what}: ${log}`)
    return log
  }
  const stop = (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal)
    return ended
  }
  return { child, pid: child.pid ?? 0, log: () => log, says, stop, ended }
}

/** Waits until it is ready; gives what it has said. @throws Error where it ends before. */
export async function untilReady({ says }: Pick<ServiceProcess, 'says'>): Promise<string> {
  const log = await says(/^ready: /m)
  if (!/^ready: /m.test(log)) throw new Error(`the service ended: ${log}`)
  return log
}
