/** Compiles a folder of policies into a folder of back-end files, as packages ship them. */

import { dirname, join } from 'node:path'
import { createTwoFilesPatch } from 'diff'
import { BACKENDS, renderReloadCommands } from '../backends/all-backends.ts'
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
import type { Directories } from './directories.ts'
import { type LoadedPolicy, listPolicies, loadPolicy, policyFolders } from './policy-files.ts'
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
  readonly generators?: Readonly<Record<string, (policy: LoadedPolicy['policy']) => string>>
}

export type BuiltFile = {
  readonly policy: string
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
  const { policies, diagnostics } = loadAll(options, directories)
  const files = policies.flatMap((loaded) =>
    BACKENDS.map((backend) => {
      const generate = options.generators?.[backend.name] ?? backend.generate
      return buildFile(options, loaded.policy.name, backend.name, generate(loaded.policy))
    }),
  )
  if (options.reloadCommands) {
    write(join(options.outDir, 'reload-cmds.sh'), renderReloadCommands())
  }
  return { files, diagnostics }
}

type LoadedPolicies = {
  readonly policies: readonly LoadedPolicy[]
  readonly diagnostics: readonly Diagnostic[]
}

function loadAll(options: BuildOptions, directories: Directories): LoadedPolicies {
  const folders = policyFolders(directories, options.policyDir)
  const policies: LoadedPolicy[] = []
  const diagnostics: Diagnostic[] = []
  for (const name of chooseNames(options)) {
    const loaded = collectDiagnostics(
      (diagnostic) => diagnostics.push(diagnostic),
      () => loadPolicy(checkSelection(parseSelection(name), '--policy'), folders),
    )
    if (!loaded) continue
    policies.push(loaded)
    diagnostics.push(...loaded.diagnostics)
  }
  const judged = options.strict ? diagnostics.map(escalate) : diagnostics
  if (hasErrors(judged)) throw new DiagnosticError(judged)
  return { policies, diagnostics: judged }
}

function chooseNames(options: BuildOptions): readonly string[] {
  if (options.policy !== undefined) return [options.policy]
  const names = listPolicies([options.policyDir], 'policy')
  const hint = 'give a folder that holds *.pol files'
  if (names.length === 0) fail(FILE_KINDS.missing, { path: join(options.policyDir, '*.pol'), hint })
  return names
}

function buildFile(
  options: BuildOptions,
  policy: string,
  backend: string,
  text: string,
): BuiltFile {
  const folder = options.flat ? options.outDir : join(options.outDir, policy)
  const path = join(folder, options.flat ? `${policy}-${backend}.txt` : `${backend}.txt`)
  const before = readBefore(path)
  const file = { policy, backend, path, text }
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
