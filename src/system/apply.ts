/** Applies a policy to a host: what would change, the switch, and the reload of services. */
import { readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Diagnostic,
  DiagnosticError,
  diagnose,
  escalate,
  fail,
  moderate,
} from '../diagnostics/diagnostic.ts'
import type { Policy } from '../policy/policy.ts'
import { replaceFile, type Staged, stageFile } from './atomic-file.ts'
import { type Configuration, compileConfiguration } from './configuration.ts'
import {
  configFile,
  DEFAULT_BASE_DIR,
  type Directories,
  localFolder,
  stateFolder,
} from './directories.ts'
import { hasDropIns } from './drop-ins.ts'
import { isFipsEnabled, isFipsPolicyMounted, unmountFipsPolicy } from './fips-mode.ts'
import { sameFile } from './generated-files.ts'
import { GenerationStore } from './generation-store.ts'
import { loadPolicy, policyFolders } from './policy-files.ts'
import {
  checkSelection,
  formatSelection,
  type PolicySelection,
  parseConfig,
  parseSelection,
  readConfiguredSelection,
} from './policy-selection.ts'
import type { PriorityDropInCheck } from './priority-drop-ins.ts'
import { runReloadScript } from './reload.ts'
import { withRunLock } from './run-lock.ts'
import { SYSTEM_KINDS } from './system-diagnostics.ts'

export type ApplyOptions = {
  /** The policy to set, as typed; the configured one where undefined. */
  readonly set?: string | undefined
  readonly reload: boolean
  /** Warnings are errors. */
  readonly strict?: boolean
  /** Looks for problems in the drop-ins of the gnutls back-end. */
  readonly checkDropIns?: PriorityDropInCheck
  /** Called with warnings and notes as they arise. */
  readonly report: (diagnostic: Diagnostic) => void
}

export type ApplyResult = {
  readonly policy: string
  /** The files that were replaced, by path below the base directory. */
  readonly changed: readonly string[]
  readonly reloaded: boolean
  /** Nothing was done because a FIPS policy is mounted over the configured one. */
  readonly mounted: boolean
}

/** A policy chosen and compiled, not applied yet. */
export type PreparedPolicy = {
  readonly selection: PolicySelection
  readonly policy: Policy
  readonly configuration: Configuration
  readonly diagnostics: readonly Diagnostic[]
}

/** The policy that is configured or, with `set`, that would be. */
export function selectPolicy(directories: Directories, set: string | undefined): PolicySelection {
  if (!set) return checkSelection(readConfiguredSelection(directories), configFile(directories))
  const named = parseSelection(set)
  const isComplete = named.policy !== ''
  const selection = isComplete ? named : parseSelection(set, readConfiguredSelection(directories))
  return checkSelection(selection, `--set ${set}`)
}

/** Compiles a chosen policy. Writes nothing. */
export function preparePolicy(
  directories: Directories,
  selection: PolicySelection,
  usePrebuilt = true,
): PreparedPolicy {
  const loaded = loadPolicy(selection, policyFolders(directories))
  const configuration = compileConfiguration(selection, loaded, directories, { usePrebuilt })
  const diagnostics = [...loaded.diagnostics, ...configuration.diagnostics]
  return { selection, policy: loaded.policy, configuration, diagnostics }
}

/**
 * Puts a policy in force. Where it already is, nothing is written.
 *
 * @throws DiagnosticError with the configuration that was in force untouched.
 */
export function applyPolicy(directories: Directories, options: ApplyOptions): ApplyResult {
  const selection = selectPolicy(directories, options.set)
  if (options.set) warnAboutFips(directories, selection, options.report)
  requireRoot(directories)
  const prepared = preparePolicy(directories, selection)
  reportFindings(prepared, options)
  const policy = formatSelection(selection)
  if (leavesMountedPolicy(directories, options)) {
    return { policy, changed: [], reloaded: false, mounted: true }
  }
  const changed = publishIfChanged(directories, prepared, options)
  const store = new GenerationStore(directories.base)
  const reloaded = options.reload && runPendingReload(directories, store)
  return { policy, changed, reloaded, mounted: false }
}

/** What is wrong with a drop-in does not keep a policy from being applied, unless that is asked. */
function reportFindings(
  { diagnostics, configuration }: PreparedPolicy,
  { strict, checkDropIns, report }: ApplyOptions,
): void {
  const gnutls = configuration.extended.get('gnutls')
  const found = gnutls && checkDropIns ? checkDropIns(gnutls.policy, gnutls.dropIns) : []
  const findings = [...diagnostics, ...found.map(moderate)]
  const isRefused = strict && findings.some(({ severity }) => severity === 'warning')
  if (isRefused) throw new DiagnosticError(findings.map(escalate))
  findings.forEach(report)
}

/** The files that putting a configuration in force would replace. */
export function listChanges(
  directories: Directories,
  prepared: PreparedPolicy,
  setsConfig: boolean,
): readonly string[] {
  const { files } = prepared.configuration
  const store = new GenerationStore(directories.base)
  const visible = store.readVisible()
  const changed = [...files]
    .filter(([path, file]) => !sameFile(file, visible.get(path)))
    .map(([path]) => path)
  if (setsConfig && configText(directories) !== `${formatSelection(prepared.selection)}\n`) {
    changed.push('config')
  }
  if (changed.length === 0 && isStateOlderThanConfig(directories)) changed.push('state/current')
  return changed
}

function publishIfChanged(
  directories: Directories,
  prepared: PreparedPolicy,
  options: ApplyOptions,
): readonly string[] {
  const setsConfig = Boolean(options.set)
  if (listChanges(directories, prepared, setsConfig).length === 0) return []
  const store = new GenerationStore(directories.base)
  try {
    store.prepare()
    return withRunLock(store.lockFile, options.report, () => {
      const changed = listChanges(directories, prepared, setsConfig)
      if (changed.length > 0) publish(directories, store, prepared, setsConfig, options.reload)
      return changed
    })
  } catch (error) {
    if (error instanceof DiagnosticError) throw error
    const { path } = error as NodeJS.ErrnoException
    const hint = 'nothing was changed: the configuration that was in force still is'
    fail(SYSTEM_KINDS.unwritable, { path: path ?? directories.base, error, hint })
  }
}

/**
 * `config` says what is wanted, the switch makes it so. All that needs space is done before; what
 * is left are two renames. A run that is killed between them leaves the old files in force, and
 * `--is-applied` says so; the next run finishes the work.
 */
function publish(
  directories: Directories,
  store: GenerationStore,
  prepared: PreparedPolicy,
  setsConfig: boolean,
  reload: boolean,
): void {
  const { files, record } = prepared.configuration
  const staged: Staged[] = []
  store.repair()
  try {
    // First the wish, then the files: `--is-applied` compares their times.
    const config = setsConfig ? stageConfig(directories, prepared, staged) : undefined
    const generation = store.stage(files, JSON.stringify(record))
    staged.push(generation)
    if (reload) replaceFile(store.reloadMarker, '')
    config?.change.commit()
    try {
      generation.commit()
    } catch (error) {
      config?.restore.commit()
      throw error
    }
    config?.restore.discard()
  } catch (error) {
    for (const replacement of staged) replacement.discard()
    rmSync(store.reloadMarker, { force: true })
    throw error
  }
  for (const replacement of staged) replacement.settle()
}

/** The new `config`, and the old one for the case that the switch fails. */
function stageConfig(
  directories: Directories,
  prepared: PreparedPolicy,
  staged: Staged[],
): { change: Staged; restore: Staged } | undefined {
  const path = configFile(directories)
  const before = configText(directories)
  const wanted = `${formatSelection(prepared.selection)}\n`
  if (before === wanted) return undefined
  const remove: Staged = {
    commit: () => rmSync(path, { force: true }),
    settle: () => {},
    discard: () => {},
  }
  const restore = before === undefined ? remove : stageFile(path, before)
  staged.push(restore)
  const change = stageFile(path, wanted)
  staged.push(change)
  return { change, restore }
}

function configText(directories: Directories): string | undefined {
  try {
    return readFileSync(configFile(directories), 'utf8')
  } catch {
    return undefined
  }
}

/** `--is-applied` goes by the times of these two, so they must follow each other. */
function isStateOlderThanConfig(directories: Directories): boolean {
  const state = statSync(join(stateFolder(directories), 'current'), { throwIfNoEntry: false })
  const config = statSync(configFile(directories), { throwIfNoEntry: false })
  return state !== undefined && config !== undefined && state.mtimeMs < config.mtimeMs
}

function runPendingReload(directories: Directories, store: GenerationStore): boolean {
  if (!statSync(store.reloadMarker, { throwIfNoEntry: false })) return false
  const ran = runReloadScript(directories)
  rmSync(store.reloadMarker, { force: true })
  return ran
}

function requireRoot(directories: Directories): void {
  if (directories.base === DEFAULT_BASE_DIR && process.geteuid?.() !== 0) {
    fail(SYSTEM_KINDS.notRoot, { program: 'update-policies' })
  }
}

function warnAboutFips(
  directories: Directories,
  selection: PolicySelection,
  report: ApplyOptions['report'],
): void {
  const configured = parseConfig(configText(directories) ?? '')
  if (selection.policy === configured.policy) return
  const inFipsMode = isFipsEnabled()
  const isImage = statSync('/usr/bin/bootc', { throwIfNoEntry: false }) !== undefined
  if (selection.policy === 'FIPS' && !inFipsMode && !isImage) {
    report(diagnose(SYSTEM_KINDS.fipsNeedsKernel, {}))
  }
  if (selection.policy !== 'FIPS' && inFipsMode) report(diagnose(SYSTEM_KINDS.fipsLeft, {}))
}

/** A mounted FIPS policy gives way only to a policy that is set. */
function leavesMountedPolicy(directories: Directories, options: ApplyOptions): boolean {
  if (!isFipsPolicyMounted(directories)) return false
  options.report(diagnose(SYSTEM_KINDS.mountedPolicy, { state: stateFolder(directories) }))
  if (options.set) {
    unmountFipsPolicy(directories)
    return false
  }
  const folder = localFolder(directories)
  if (hasDropIns(folder)) options.report(diagnose(SYSTEM_KINDS.mountedIgnoresDropIns, { folder }))
  return true
}
