/**
 * Times `update-policies --set` as a whole process, in turn with the reference where it is installed.
 *
 *     npm run bench
 *
 * The reference is `update-crypto-policies` of the PATH, or the program that the environment
 * variable REFERENCE names. Both switch between the same two policies in the same directories.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../../src/system/consumers/consumer.ts'

const RUNS = Number(process.env.RUNS ?? 30)
const ROOT = join(import.meta.dirname, '..', '..')
const OURS = join(ROOT, 'bin', 'update-policies')
const reference = process.env.REFERENCE ?? findProgram('update-crypto-policies')

const scratch = mkdtempSync(join(tmpdir(), 'cryptopolicy-bench-'))
const profile = join(scratch, 'profile')
cpSync(join(ROOT, 'policies'), join(profile, 'policies'), { recursive: true })
writeFileSync(join(profile, 'default-config'), 'DEFAULT\n')
const environment = { ...process.env, base_dir: join(scratch, 'base'), profile_dir: profile }

/** Milliseconds that one run takes. */
function time(program: string, args: readonly string[]): number {
  const start = performance.now()
  const { status } = spawnSync(program, args, { env: environment, stdio: 'ignore' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} gave ${status}`)
  return performance.now() - start
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

/** Both in turn, so that a change of the machine's speed hits both. */
function compare(what: string, argsOf: (run: number) => readonly string[]): void {
  const ours: number[] = []
  const theirs: number[] = []
  for (let run = 0; run < RUNS; run++) {
    ours.push(time(OURS, argsOf(run)))
    if (reference) theirs.push(time(reference, argsOf(run)))
  }
  const line = `${what}: median ${median(ours).toFixed(0)} ms`
  if (!reference) {
    console.log(`${line} (no reference installed to compare with)`)
    return
  }
  const ratio = median(ours.map((value, index) => value / (theirs[index] ?? value)))
  console.log(`${line}, reference ${median(theirs).toFixed(0)} ms, ratio ${ratio.toFixed(2)}`)
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

/** Seconds of processor time of all programs that were started and have ended. */
function childSeconds(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[13]) + Number(fields[14])) / 100
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
  compare('--show', () => ['--show'])
  // Then priority strings are checked too, which the reference does not do.
  mkdirSync(join(environment.base_dir, 'local.d'), { recursive: true })
  writeFileSync(join(environment.base_dir, 'local.d', 'gnutls-x.config'), 'X=NONE:+VERS-TLS1.3\n')
  compare('--set DEFAULT with a drop-in of gnutls', () => ['--no-reload', '--set', 'DEFAULT'])
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
