/** Puts a compiled configuration in force: `config` and all generated files, or nothing. */

import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Diagnostic, DiagnosticError, diagnose, fail } from '../diagnostics/diagnostic.ts'
import { changedPathOf } from '../diagnostics/system-errors.ts'
import { replaceFile, type Staged, stageFile } from '../files/atomic-file.ts'
import { FILE_KINDS } from '../files/file-diagnostics.ts'
import { LOCK_PATIENCE, withFileLock } from '../files/file-lock.ts'
import { readTextFileIfPresent } from '../files/text-file.ts'
import type { ApplicationChange } from './application-switch.ts'
import { type ConfigurationRecord, parseRecord } from './configuration-record.ts'
import { configFile, type Directories, stateFolder } from './directories.ts'
import { GenerationStore } from './generation-store.ts'
import { formatSelection } from './policy-selection.ts'
import type { PreparedPolicy } from './prepared-policy.ts'
import { hasReloadScript } from './reload.ts'
import { SYSTEM_KINDS } from './system-diagnostics.ts'

export type PublishOptions = {
  /** What listChanges found. */
  readonly changes: readonly string[]
  /** The policy was named to be set, so `config` has to name it too. */
  readonly setsConfig: boolean
  /** The set of files that was in force before anything was read: see GenerationStore.inForce. */
  readonly basedOn: string | undefined
  /** Enables or disables an application policy in the same switch. */
  readonly application?: ApplicationChange | undefined
  /** Called where the run has to wait for another. */
  readonly report: (diagnostic: Diagnostic) => void
}

const UNCHANGED = 'nothing was changed: the configuration that was in force still is'

const UNFINISHED =
  'the new configuration is in force, and might not survive a crash of the host: run it again'

/** The files that putting a configuration in force would replace or remove. */
export function listChanges(
  directories: Directories,
  prepared: PreparedPolicy,
  setsConfig: boolean,
): readonly string[] {
  const { files, record } = prepared.configuration
  const store = new GenerationStore(directories.base)
  const visible = store.compareVisible(files)
  const before = parseRecord(store.readRecord())
  const isChanged = (path: string) =>
    visible.get(path) !== true || hasOtherContent(path, before, record)
  const left = Object.keys(before?.files ?? {}).filter(
    (path) => !files.has(path) && visible.has(path),
  )
  const changed = [...[...files.keys()].filter(isChanged), ...left]
  if (setsConfig && configText(directories) !== `${formatSelection(prepared.selection)}\n`) {
    changed.push('config')
  }
  if (changed.length === 0 && isStateOlderThanConfig(directories)) changed.push('state/current')
  return changed
}

/** Whether a link leads where it led, and programs read something else there all the same. */
function hasOtherContent(
  path: string,
  before: ConfigurationRecord | undefined,
  now: ConfigurationRecord,
): boolean {
  const linked = before?.files[path]?.linked
  return linked !== undefined && linked !== now.files[path]?.linked
}

/** Another run has put something in force since the files were read. */
export const OUTDATED = Symbol('outdated')

/**
 * Puts a configuration in force under the lock, where changes were found, and gives the files that it
 * replaced. Where another run was faster, nothing is done: what it has set or enabled is not in what was
 * compiled here. Where none was, what was found before the lock is still so.
 *
 * @throws DiagnosticError FILE_UNWRITABLE or RUN_LOCKED; its hint says which configuration is in force.
 */
export function publishIfChanged(
  directories: Directories,
  prepared: PreparedPolicy,
  options: PublishOptions,
): readonly string[] | typeof OUTDATED {
  const { changes, application, basedOn } = options
  const store = new GenerationStore(directories.base)
  const { files } = prepared.configuration
  const isDue = (): boolean =>
    changes.length > 0 || application !== undefined || store.isUnfinished(files)
  if (!isDue()) return []
  try {
    store.prepare()
    return withRunLock(store.lockFile, options.report, () => {
      if (store.inForce !== basedOn) return OUTDATED
      if (isDue()) publish(directories, store, prepared, options)
      return changes
    })
  } catch (error) {
    if (error instanceof DiagnosticError) throw error
    const path = changedPathOf(error) ?? directories.base
    fail(FILE_KINDS.unwritable, { path, error, hint: UNCHANGED })
  }
}

function withRunLock<Result>(
  path: string,
  report: PublishOptions['report'],
  work: () => Result,
): Result {
  const seconds = LOCK_PATIENCE
  const wait = () => report(diagnose(SYSTEM_KINDS.waiting, { seconds }))
  const giveUp = () => fail(SYSTEM_KINDS.locked, { path, seconds })
  return withFileLock(path, { wait, giveUp, hint: UNCHANGED }, work)
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
  { setsConfig, application }: PublishOptions,
): void {
  const { files, record } = prepared.configuration
  const staged: Staged[] = []
  const isNewlyOwed = hasReloadScript(directories) && !store.isReloadOwed
  store.repair()
  try {
    // First the wish, then the files: `--is-applied` compares their times.
    const config = setsConfig ? stageConfig(directories, prepared, staged) : undefined
    const generation = store.stage(files, JSON.stringify(record))
    staged.push(generation)
    if (isNewlyOwed) replaceFile(store.reloadMarker, '')
    config?.change.commit()
    try {
      application?.commit()
      commitOr(generation, () => application?.undo())
    } catch (error) {
      config?.restore.commit()
      throw error
    }
    config?.restore.discard()
  } catch (error) {
    for (const replacement of staged) replacement.discard()
    if (isNewlyOwed) rmSync(store.reloadMarker, { force: true })
    throw error
  }
  finish(directories, staged)
}

/** @throws DiagnosticError FILE_UNWRITABLE, with the new configuration in force. */
function finish(directories: Directories, staged: readonly Staged[]): void {
  try {
    for (const replacement of staged) replacement.makeDurable()
  } catch (error) {
    const path = changedPathOf(error) ?? directories.base
    fail(FILE_KINDS.unwritable, { path, error, hint: UNFINISHED })
  }
}

function commitOr(replacement: Staged, undo: () => void): void {
  try {
    replacement.commit()
  } catch (error) {
    undo()
    throw error
  }
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
    makeDurable: () => {},
    discard: () => {},
  }
  const restore = before === undefined ? remove : stageFile(path, before)
  staged.push(restore)
  const change = stageFile(path, wanted)
  staged.push(change)
  return { change, restore }
}

/**
 * The text of `config`, or undefined where there is none.
 *
 * @throws DiagnosticError where it cannot be read.
 */
export function configText(directories: Directories): string | undefined {
  return readTextFileIfPresent(configFile(directories))?.text
}

/** `--is-applied` goes by the times of these two, so they must follow each other. */
function isStateOlderThanConfig(directories: Directories): boolean {
  const state = statSync(join(stateFolder(directories), 'current'), { throwIfNoEntry: false })
  const config = statSync(configFile(directories), { throwIfNoEntry: false })
  return state !== undefined && config !== undefined && state.mtimeMs < config.mtimeMs
}
