/** Applies a policy to a host: its checks, the switch, and the reload of services. */
import { rmSync, statSync } from 'node:fs'
import {
  type Diagnostic,
  DiagnosticError,
  diagnose,
  escalate,
  fail,
  hasErrors,
  moderate,
} from '../diagnostics/diagnostic.ts'
import { printDiagnostic } from '../diagnostics/print-diagnostic.ts'
import type { ApplicationChange, ApplicationSwitch } from './application-switch.ts'
import { DEFAULT_BASE_DIR, type Directories, localFolder, stateFolder } from './directories.ts'
import { DROP_IN_KINDS } from './drop-in-checks/drop-in-diagnostics.ts'
import { hasDropIns } from './drop-ins.ts'
import type { EffectSearch } from './effects.ts'
import { isFipsEnabled, isFipsPolicyMounted, unmountFipsPolicy } from './fips-mode.ts'
import { GenerationStore } from './generation-store.ts'
import { formatSelection, type PolicySelection, parseConfig } from './policy-selection.ts'
import { type PreparedPolicy, preparePolicy, selectPolicy } from './prepared-policy.ts'
import type { PriorityDropInCheck } from './priority-drop-ins.ts'
import { configText, listChanges, OUTDATED, publishIfChanged } from './publish.ts'
import { runReloadScript } from './reload.ts'
import { SYSTEM_KINDS } from './system-diagnostics.ts'

export type ApplyOptions = {
  /** The policy to set, as typed; the configured one where undefined. */
  readonly set?: string | undefined
  /** An application policy to enable or disable in the same switch. */
  readonly application?: ApplicationSwitch | undefined
  /** By default services are reloaded where they have not been told of a switch. */
  readonly reload?: boolean | undefined
  /** Warnings are errors. */
  readonly strict?: boolean
  /** Goes on where a program of the host would stop; running services are left alone then. */
  readonly force?: boolean
  /** Looks for problems in the drop-ins of the gnutls back-end. */
  readonly checkDropIns?: PriorityDropInCheck
  /** Says what programs make of the policy, where anything is about to change for them. */
  readonly findEffects: EffectSearch
  /** Called with warnings and notes as they arise. */
  readonly report: (diagnostic: Diagnostic) => void
}

export type ApplyResult = {
  readonly policy: string
  /** The files that were replaced, by path below the base directory. */
  readonly changed: readonly string[]
  /** Whether `--check` finds no difference now. */
  readonly matches: boolean
  readonly reloaded: boolean
  /** Nothing was done because a FIPS policy is mounted over the configured one. */
  readonly mounted: boolean
}

/**
 * Puts a policy in force. Where it already is, nothing is written.
 *
 * @throws DiagnosticError with the configuration that was in force untouched.
 */
export async function applyPolicy(
  directories: Directories,
  options: ApplyOptions,
): Promise<ApplyResult> {
  const report = once(options.report)
  const attempt = () => tryToApply(directories, { ...options, report })
  let result = await attempt()
  // Each further attempt takes up what another run has put in force meanwhile.
  while (result === OUTDATED) result = await attempt()
  return result
}

/** Tells each finding once, however often it is found. */
function once(report: ApplyOptions['report']): ApplyOptions['report'] {
  const told = new Set<string>()
  return (diagnostic) => {
    const text = printDiagnostic(diagnostic)
    if (!told.has(text)) report(diagnostic)
    told.add(text)
  }
}

async function tryToApply(
  directories: Directories,
  options: ApplyOptions,
): Promise<ApplyResult | typeof OUTDATED> {
  const { report } = options
  const store = new GenerationStore(directories.base)
  const basedOn = store.inForce
  const selection = selectPolicy(directories, options.set)
  if (options.set) warnAboutFips(directories, selection, report)
  requireRoot(directories)
  const application = await planSwitch(directories, options)
  const choice = application?.choice
  const prepared = await preparePolicy(directories, selection, { choice })
  const policy = formatSelection(selection)
  if (leavesMountedPolicy(directories, options)) {
    return { policy, changed: [], matches: true, reloaded: false, mounted: true }
  }
  const setsConfig = Boolean(options.set)
  const changes = listChanges(directories, prepared, setsConfig)
  // Whether programs will read something else, or are told to read again.
  const isAnythingDue = (options.reload ?? store.isReloadOwed) || changes.length > 0
  const stopped = await judge(directories, prepared, isAnythingDue, options)
  const publishOptions = { changes, setsConfig, basedOn, application, report }
  const changed = publishIfChanged(directories, prepared, publishOptions)
  if (changed === OUTDATED) return OUTDATED
  const strangers = listStrangers(store, prepared)
  for (const path of strangers) report(diagnose(SYSTEM_KINDS.strangeFile, { path }))
  const reloaded = reloadIfOwed(directories, store, options.reload ?? (stopped ? false : undefined))
  const matches = strangers.length === 0 && !hasOtherPrebuilts(prepared)
  return { policy, changed, matches, reloaded, mounted: false }
}

async function planSwitch(
  directories: Directories,
  { application }: ApplyOptions,
): Promise<ApplicationChange | undefined> {
  if (!application) return undefined
  const { planApplicationSwitch } = await import('./application-switch.ts')
  return planApplicationSwitch(directories, application)
}

/** Whether a pre-built output that is in force is not what the policy gives. */
function hasOtherPrebuilts({ diagnostics }: PreparedPolicy): boolean {
  return diagnostics.some(({ code }) => code === SYSTEM_KINDS.prebuiltDiffers.code)
}

function listStrangers(store: GenerationStore, prepared: PreparedPolicy): readonly string[] {
  const { files } = prepared.configuration
  return store
    .listVisible()
    .filter((path) => !files.has(path))
    .toSorted()
}

/**
 * Reports all that was found, and refuses where it is to be refused.
 *
 * @returns whether a program of the host would stop, and the run was told to go on.
 */
async function judge(
  directories: Directories,
  prepared: PreparedPolicy,
  isAnythingDue: boolean,
  options: ApplyOptions,
): Promise<boolean> {
  const { strict, force, report } = options
  const found = [...prepared.diagnostics, ...findInDropIns(prepared, options)]
  const own = strict ? found.map(escalate) : found
  const isRefused = (findings: readonly Diagnostic[]) =>
    findings.some(({ severity, code }) => severity === 'error' && !(force && FORCEABLE.has(code)))
  if (isRefused(own)) throw new DiagnosticError(own)
  const findings = isAnythingDue
    ? [...own, ...(await options.findEffects(prepared, directories))]
    : own
  if (isRefused(findings)) throw new DiagnosticError(findings)
  findings.map(moderate).forEach(report)
  return hasErrors(findings)
}

/** What `--force` goes on with. */
const FORCEABLE: ReadonlySet<string> = new Set([
  SYSTEM_KINDS.consumerStops.code,
  DROP_IN_KINDS.el8.code,
  DROP_IN_KINDS.stops.code,
])

function findInDropIns(
  { configuration }: PreparedPolicy,
  { checkDropIns }: ApplyOptions,
): readonly Diagnostic[] {
  const gnutls = configuration.extended.get('gnutls')
  return gnutls && checkDropIns ? checkDropIns(gnutls.policy, gnutls.dropIns) : []
}

function reloadIfOwed(
  directories: Directories,
  store: GenerationStore,
  asked: boolean | undefined,
): boolean {
  if (!(asked ?? store.isReloadOwed)) return false
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
