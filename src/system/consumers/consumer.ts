/** A program that reads what a back-end writes, and can tell whether it understands it. */
import { accessSync, constants, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fail } from '../../diagnostics/diagnostic.ts'
import { FILE_KINDS } from '../../files/file-diagnostics.ts'
import { type ProgramOutcome, removeScratch, runProgram, type Unanswered } from './program-run.ts'

/** What becomes of a program that reads something which it does not understand. */
type Effect =
  /** It does not start, or fails at whatever it is to do. */
  | 'stops'
  /** It starts, and takes no part of the file: the policy is lost on it. */
  | 'ignores-file'
  /** It ignores the whole setting, and uses what it has built in. */
  | 'ignores-setting'
  /** It ignores the value. */
  | 'ignores-value'

/** Something in a configuration that a consumer does not understand. */
export type ConsumerFinding = {
  readonly effect: Effect
  /** The line of the configuration, from 1, where it is known. */
  readonly line?: number
} & (
  | { readonly unknown: UnknownValue }
  /** In the program's own words. */
  | { readonly complaint: string }
)

type UnknownValue = {
  /** As the configuration names it, such as `KexAlgorithms`. */
  readonly setting: string
  /** Null where the setting itself is not known. */
  readonly value: string | null
}

export type Consumer = {
  /** The back-end whose files it reads; for one of applications with `applications/` before its name. */
  readonly backend: string
  readonly program: string
  /** Finds the program where its name alone does not. */
  readonly find?: () => string | undefined
  /** What becomes of it where it stops at something: `would not start`. */
  readonly failure: string
  /** Without it an administrator is locked out, so it is asked also where nothing leads it to the file. */
  readonly locksOut?: true
  /** The arguments that make it print its version. */
  readonly versionArguments: readonly string[]
  /**
   * Lets the program read a configuration.
   *
   * @throws ConsumerUnusable where it cannot judge anything on this host.
   */
  readonly check: (
    workbench: Workbench,
    config: string,
    depth: CheckDepth,
  ) => Promise<readonly ConsumerFinding[]>
  /**
   * Whether the program takes all of these configurations in one run, which is faster than a run for each.
   *
   * @throws ConsumerUnusable as `check` does.
   */
  readonly acceptsAll?: (workbench: Workbench, configs: readonly string[]) => Promise<boolean>
}

/** How much is asked: all that the program does not understand, what it stops at, or the first of that. */
export type CheckDepth = 'all' | 'stops' | 'first-stop'

/** The program does not work here at all, so its verdict would mean nothing. The message follows its name. */
export class ConsumerUnusable extends Error {}

/** A scratch folder and the installed program. */
export class Workbench {
  /** The path of the program. */
  readonly program: string
  readonly #folder: string
  #written = 0

  constructor(path: string, folder: string) {
    this.program = path
    this.#folder = folder
  }

  /** Writes a new scratch file that only we can read, and returns its path. */
  write(name: string, text: string): string {
    const path = join(this.#folder, `${++this.#written}-${name}`)
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }

  /** The path of a scratch file. */
  scratch(name: string): string {
    return join(this.#folder, name)
  }

  /**
   * Runs the program.
   *
   * @throws ConsumerUnusable where it gives no answer.
   */
  async run(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<ProgramOutcome> {
    const answer = await runProgram(this.program, args, environment)
    if ('failure' in answer) throw new ConsumerUnusable(answer.failure)
    return answer
  }
}

const ANSWERS = new Map<string, Promise<ProgramOutcome | Unanswered>>()

/** Asks a program what it always says alike, such as its version. It is run once. */
export async function askProgram(path: string, args: readonly string[]): Promise<ProgramOutcome> {
  const key = JSON.stringify([path, ...args])
  const answer = ANSWERS.get(key) ?? runProgram(path, args)
  ANSWERS.set(key, answer)
  const outcome = await answer
  return 'failure' in outcome ? { status: null, output: '' } : outcome
}

const UNASKED =
  'the programs of this host cannot be asked without it; --no-verify does without them'

/**
 * Runs `work` with a workbench for the program, and removes its scratch folder.
 *
 * @throws DiagnosticError where nothing can be written for the program to read.
 */
export async function withWorkbench<Result>(
  path: string,
  work: (workbench: Workbench) => Promise<Result>,
): Promise<Result> {
  const template = join(tmpdir(), 'cryptopolicy-')
  let folder: string | undefined
  try {
    folder = mkdtempSync(template)
    return await work(new Workbench(path, folder))
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error
    return fail(FILE_KINDS.unwritable, { path: folder ?? template, error, hint: UNASKED })
  } finally {
    if (folder !== undefined) removeScratch(folder)
  }
}

/** Finds a program, also in the folders of administrators' programs. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, name))
    .find(isExecutable)
}

/**
 * The values of a list for which a program refuses it. Lists are halved, since few are refused and
 * a run of the program takes its time.
 */
export async function findRefused(
  values: readonly string[],
  accepts: (values: readonly string[]) => Promise<boolean>,
): Promise<readonly string[]> {
  if (values.length === 0 || (await accepts(values))) return []
  if (values.length === 1) return values
  const middle = values.length >> 1
  const halves = [values.slice(0, middle), values.slice(middle)]
  return (await Promise.all(halves.map((half) => findRefused(half, accepts)))).flat()
}

/** The first line of what a program said. */
export function firstLine(output: string): string {
  return output.trim().split('\n')[0] ?? ''
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
