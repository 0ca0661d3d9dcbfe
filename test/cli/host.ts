/** A scratch host: a base directory that update-policies works on, and what its readers see. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Outcome, type RunOptions, run, scratchFolder, writeFiles } from './command.ts'
import { type InProcessOptions, runInProcess } from './in-process.ts'

export class Host {
  readonly base: string

  /** Options that name another profile folder than the checkout. */
  readonly profileOptions: readonly string[]

  constructor(files: Readonly<Record<string, string | Buffer>> = {}, profile?: string) {
    this.base = scratchFolder()
    this.profileOptions = profile === undefined ? [] : ['--profile-dir', profile]
    writeFiles(this.base, files)
  }

  /** Runs update-policies on this host, through the launcher. */
  update(args: readonly string[], options: RunOptions = {}): Outcome {
    return run('update-policies', [...this.#ownOptions, ...args], options)
  }

  /** The same within the process of the test, which takes a tenth of the time. */
  updateInProcess(args: readonly string[], options: InProcessOptions = {}): Promise<Outcome> {
    return runInProcess([...this.#ownOptions, ...args], { program: 'update-policies', ...options })
  }

  get #ownOptions(): readonly string[] {
    return ['--base-dir', this.base, ...this.profileOptions, '--no-verify']
  }

  /** Runs update-policies, which lets the programs of this machine read what it is to put in force. */
  updateVerified(args: readonly string[], options: RunOptions = {}): Outcome {
    return run('update-policies', ['--base-dir', this.base, ...args], options)
  }

  /** Sets a policy without touching services and expects success. */
  set(policy: string): void {
    expectSet(policy, this.update(setting(policy)))
  }

  async setInProcess(policy: string): Promise<void> {
    expectSet(policy, await this.updateInProcess(setting(policy)))
  }

  path(...parts: readonly string[]): string {
    return join(this.base, ...parts)
  }

  read(...parts: readonly string[]): string {
    return readFileSync(this.path(...parts), 'utf8')
  }

  write(files: Readonly<Record<string, string | Buffer>>): void {
    writeFiles(this.base, files)
  }

  /** What readers see: the text of every file in back-ends/ and state/, and in folders there. */
  visible(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      ['back-ends', 'state']
        .flatMap((folder) => listDeep(this.base, folder))
        .map((path) => [path, this.read(path)]),
    )
  }

  /** Everything below the base directory with its time of change. */
  times(): Readonly<Record<string, number>> {
    const names = readdirSync(this.base, { recursive: true, encoding: 'utf8' })
    return Object.fromEntries(names.map((name) => [name, statSync(this.path(name)).mtimeMs]))
  }

  /** What a run that was killed may have left. */
  leftovers(): readonly string[] {
    const names = readdirSync(this.base, { recursive: true, encoding: 'utf8' })
    const generations = list(this.path('.generations')).filter((name) => name.startsWith('g-'))
    const temporary = names.filter((name) => name.endsWith('-tmp') || name.endsWith('-pending'))
    return [...temporary, ...generations.slice(2)]
  }
}

function setting(policy: string): readonly string[] {
  return ['--set', policy, '--no-reload']
}

function expectSet(policy: string, { status, stderr }: Outcome): void {
  if (status !== 0) throw new Error(`--set ${policy} gave ${status}: ${stderr}`)
}

function list(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).toSorted() : []
}

/** The paths of all files below a folder, through links to folders too. */
function listDeep(base: string, folder: string): readonly string[] {
  return list(join(base, folder)).flatMap((name) => {
    const path = `${folder}/${name}`
    const isFolder = statSync(join(base, path), { throwIfNoEntry: false })?.isDirectory() === true
    return isFolder ? listDeep(base, path) : [path]
  })
}
