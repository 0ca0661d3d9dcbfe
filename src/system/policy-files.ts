/** Finds and reads the files of a policy and of its modules. */

import { lstatSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { collectDiagnostics } from '../diagnostics/collect-diagnostics.ts'
import {
  type Diagnostic,
  DiagnosticError,
  diagnose,
  fail,
  hasErrors,
} from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import { readTextFile } from '../files/text-file.ts'
import { type Policy, parsePolicy } from '../policy/policy.ts'
import type { Directories } from './directories.ts'
import { listNames } from './folder-entries.ts'
import { formatSelection, type PolicySelection } from './policy-selection.ts'
import { SYSTEM_KINDS } from './system-diagnostics.ts'

/** Folders that hold `*.pol`, and in `modules` below them `*.pmod`, first found first used. */
export type PolicyFolders = {
  /** Searched first, even where the user did not mean them. Their owner decides whether they are trusted. */
  readonly ofCurrentDirectory: readonly string[]
  readonly chosen: readonly string[]
}

/**
 * The current directory, then the configured and the shipped policies.
 *
 * @param policyDir A folder that was named on the command line; it comes before those of the host.
 */
export function policyFolders(directories: Directories, policyDir?: string): PolicyFolders {
  const ofHost = [join(directories.base, 'policies'), join(directories.profile, 'policies')]
  return policyDir === undefined
    ? { ofCurrentDirectory: ['.', 'policies'], chosen: ofHost }
    : { ofCurrentDirectory: ['.'], chosen: [policyDir, ...ofHost] }
}

type PolicyFileKind = 'policy' | 'module'

export type LoadedPolicy = {
  readonly policy: Policy
  readonly sources: readonly Source[]
  /** Warnings only. */
  readonly diagnostics: readonly Diagnostic[]
}

/**
 * Reads a policy and its modules.
 *
 * @throws DiagnosticError with every error of every file, so that one run shows all there is to mend.
 */
export function loadPolicy(selection: PolicySelection, folders: PolicyFolders): LoadedPolicy {
  const diagnostics: Diagnostic[] = []
  const sources = readSources(selection, folders, diagnostics)
  const parsed = parsePolicy(formatSelection(selection), sources)
  diagnostics.push(...parsed.diagnostics)
  if (hasErrors(diagnostics)) throw new DiagnosticError(diagnostics)
  return { policy: parsed.policy, sources, diagnostics }
}

/**
 * The paths of a policy's file and of its modules' files.
 *
 * @throws DiagnosticError POLICY_NOT_FOUND
 */
export function findPolicyFiles(
  selection: PolicySelection,
  folders: PolicyFolders,
): readonly string[] {
  const names = [selection.policy, ...selection.modules]
  return names.map((name, index) => findFile(name, index === 0 ? 'policy' : 'module', folders))
}

/** The names of all policies, or of all modules, in the folders. */
export function listPolicies(folders: readonly string[], kind: PolicyFileKind): readonly string[] {
  const [folder, suffix] = kind === 'policy' ? ['', '.pol'] : ['modules', '.pmod']
  const names = folders.flatMap((root) => namesWithSuffix(join(root, folder), suffix))
  return [...new Set(names)].toSorted()
}

function readSources(
  selection: PolicySelection,
  folders: PolicyFolders,
  diagnostics: Diagnostic[],
): readonly Source[] {
  const names = [selection.policy, ...selection.modules]
  return names.flatMap((name, index) => {
    const source = collectDiagnostics(
      (diagnostic) => diagnostics.push(diagnostic),
      () => readSource(name, index === 0 ? 'policy' : 'module', folders, diagnostics),
    )
    return source ? [source] : []
  })
}

function readSource(
  name: string,
  kind: PolicyFileKind,
  folders: PolicyFolders,
  diagnostics: Diagnostic[],
): Source {
  const path = findFile(name, kind, folders)
  const isStray = placesOf(name, kind, folders.ofCurrentDirectory).includes(path)
  if (isStray && !placesOf(name, kind, folders.chosen).some((other) => isSameFile(path, other))) {
    diagnostics.push(diagnose(SYSTEM_KINDS.currentDirectoryPolicy, { path }))
  }
  return readTextFile(path)
}

function findFile(name: string, kind: PolicyFileKind, folders: PolicyFolders): string {
  const all = [...folders.ofCurrentDirectory, ...folders.chosen]
  const places = placesOf(name, kind, all)
  const path = places.find(exists)
  if (path !== undefined) return path
  const data = { name, file: fileName(name, kind), searched: places.map((place) => dirname(place)) }
  return fail(SYSTEM_KINDS.policyNotFound, { ...data, known: listPolicies(all, kind) })
}

/** The folders in which modules are looked for, in this order. */
export function moduleFolders({ ofCurrentDirectory, chosen }: PolicyFolders): readonly string[] {
  return placesOf('ANY', 'module', [...ofCurrentDirectory, ...chosen]).map((place) =>
    dirname(place),
  )
}

/** Where a file may be; `.` itself has no folder for modules. */
function placesOf(name: string, kind: PolicyFileKind, folders: readonly string[]): string[] {
  const below = kind === 'policy' ? '.' : 'modules'
  return folders.map((root) => join(root, root === '.' ? '.' : below, fileName(name, kind)))
}

function fileName(name: string, kind: PolicyFileKind): string {
  return `${name}.${kind === 'policy' ? 'pol' : 'pmod'}`
}

function isSameFile(path: string, other: string): boolean {
  try {
    return realpathSync(path) === realpathSync(other)
  } catch {
    return false
  }
}

/** A file that is there but unreadable stops the search: a weaker namesake must not step in. */
function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOTDIR'
  }
}

/** The names of the files with a suffix, without it; hidden files are none. */
function namesWithSuffix(folder: string, suffix: string): readonly string[] {
  return listNames(folder)
    .filter((name) => name.endsWith(suffix) && !name.startsWith('.'))
    .map((name) => name.slice(0, -suffix.length))
}
