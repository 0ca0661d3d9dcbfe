/**
 * What a short run of each command takes of the processors, next to an empty run of the same Node.js, and in turn
 * with another checkout that is named.
 *
 *     npm run bench
 *     node test/bench/start-up.ts OTHER-CHECKOUT
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { childSeconds } from './child-seconds.ts'

const RUNS = Number(process.env.RUNS ?? 15)
const ROOT = join(import.meta.dirname, '..', '..')
const LAUNCHERS = [ROOT, ...process.argv.slice(2)].map((root) => join(root, 'bin', 'cryptopolicy'))
const env = { ...process.env, CRYPTOPOLICY_NODE: process.execPath }

const scratch = mkdtempSync(join(tmpdir(), 'cryptopolicy-bench-'))
const ENDPOINTS = 'objects: []\nmonitors:\n  - {id: mon0, listen: "unix:mon0.sock"}\n'

/** Seconds of the processors; the status of commands that find no server is not 0. */
function time(program: string, args: readonly string[]): number {
  const before = childSeconds()
  const { error } = spawnSync(program, args, { cwd: scratch, env, stdio: 'ignore' })
  if (error) throw error
  return childSeconds() - before
}

/** All in turn, so that a change of the machine's speed hits all. The system counts in hundredths of a second. */
function measure(args: readonly string[]): readonly number[] {
  const programs = [
    () => time(process.execPath, ['-e', '0']),
    ...LAUNCHERS.map((launcher) => () => time(launcher, args)),
  ]
  const sums = programs.map(() => 0)
  for (let run = 0; run < RUNS; run++) {
    for (const [at, program] of programs.entries()) sums[at] = (sums[at] ?? 0) + program()
  }
  return sums.map((sum) => (sum / RUNS) * 1000)
}

try {
  writeFileSync(join(scratch, 'host.yaml'), ENDPOINTS)
  const commands = [
    ...[
      '--help',
      'resolve NORMAL',
      'show DEFAULT',
      'explain DEFAULT',
      'list SECURE',
      'audit --help',
    ],
    ...['endpoint check host.yaml', 'nbd info nbd+unix:///?socket=none', 'qmp none query-version'],
    ...[
      'pki psk alice psk',
      'pki check .',
      'authz --help',
      'migrate inspect none',
      'chardev --help',
    ],
  ]
  for (const command of commands) {
    const [empty = 0, ...ours] = measure(command.split(' '))
    const words = ours.map((mean) => `${mean.toFixed(0)} ms`).join(', other checkout ')
    console.log(`${command}: ${words}; an empty run ${empty.toFixed(0)} ms`)
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
