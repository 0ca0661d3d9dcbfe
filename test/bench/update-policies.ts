/**
 * Times `update-policies --set` as a whole process, in turn with the reference where it is installed.
 *
 *     npm run bench
 *
 * The reference is `update-crypto-policies` of the PATH, or the program that the environment
 * variable REFERENCE names. Both switch between the same two policies in the same directories.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../../src/system/consumers/consumer.ts'
import { childSeconds } from './child-seconds.ts'

const RUNS = Number(process.env.RUNS ?? 30)
const ROOT = join(import.meta.dirname, '..', '..')
const OURS = join(ROOT, 'bin', 'update-policies')
const reference = process.env.REFERENCE ?? findProgram('update-crypto-policies')

const scratch = mkdtempSync(join(tmpdir(), 'cryptopolicy-bench-'))
const profile = join(scratch, 'profile')
cpSync(join(ROOT, 'policies'), join(profile, 'policies'), { recursive: true })
writeFileSync(join(profile, 'default-config'), 'DEFAULT\n')
const environment = { ...process.env, base_dir: join(scratch, 'base'), profile_dir: profile }

type Spent = { readonly milliseconds: number; readonly cpuSeconds: number }

/** What one run takes: the clock says how busy the machine is, processor time much less so. */
function time(program: string, args: readonly string[]): Spent {
  const [start, before] = [performance.now(), childSeconds()]
  const { status } = spawnSync(program, args, { env: environment, stdio: 'ignore' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} gave ${status}`)
  return { milliseconds: performance.now() - start, cpuSeconds: childSeconds() - before }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

/** Both in turn, so that a change of the machine's speed hits both. */
function compare(what: string, argsOf: (run: number) => readonly string[]): void {
  const ours: Spent[] = []
  const theirs: Spent[] = []
  for (let run = 0; run < RUNS; run++) {
    ours.push(time(OURS, argsOf(run)))
    // The reference asks no program of the host, and knows no option against it.
    const args = argsOf(run).filter((word) => word !== '--no-verify')
    if (reference) theirs.push(time(reference, args))
  }
  const yardstick = reference
    ? `, reference ${describe(theirs)}`
    : ' (no reference to compare with)'
  console.log(`${what}: ${describe(ours)}${yardstick}`)
  if (!reference) return
  const ratio = median(
    ours.map(({ milliseconds }, at) => milliseconds / (theirs[at]?.milliseconds ?? 1)),
  )
  const cpuRatio = cpuOf(ours) / cpuOf(theirs)
  console.log(`  ratio ${ratio.toFixed(2)}, of processor time ${cpuRatio.toFixed(2)}`)
}

function describe(runs: readonly Spent[]): string {
  const milliseconds = median(runs.map((run) => run.milliseconds))
  return `median ${milliseconds.toFixed(0)} ms, processor time ${cpuOf(runs).toFixed(3)} s`
}

/** The mean: the system counts in hundredths of a second. */
function cpuOf(runs: readonly Spent[]): number {
  return runs.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0) / runs.length
}

const APPLICATIONS = 20

/** Applications on five back-ends, of three kinds. */
function writeApplications(base: string): void {
  const folder = join(base, 'applications')
  mkdirSync(folder, { recursive: true })
  for (let at = 0; at < APPLICATIONS; at++) {
    const text = [
      '# %back_ends=gnutls,openssl,java,nginx,node',
      'protocol@TLS = -TLS1.1',
      'cipher@TLS = -AES-128-CBC',
      `group@TLS = -FFDHE-${2048 + (at % 3) * 1024}`,
    ]
    writeFileSync(join(folder, `app${at}.pmod`), `${text.join('\n')}\n`)
  }
}

/** Processor time of a switch without applications and with them, in turn: the clock says how busy the machine is. */
function compareApplications(): void {
  const bases = ['none', 'twenty'].map((name) => join(scratch, name))
  writeApplications(bases[1] ?? '')
  const spent = [0, 0]
  for (let run = 0; run < RUNS; run++) {
    const args = ['--no-reload', '--set', run % 2 === 0 ? 'FUTURE' : 'DEFAULT']
    for (const [index, base] of bases.entries()) {
      const before = childSeconds()
      spawnSync(OURS, args, { env: { ...environment, base_dir: base }, stdio: 'ignore' })
      spent[index] = (spent[index] ?? 0) + childSeconds() - before
    }
  }
  const [without = 0, having = 0] = spent.map((seconds) => seconds / RUNS)
  const words = `${without.toFixed(3)} s, with ${APPLICATIONS} applications ${having.toFixed(3)} s`
  console.log(`--set, processor time: ${words}, ratio ${(having / without).toFixed(2)}`)
}

try {
  compareApplications()
  compare('--set DEFAULT', () => ['--no-reload', '--set', 'DEFAULT'])
  compare('--set, another policy each time', (run) => {
    const policy = run % 2 === 0 ? 'FUTURE' : 'DEFAULT'
    return ['--no-reload', '--set', policy]
  })
  compare('--set, another policy each time, without asking programs', (run) => {
    const policy = run % 2 === 0 ? 'FUTURE' : 'DEFAULT'
    return ['--no-reload', '--no-verify', '--set', policy]
  })
  compare('--show', () => ['--show'])
  // Then priority strings are checked too, which the reference does not do.
  mkdirSync(join(environment.base_dir, 'local.d'), { recursive: true })
  writeFileSync(join(environment.base_dir, 'local.d', 'gnutls-x.config'), 'X=NONE:+VERS-TLS1.3\n')
  compare('--set DEFAULT with a drop-in of gnutls', () => ['--no-reload', '--set', 'DEFAULT'])
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
