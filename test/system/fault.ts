/** Interrupts or fails a command line at a chosen system call, with strace. */
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../cli/command.ts'

/** The system calls that change files. */
const WRITING_CALLS = [
  'write',
  'pwrite64',
  'fsync',
  'rename',
  'symlink',
  'mkdir',
  'unlink',
  'unlinkat',
  'rmdir',
  'chmod',
  'fchmod',
]

export type Fault = { readonly signal: 'KILL' } | { readonly error: 'ENOSPC' | 'EIO' | 'EROFS' }

export type FaultyRun = {
  readonly status: number | null
  readonly stderr: string
  /** Whether there was an n-th call at all. */
  readonly isHit: boolean
}

/**
 * Runs update-policies and lets its n-th system call of those that change files fail, or kills it
 * there. With n beyond the last call it just runs.
 */
export function runWithFault(
  base: string,
  policy: string,
  n: number,
  fault: Fault,
  calls: readonly string[] = WRITING_CALLS,
): FaultyRun {
  const args = ['--base-dir', base, '--set', policy, '--no-reload', '--quiet']
  return runProgramWithFault('update-policies', args, join(base, 'strace.log'), n, fault, calls)
}

/** The same for any command line of ours. */
export function runProgramWithFault(
  program: 'update-policies' | 'cryptopolicy',
  args: readonly string[],
  log: string,
  n: number,
  fault: Fault,
  calls: readonly string[] = WRITING_CALLS,
): FaultyRun {
  const effect = 'signal' in fault ? `signal=${fault.signal}` : `error=${fault.error}`
  const inject = `inject=${calls.join(',')}:${effect}:when=${n}`
  const command = [process.execPath, join(ROOT, 'dist', `${program}.js`), ...args]
  const trace = ['-f', '-qq', '-o', log, '-e', `trace=${calls.join(',')}`, '-e', inject]
  const { base_dir: _, profile_dir: __, ...env } = process.env
  const result = spawnSync('strace', [...trace, ...command], { encoding: 'utf8', env })
  const isHit = /INJECTED|killed by SIGKILL/.test(readFileSync(log, 'utf8'))
  rmSync(log)
  return { status: result.status, stderr: result.stderr, isHit }
}
