/** Interrupts or fails a command line at a chosen system call, with strace. */
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../cli/command.ts'

export type Fault = { readonly signal: 'KILL' } | { readonly error: 'ENOSPC' | 'EIO' | 'EROFS' }

/** The n-th of one system call. strace counts each call by itself, whatever set it is given. */
export type Moment = { readonly call: string; readonly n: number }

export type FaultyRun = {
  readonly status: number | null
  readonly stderr: string
  /** Whether there was an n-th call at all; without it the program just ran. */
  readonly isHit: boolean
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
  const command = [process.execPath, join(ROOT, 'dist', `${program}.js`), ...args]
  // Several times as fast, but it loses signals.
  const filter = 'error' in fault ? ['--seccomp-bpf'] : []
  const trace = ['-f', ...filter, '-qq', '-o', log, '-e', `trace=${call}`, '-e', inject]
  const { base_dir: _, profile_dir: __, ...env } = process.env
  const result = spawnSync('strace', [...trace, ...command], { encoding: 'utf8', env })
  const isHit = /INJECTED|killed by SIGKILL/.test(readFileSync(log, 'utf8'))
  rmSync(log)
  return { status: result.status, stderr: result.stderr, isHit }
}
