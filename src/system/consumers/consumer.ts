/** A program that reads what a back-end writes, and can tell whether it understands it. */
import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

/** What a consumer makes of a configuration. */
export type Verdict = {
  /** Values that it does not know, each with the setting it belongs to. */
  readonly unknown: readonly UnknownValue[]
  /** What else it complains about, in its own words. */
  readonly complaints: readonly string[]
}

export type UnknownValue = {
  /** As the configuration names it, such as `KexAlgorithms`. */
  readonly setting: string
  readonly value: string
}

export type Consumer = {
  /** The back-end whose files it reads. */
  readonly backend: string
  readonly program: string
  /** The arguments that make it print its version. */
  readonly versionArguments: readonly string[]
  /**
   * Lets the program read a configuration.
   *
   * @throws ConsumerUnusable where it cannot judge anything on this host.
   */
  readonly check: (workbench: Workbench, config: string) => Promise<Verdict>
}

/** The program does not work here at all, so its verdict would mean nothing. */
export class ConsumerUnusable extends Error {}

export type Outcome = {
  /** Null where it was killed, for instance by the time limit. */
  readonly status: number | null
  /** Standard output and standard error. */
  readonly output: string
}

/** How long a program may take, in milliseconds. */
const TIME_LIMIT = 20_000

/** A scratch folder and the installed program. */
export class Workbench {
  readonly #path: string
  readonly #folder: string

  constructor(path: string, folder: string) {
    this.#path = path
    this.#folder = folder
  }

  /** Writes a scratch file that only we can read, and returns its path. */
  async write(name: string, text: string): Promise<string> {
    const path = join(this.#folder, name)
    await writeFile(path, text, { mode: 0o600 })
    return path
  }

  /** The path of a scratch file. */
  scratch(name: string): string {
    return join(this.#folder, name)
  }

  /** Runs the program. */
  run(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Outcome> {
    return runProgram(this.#path, args, environment)
  }
}

/** Runs a program to its end and gives what it printed. */
export function runProgram(
  path: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { timeout: TIME_LIMIT, env: { ...process.env, LC_ALL: 'C', ...environment } }
    const child = execFile(path, args, options, (error, stdout, stderr) => {
      const status = error ? (typeof error.code === 'number' ? error.code : null) : 0
      resolve({ status, output: `${stdout}${stderr}` })
    })
    child.stdin?.end()
  })
}

/** Runs `work` with a workbench for the program, and removes its scratch folder. */
export async function withWorkbench<Result>(
  path: string,
  work: (workbench: Workbench) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'cryptopolicy-'))
  try {
    return await work(new Workbench(path, folder))
  } finally {
    await rm(folder, { recursive: true, force: true })
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

/** The values of a list that a program refuses when each is its only one. */
export async function findRefused(
  values: readonly string[],
  accepts: (value: string) => Promise<boolean>,
): Promise<readonly string[]> {
  const refused: string[] = []
  for (const value of values) if (!(await accepts(value))) refused.push(value)
  return refused
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
