/** Compiles a folder of policies into a folder of back-end files, as packages ship them. */

import { dirname, join, parse } from 'node:path'
import { createTwoFilesPatch } from 'diff'
import { BACKENDS, renderReloadCommands } from '../backends/all-backends.ts'
import type { Backend } from '../backends/backend.ts'
import { gnutls } from '../backends/gnutls.ts'
import { collectDiagnostics } from '../diagnostics/collect-diagnostics.ts'
import {
  type Diagnostic,
  DiagnosticError,
  escalate,
  fail,
  hasErrors,
} from '../diagnostics/diagnostic.ts'
import { makeFolder, replaceFile } from '../files/atomic-file.ts'
import { FILE_KINDS } from '../files/file-diagnostics.ts'
import { readBytes } from '../files/text-file.ts'
import type { Policy } from '../policy/policy.ts'
import { appendStrings } from './appended-strings.ts'
import type { ApplicationFiles } from './application-files.ts'
import type { Directories } from './directories.ts'
import { listPolicies, loadPolicy, policyFolders } from './policy-files.ts'
import { checkSelection, parseSelection } from './policy-selection.ts'

export type BuildOptions = {
  readonly policyDir: string
  readonly outDir: string
  /** `OUTDIR/POLICY-BACKEND.txt` rather than `OUTDIR/POLICY/BACKEND.txt`. */
  readonly flat: boolean
  /** Compare with the files that are there and leave them. */
  readonly test: boolean
  /** `POLICY:MODULE...`; all policies of the folder where undefined. */
  readonly policy?: string | undefined
  /** Also write reload-cmds.sh. */
  readonly reloadCommands: boolean
  /** Warnings about a policy are errors. */
  readonly strict: boolean
  /** Replacements of the generator of a back-end, such as an older format of its file. */
  readonly generators?: Readonly<Record<string, (policy: Policy) => string>>
  /** Compiles application policies over each of the policies; none by default. */
  readonly compileApplications?: ((system: Policy) => ApplicationFiles) | undefined
}

export type BuiltFile = {
  readonly policy: string
  /** Of an application `applications/NAME/BACKEND`. */
  readonly backend: string
  readonly path: string
  readonly text: string
  readonly outcome: 'written' | 'same' | 'differs'
  /** Where it differs: a unified diff from the file that is there. */
  readonly difference?: string
}

export type BuildResult = {
  readonly files: readonly BuiltFile[]
  /** Warnings. */
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Compiles first and writes then: with an error in any policy nothing is written.
 *
 * @throws DiagnosticError with the errors of all policies.
 */
export function buildPolicies(options: BuildOptions, directories: Directories): BuildResult {
  const { policies, diagnostics } = compileAll(options, directories)
  const files = policies.flatMap((compiled) => [
    ...BACKENDS.map((backend) => buildBackend(options, compiled, backend)),
    ...[...(compiled.applications?.files ?? [])].map(([path, text]) =>
      buildApplicationFile(options, compiled, path, text),
    ),
  ])
  if (options.reloadCommands) {
    write(join(options.outDir, 'reload-cmds.sh'), renderReloadCommands())
  }
  return { files, diagnostics }
}

type CompiledPolicy = {
  readonly policy: Policy
  readonly applications: ApplicationFiles | undefined
}

type CompiledPolicies = {
  readonly policies: readonly CompiledPolicy[]
  readonly diagnostics: readonly Diagnostic[]
}

function compileAll(options: BuildOptions, directories: Directories): CompiledPolicies {
  const folders = policyFolders(directories, options.policyDir)
  const policies: CompiledPolicy[] = []
  const diagnostics: Diagnostic[] = []
  // What is said of an application is often the same over each policy.
  const addNew = (diagnostic: Diagnostic) => {
    if (!diagnostics.some((known) => isSame(known, diagnostic))) diagnostics.push(diagnostic)
  }
  for (const name of chooseNames(options)) {
    const loaded = collectDiagnostics(
      (diagnostic) => diagnostics.push(diagnostic),
      () => loadPolicy(checkSelection(parseSelection(name), { argument: name }), folders),
    )
    if (!loaded) continue
    diagnostics.push(...loaded.diagnostics)
    const { policy } = loaded
    const applications = collectDiagnostics(addNew, () => options.compileApplications?.(policy))
    applications?.diagnostics.forEach(addNew)
    policies.push({ policy, applications })
  }
  const judged = options.strict ? diagnostics.map(escalate) : diagnostics
  if (hasErrors(judged)) throw new DiagnosticError(judged)
  return { policies, diagnostics: judged }
}

function isSame(one: Diagnostic, other: Diagnostic): boolean {
  return (
    one.code === other.code &&
    one.message === other.message &&
    one.span?.source.name === other.span?.source.name &&
    one.span?.start === other.span?.start
  )
}

function chooseNames(options: BuildOptions): readonly string[] {
  if (options.policy !== undefined) return [options.policy]
  const names = listPolicies([options.policyDir], 'policy')
  const hint = 'give a folder that holds *.pol files'
  if (names.length === 0) fail(FILE_KINDS.missing, { path: join(options.policyDir, '*.pol'), hint })
  return names
}

function buildBackend(
  options: BuildOptions,
  { policy, applications }: CompiledPolicy,
  backend: Backend,
): BuiltFile {
  const generate = options.generators?.[backend.name] ?? backend.generate
  const ofApplications = backend === gnutls ? (applications?.gnutlsLines ?? '') : ''
  const text = appendStrings(generate(policy), ofApplications)
  const path = placeOf(options, policy.name, `${backend.name}.txt`)
  return buildFile(options, { policy: policy.name, backend: backend.name, path, text })
}

/** @param below The path of the file below the base directory of a host. */
function buildApplicationFile(
  options: BuildOptions,
  { policy }: CompiledPolicy,
  below: string,
  text: string,
): BuiltFile {
  const file = below.replace(/^back-ends\//, '')
  const path = placeOf(options, policy.name, file)
  return buildFile(options, { policy: policy.name, backend: withoutEnding(file), path, text })
}

function withoutEnding(file: string): string {
  return join(dirname(file), parse(file).name)
}

function placeOf({ outDir, flat }: BuildOptions, policy: string, file: string): string {
  return flat ? join(outDir, `${policy}-${file}`) : join(outDir, policy, file)
}

function buildFile(options: BuildOptions, file: Omit<BuiltFile, 'outcome'>): BuiltFile {
  const { path, text } = file
  const before = readBefore(path)
  if (before === text) return { ...file, outcome: 'same' }
  if (options.test && before !== undefined) {
    const difference = createTwoFilesPatch(path, `${path}.new`, before, text)
    return { ...file, outcome: 'differs', difference }
  }
  write(path, text)
  return { ...file, outcome: 'written' }
}

/** Longer than any output, in bytes: such a file is another one. */
const OUTPUT_LIMIT = 4_194_304

/** What cannot be read is replaced like any other file, or fails where it is written. */
function readBefore(path: string): string | undefined {
  try {
    return readBytes(path, OUTPUT_LIMIT).toString('utf8')
  } catch {
    return undefined
  }
}

function write(path: string, text: string): void {
  try {
    makeFolder(dirname(path))
    replaceFile(path, text)
  } catch (error) {
    fail(FILE_KINDS.unwritable, { path, error })
  }
}
