/** Lints what is on a host: policies by name or by file, and drop-ins. */
import { basename, join } from 'node:path'
import { type Diagnostic, DiagnosticError } from '../diagnostics/diagnostic.ts'
import { fixSource } from '../policy/lint/fix.ts'
import { type LintInput, lintPolicy } from '../policy/lint/lint.ts'
import { replaceFile } from './atomic-file.ts'
import { configFile, type Directories, localFolder } from './directories.ts'
import { checkGnutlsDropIn, listDropIns } from './drop-ins.ts'
import { findPolicyFiles, policyFolders } from './policy-files.ts'
import {
  checkSelection,
  formatSelection,
  type PolicySelection,
  parseSelection,
  readConfiguredSelection,
} from './policy-selection.ts'
import { readTextFile } from './text-file.ts'

/** Findings of each target; a target that cannot be read is a finding too. */
export function lintTargets(
  targets: readonly string[],
  directories: Directories,
): readonly Diagnostic[] {
  if (targets.length > 0) return targets.flatMap((target) => lintTarget(target, directories))
  const configured = collect(() =>
    lintSelection(
      checkSelection(readConfiguredSelection(directories), configFile(directories)),
      directories,
    ),
  )
  const dropIns = listDropIns(localFolder(directories), 'gnutls')
  const found = dropIns.flatMap((name) =>
    collect(() => lintDropIn(join(localFolder(directories), name))),
  )
  return [...configured, ...found]
}

export type FixedFile = { readonly path: string; readonly count: number }

/** Rewrites deprecated forms in policy files. */
export function fixFiles(paths: readonly string[]): readonly FixedFile[] {
  return paths.flatMap(fixFile)
}

function fixFile(path: string): readonly FixedFile[] {
  const source = readTextFile(path)
  const { text, applied } = fixSource(source)
  if (text === source.text) return []
  replaceFile(path, text)
  return [{ path, count: applied.length }]
}

function lintTarget(target: string, directories: Directories): readonly Diagnostic[] {
  return collect(() => {
    if (isDropIn(target)) return lintDropIn(target)
    if (isPolicyFile(target)) return lintPolicy(policyNameOf(target), [readInput(target)])
    return lintSelection(checkSelection(parseSelection(target), `\`${target}\``), directories)
  })
}

function lintSelection(
  selection: PolicySelection,
  directories: Directories,
): readonly Diagnostic[] {
  const inputs = pathsOf(selection, directories).map(readInput)
  return lintPolicy(formatSelection(selection), inputs)
}

function lintDropIn(path: string): readonly Diagnostic[] {
  const source = readTextFile(path)
  return basename(path).startsWith('gnutls-') ? checkGnutlsDropIn(source) : []
}

function pathsOf(selection: PolicySelection, directories: Directories): readonly string[] {
  return findPolicyFiles(selection, policyFolders(directories))
}

function readInput(path: string): LintInput {
  return { source: readTextFile(path), kind: path.endsWith('.pmod') ? 'module' : 'base' }
}

function collect(work: () => readonly Diagnostic[]): readonly Diagnostic[] {
  try {
    return work()
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics
    throw error
  }
}

function isPolicyFile(target: string): boolean {
  return /\.(?:pol|pmod)$/.test(target)
}

function isDropIn(target: string): boolean {
  return target.endsWith('.config')
}

function policyNameOf(path: string): string {
  return basename(path).replace(/\.(?:pol|pmod)$/, '')
}
