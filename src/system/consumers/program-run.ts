/**
 * Runs programs of the host, all that are asked for at one time by one shell.
 *
 * A program may be broken in every way: each has an end to its time and to what it prints, and is killed
 * with all that it started. A shell starts programs several times as fast as Node.js.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { DiagnosticError } from '../../diagnostics/diagnostic.ts'
import { signalGroup } from '../../files/process-group.ts'
import { readBytes } from '../../files/text-file.ts'
import { runSync } from './run-sync.ts'

export type ProgramOutcome = {
  /** Null where it crashed. */
  readonly status: number | null
  /** Standard output and standard error. */
  readonly output: string
}

/** Why a program gave no answer, in words that follow its name: `did not end in 20 s`. */
export type Unanswered = { readonly failure: string }

/** @internal Exported for tests. */
export type Job = {
  readonly path: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly resolve: (answer: ProgramOutcome | Unanswered) => void
}

/** How long programs may take, in seconds. */
const TIME_LIMIT = 20

/** The shell keeps the time. Should it fail to, it is ended after so many seconds more. */
const GRACE = 10

/** How much a program may print. Shells count in blocks of 512 bytes; some in 1,024. */
const OUTPUT_BLOCKS = 2048

/** The smallest unit of `ulimit -f` in any shell, in bytes. */
const BLOCK = 512
const OUTPUT_LIMIT = OUTPUT_BLOCKS * 1024

/** How many programs run at one time. */
const MOST_AT_ONCE = 16

let waiting: Job[] = []

/** Runs a program, with those that are asked for until the event loop comes round. */
export function runProgram(
  path: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<ProgramOutcome | Unanswered> {
  return new Promise((resolve) => {
    if (waiting.length === 0) setImmediate(runWaiting)
    waiting.push({ path, args, environment, resolve })
  })
}

function runWaiting(): void {
  const jobs = waiting
  waiting = []
  for (let at = 0; at < jobs.length; at += MOST_AT_ONCE)
    runTogether(jobs.slice(at, at + MOST_AT_ONCE))
}

/**
 * Runs programs to their ends.
 *
 * @internal Exported for tests.
 */
export function runTogether(jobs: readonly Job[], seconds = TIME_LIMIT): void {
  let folder: string | undefined
  try {
    folder = mkdtempSync(join(tmpdir(), 'cryptopolicy-run-'))
    answer(jobs, folder, runScript(jobs, folder, seconds), seconds)
  } catch (error) {
    const isOfFile =
      error instanceof DiagnosticError || (error instanceof Error && 'syscall' in error)
    if (!isOfFile) throw error
    // Promises that were kept stay as they are.
    for (const { resolve } of jobs) resolve({ failure: `cannot be run: ${error.message}` })
  } finally {
    if (folder !== undefined) removeScratch(folder)
  }
}

/** A folder that cannot be removed harms nothing, and answers that were given count. */
export function removeScratch(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true })
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error
  }
}

type ScriptEnd = {
  /** One line for each job that ended: its number and its status. */
  readonly ends: string
  /** Why the shell itself did not run. */
  readonly failure: string | undefined
}

function runScript(jobs: readonly Job[], folder: string, seconds: number): ScriptEnd {
  const script = join(folder, 'script')
  writeFileSync(script, printScript(jobs, folder, seconds), { mode: 0o600 })
  const { stdout, error, pid } = runSync('/bin/sh', [script], {
    // A group of its own, so that all can be killed that the programs start.
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: (seconds + GRACE) * 1000,
    killSignal: 'SIGKILL',
    env: { ...process.env, LC_ALL: 'C' },
  } as object)
  signalGroup(pid, 'SIGKILL')
  return { ends: stdout ?? '', failure: error?.message }
}

/**
 * The last line ends the group, the shell included: programs may have left others behind. The first
 * does so where a program takes too long, also when we are no longer there.
 */
function printScript(jobs: readonly Job[], folder: string, seconds: number): string {
  const lines = jobs.map(({ path, args, environment }, at) => {
    const words = [path, ...args].map(quote).join(' ')
    const settings = Object.entries(environment).map(([name, value]) => `${name}=${quote(value)} `)
    const output = quote(outputFile(folder, at))
    return `( ulimit -f ${OUTPUT_BLOCKS} 2>/dev/null; ( ${settings.join('')}${words} ) >${output} 2>&1; echo ${at} $? ) & w="$w $!"`
  })
  const guard = `( sleep ${seconds} >/dev/null && { echo late; kill -s KILL 0; } ) &`
  return [guard, 'w=', ...lines, 'wait $w', 'kill -s KILL 0', ''].join('\n')
}

function outputFile(folder: string, at: number): string {
  return join(folder, `output-${at}`)
}

/** Nothing is special to a shell between single quotes but the quote itself. */
function quote(word: string): string {
  return `'${word.replaceAll('\0', '').replaceAll("'", `'\\''`)}'`
}

function answer(
  jobs: readonly Job[],
  folder: string,
  { ends, failure }: ScriptEnd,
  seconds: number,
): void {
  const isLate = /^late$/m.test(ends)
  const statuses = new Map(
    [...ends.matchAll(/^(\d+) (\d+)$/gm)].map(([, at, status]) => [Number(at), Number(status)]),
  )
  for (const [at, { resolve }] of jobs.entries()) {
    const status = statuses.get(at)
    if (status !== undefined) resolve(readOutcome(outputFile(folder, at), status))
    else if (isLate) resolve({ failure: `did not end in ${seconds} s` })
    else resolve({ failure: `cannot be run: ${failure ?? 'the shell could not start it'}` })
  }
}

/** What the shell gives for a program that it cannot start, and adds to the number of a signal. */
const NOT_EXECUTABLE = 126
const NOT_FOUND = 127
const BY_SIGNAL = 128

/** Signals by which a user or the system ends a program before it answers. Others are its own faults. */
const { SIGKILL, SIGTERM, SIGINT, SIGHUP, SIGXCPU, SIGXFSZ } = constants.signals
const FROM_OUTSIDE: ReadonlySet<number> = new Set([SIGKILL, SIGTERM, SIGINT, SIGHUP, SIGXCPU])

function readOutcome(path: string, status: number): ProgramOutcome | Unanswered {
  const bytes = readBytes(path, OUTPUT_LIMIT)
  const output = bytes.toString('utf8')
  if (status === NOT_EXECUTABLE || status === NOT_FOUND) {
    return { failure: `cannot be run: ${/[^:\n]*$/m.exec(output.trim())?.[0].trim() ?? ''}` }
  }
  const signal = status - BY_SIGNAL
  if (signal === SIGXFSZ || bytes.length >= OUTPUT_BLOCKS * BLOCK)
    return { failure: 'prints without end' }
  if (FROM_OUTSIDE.has(signal)) return { failure: `was killed by ${nameOf(signal)}` }
  const name = nameOf(signal)
  if (name === undefined) return { status, output }
  return { status: null, output: output.trim() === '' ? `it was killed by ${name}` : output }
}

function nameOf(signal: number): string | undefined {
  return Object.entries(constants.signals).find(([, number]) => number === signal)?.[0]
}
