/** Interrupts or fails a command line at a chosen system call, with strace. */

import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { inheritedEnvironment, ROOT } from '../cli/command.ts'
import { spawnSync } from '../peers/child-process.ts'

export type Fault =
  | { readonly signal: 'KILL' }
  | { readonly error: 'ENOSPC' | 'EIO' | 'EROFS' | 'EMFILE' }

/** The n-th of one system call. strace counts each call by itself, whatever set it is given. */
export type Moment = { readonly call: string; readonly n: number }

export type FaultyRun = {
  readonly status: number | null
  readonly stderr: string
  /** Whether there was an n-th call at all; without it the program just ran. */
  readonly isHit: boolean
}

/** The command of a program: as strace follows every thread, with no more of them than it needs. */
function commandOf(program: string, args: readonly string[]): readonly string[] {
  // As its launcher has it.
  const flags = program === 'update-policies' ? ['--jitless'] : []
  const path = join(ROOT, 'dist', `${program}.cjs`)
  return [process.execPath, ...flags, '--single-threaded', path, ...args]
}

/** The calls of these kinds that a command line of ours makes, in their order. */
export function countCalls(
  program: string,
  args: readonly string[],
  log: string,
  calls: readonly string[],
): readonly Moment[] {
  const command = commandOf(program, args)
  const options = { env: environment(), timeout: TIME_LIMIT }
  spawnSync('strace', ['-f', '-qq', '-o', log, '-e', `trace=${calls}`, ...command], options)
  const made = [...readFileSync(log, 'utf8').matchAll(/^\d+ +(\w+)\(/gm)].map(([, call]) => call)
  rmSync(log)
  const counts = new Map<string, number>()
  return made.flatMap((call = '') => {
    if (!calls.includes(call)) return []
    const n = (counts.get(call) ?? 0) + 1
    counts.set(call, n)
    return [{ call, n }]
  })
}

const TIME_LIMIT = 120_000

/** Node.js is to write no files of its own. */
function environment(): NodeJS.ProcessEnv {
  return { ...inheritedEnvironment(), NODE_DISABLE_COMPILE_CACHE: '1' }
}

/** Runs a command line of ours and lets a system call fail, or kills it there. */
export function runWithFault(
  program: 'update-policies' | 'cryptopolicy',
  args: readonly string[],
  log: string,
  { call, n }: Moment,
  fault: Fault,
): FaultyRun {
  const effect = 'signal' in fault ? `signal=${fault.signal}` : `error=${fault.error}`
  const inject = `inject=${call}:${effect}:when=${n}`
  const command = commandOf(program, args)
  // Several times as fast, but it loses signals.
  const filter = 'error' in fault ? ['--seccomp-bpf'] : []
  const trace = ['-f', ...filter, '-qq', '-o', log, '-e', `trace=${call}`, '-e', inject]
  const options = { encoding: 'utf8', env: environment(), timeout: TIME_LIMIT } as const
  const result = spawnSync('strace', [...trace, ...command], options)
  const isHit = /INJECTED|killed by SIGKILL/.test(readFileSync(log, 'utf8'))
  rmSync(log)
  return { status: result.status, stderr: result.stderr, isHit }
}
