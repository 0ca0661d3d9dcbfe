/** Lints what is on a host: policies by name or by file, and drop-ins. */
import { statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { BACKENDS } from '../backends/all-backends.ts'
import type { Backend } from '../backends/backend.ts'
import { gnutls } from '../backends/gnutls.ts'
import { warnOfLooseness } from '../backends/looseness/looseness-diagnostics.ts'
import type { Looseness } from '../backends/looseness/looseness-rule.ts'
import { collectDiagnostics } from '../diagnostics/collect-diagnostics.ts'
import { type Diagnostic, diagnose, fail, hasErrors } from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import { replaceFile } from '../files/atomic-file.ts'
import { FILE_KINDS } from '../files/file-diagnostics.ts'
import { readNamedTextFile, readTextFile, STANDARD_INPUT_PATH } from '../files/text-file.ts'
import { findSameKeywords } from '../policy/application/application-policy.ts'
import { fixSource } from '../policy/lint/fix.ts'
import { type LintInput, lintContext, readContext } from '../policy/lint/lint-policy.ts'
import type { PurposeName } from '../policy/scope.ts'
import { findApplications } from './applications.ts'
import { backendPath, policyText } from './configuration.ts'
import { configFile, type Directories, localFolder } from './directories.ts'
import { checkDropIns } from './drop-in-checks/all-checks.ts'
import { checkGnutlsDropIn, listDropInsOfNone, readDropIn, readDropIns } from './drop-ins.ts'
import { isApplicationFile, lintApplication } from './lint-applications.ts'
import { findLoosenessHere } from './looseness-here.ts'
import { findPolicyFiles, loadPolicy, policyFolders } from './policy-files.ts'
import {
  checkSelection,
  formatSelection,
  type PolicySelection,
  parseSelection,
  readConfiguredSelection,
} from './policy-selection.ts'
import { checkPriorityDropIns } from './priority-drop-ins.ts'
import { SYSTEM_KINDS } from './system-diagnostics.ts'

/** Findings of each target; a target that cannot be read is a finding too. */
export function lintTargets(
  targets: readonly string[],
  directories: Directories,
): readonly Diagnostic[] {
  if (targets.length > 0) return targets.flatMap((target) => lintTarget(target, directories))
  const configured = collect(() => lintSelection(readChecked(directories), directories))
  const more = [...lintAllDropIns(directories), ...lintEnabledApplications(directories)]
  return eachOnce([...configured, ...more])
}

/** A mistake of the policy is found again by each check that needs the policy. */
function eachOnce(findings: readonly Diagnostic[]): readonly Diagnostic[] {
  const textOf = ({ code, message, span }: Diagnostic) =>
    JSON.stringify([code, message, span?.source.name, span?.start])
  return [...new Map(findings.map((finding) => [textOf(finding), finding])).values()]
}

/** The policies of applications that are in force; what keeps one from being read is a finding. */
function lintEnabledApplications(directories: Directories): readonly Diagnostic[] {
  const enabled = findApplications(directories).filter(({ state }) => state === 'enabled')
  const applications = enabled.flatMap(({ application }) => application ?? [])
  const findings = enabled.flatMap(({ path, diagnostics, application }) =>
    application ? collect(() => lintApplicationFile(path, directories)) : diagnostics,
  )
  return [...findings, ...findSameKeywords(applications)]
}

function lintApplicationFile(path: string, directories: Directories): readonly Diagnostic[] {
  const selection = readChecked(directories)
  const inputs = pathsOf(selection, directories).map(readInput)
  return lintApplication(readTextFile(path), { name: formatSelection(selection), inputs })
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
  replaceWithOwner(path, text)
  return [{ path, count: applied.length }]
}

/** The new file belongs to whom the old one did, and the same users may read it. */
function replaceWithOwner(path: string, text: string): void {
  try {
    const { mode, uid, gid } = statSync(path)
    replaceFile(path, text, mode & 0o777, { uid, gid })
  } catch (error) {
    fail(FILE_KINDS.unwritable, { path, error })
  }
}

function lintTarget(target: string, directories: Directories): readonly Diagnostic[] {
  return collect(() => {
    if (isApplicationFile(target)) return lintApplicationFile(target, directories)
    if (isDropIn(target)) return lintNamedDropIn(target, directories)
    if (isPipe(target)) {
      const source = readNamedTextFile(target)
      return lintInputs('CUSTOM', [{ source, kind: 'base' }])
    }
    if (isPolicyFile(target)) return lintInputs(policyNameOf(target), [readInput(target)])
    return lintSelection(checkSelection(parseSelection(target), { argument: target }), directories)
  })
}

function lintSelection(
  selection: PolicySelection,
  directories: Directories,
): readonly Diagnostic[] {
  const inputs = pathsOf(selection, directories).map(readInput)
  return lintInputs(formatSelection(selection), inputs)
}

/** What the rules find, and what no back-end could make of it where it is right. */
function lintInputs(name: string, inputs: readonly LintInput[]): readonly Diagnostic[] {
  const context = readContext(name, inputs)
  let known: readonly Looseness[] | undefined
  const looseness = () => {
    known ??= findLoosenessHere(context.policy)
    return known
  }
  const isReadable = !context.files.some(({ diagnostics }) => hasErrors(diagnostics))
  const keptFor = (purpose: PurposeName) =>
    (isReadable ? looseness() : []).flatMap((found) =>
      found.purpose === purpose ? found.kept : [],
    )
  const findings = lintContext({ ...context, keptFor })
  const isWhole = context.hasBase && !hasErrors(findings)
  return isWhole ? [...findings, ...warnOfLooseness(looseness())] : findings
}

/** Drop-ins of each back-end are checked against the configured policy, together. */
function lintAllDropIns(directories: Directories): readonly Diagnostic[] {
  const folder = localFolder(directories)
  const found = BACKENDS.flatMap((backend) =>
    collect(() => {
      const { sources, diagnostics } = readDropIns(folder, backend.name)
      return [...diagnostics, ...lintDropIns(backend, sources, directories)]
    }),
  )
  const strangers = listDropInsOfNone(folder, BACKEND_NAMES).map((name) => join(folder, name))
  return [...found, ...strangers.map(tellOfNone)]
}

function lintNamedDropIn(path: string, directories: Directories): readonly Diagnostic[] {
  const name = basename(path)
  const backend = BACKENDS.find((one) => name.startsWith(`${one.name}-`))
  if (!backend) return [tellOfNone(path)]
  const source = readDropIn(path)
  const malformed = backend === gnutls ? checkGnutlsDropIn(source) : []
  return malformed.length > 0 ? malformed : lintDropIns(backend, [source], directories)
}

function tellOfNone(path: string): Diagnostic {
  return diagnose(SYSTEM_KINDS.dropInOfNone, { path, backends: BACKEND_NAMES })
}

const BACKEND_NAMES = BACKENDS.map(({ name }) => name)

function lintDropIns(
  backend: Backend,
  sources: readonly Source[],
  directories: Directories,
): readonly Diagnostic[] {
  if (sources.length === 0) return []
  const selection = readChecked(directories)
  const loaded = loadPolicy(selection, policyFolders(directories))
  const text = policyText(backend, selection, loaded, directories)
  const policy = { name: backendPath(backend), text }
  const check = backend === gnutls ? checkPriorityDropIns : checkDropIns.bind(null, backend.name)
  return check(policy, sources)
}

function readChecked(directories: Directories): PolicySelection {
  return checkSelection(readConfiguredSelection(directories), { file: configFile(directories) })
}

function pathsOf(selection: PolicySelection, directories: Directories): readonly string[] {
  return findPolicyFiles(selection, policyFolders(directories))
}

function readInput(path: string): LintInput {
  return { source: readTextFile(path), kind: path.endsWith('.pmod') ? 'module' : 'base' }
}

/** What a check finds, or why it cannot be made. */
function collect(check: () => readonly Diagnostic[]): readonly Diagnostic[] {
  const refusals: Diagnostic[] = []
  return collectDiagnostics((diagnostic) => refusals.push(diagnostic), check) ?? refusals
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

/** What comes out of a pipe is a policy: its name says nothing. */
function isPipe(target: string): boolean {
  if (target === STANDARD_INPUT_PATH) return true
  return target.includes('/') && (statSync(target, { throwIfNoEntry: false })?.isFIFO() ?? false)
}
