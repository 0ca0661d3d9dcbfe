/**
 * Finds the application policies of a host: `applications/NAME.pmod` in base_dir, else in the profile.
 *
 * A file in base_dir replaces the shipped one of its name. There an empty file, or a link to /dev/null,
 * masks it, and a link to the shipped file enables one that is not enabled by default.
 */
import { lstatSync } from 'node:fs'
import { APPLICATION_BACKEND_NAMES } from '../backends/applications/all-application-backends.ts'
import { collectDiagnostics } from '../diagnostics/collect-diagnostics.ts'
import { type Diagnostic, DiagnosticError, fail, hasErrors } from '../diagnostics/diagnostic.ts'
import { readTextFile } from '../files/text-file.ts'
import { APPLICATION_KINDS } from '../policy/application/application-diagnostics.ts'
import {
  type ApplicationPolicy,
  findSameKeywords,
  parseApplication,
} from '../policy/application/application-policy.ts'
import {
  type ApplicationChoice,
  applicationFile,
  isWaiting,
  listApplications,
  ownApplications,
  shippedApplications,
} from './application-folders.ts'
import type { Directories } from './directories.ts'
import { isNullDevice, statIfReachable } from './null-device.ts'
import { readContent } from './visible-files.ts'

/** Why an application is in force, or is not. */
type ApplicationState = 'enabled' | 'not enabled' | 'masked'

export type FoundApplication = {
  readonly name: string
  /** The file that counts. */
  readonly path: string
  readonly state: ApplicationState
  /** Undefined where the file is masked or has errors. */
  readonly application: ApplicationPolicy | undefined
  readonly diagnostics: readonly Diagnostic[]
}

/** All application policies, by name; what is wrong with one is told with it. */
export function findApplications(
  directories: Directories,
  choice?: ApplicationChoice,
): readonly FoundApplication[] {
  return listApplications(directories, choice).map((name) => readState(directories, name, choice))
}

/** One application policy by name, without reading the others; undefined where neither folder has it. */
export function findApplication(
  directories: Directories,
  name: string,
): FoundApplication | undefined {
  return listApplications(directories).includes(name) ? readState(directories, name) : undefined
}

/**
 * The application policies that are in force or, by the choice, would be.
 *
 * @throws DiagnosticError with every error of every enabled policy.
 */
export function loadApplications(
  directories: Directories,
  choice?: ApplicationChoice,
): LoadedApplications {
  return checkTogether(
    findApplications(directories, choice).filter(({ state }) => state === 'enabled'),
  )
}

export type LoadedApplications = {
  readonly applications: readonly ApplicationPolicy[]
  /** Warnings. */
  readonly diagnostics: readonly Diagnostic[]
}

/** Which application policies are meant: by name, whether or not they are enabled, and by their state. */
export type ApplicationSelection = {
  readonly names: readonly string[]
  readonly group?: 'enabled' | 'all' | undefined
}

/**
 * The application policies that a selection names. Those that are masked belong to no group.
 *
 * @throws DiagnosticError APPLICATION_NOT_FOUND, or with every error of every policy that is meant.
 */
export function selectApplications(
  directories: Directories,
  { names, group }: ApplicationSelection,
): LoadedApplications {
  for (const name of names) loadApplication(directories, name)
  const isMeant = ({ name, state }: FoundApplication) =>
    names.includes(name) || state === 'enabled' || (group === 'all' && state !== 'masked')
  const isNamed = ({ name }: FoundApplication) => names.includes(name)
  return checkTogether(findApplications(directories).filter(group ? isMeant : isNamed))
}

function checkTogether(found: readonly FoundApplication[]): LoadedApplications {
  const applications = found.flatMap(({ application }) => application ?? [])
  const diagnostics = [
    ...found.flatMap((each) => each.diagnostics),
    ...findSameKeywords(applications),
  ]
  if (hasErrors(diagnostics)) throw new DiagnosticError(diagnostics)
  return { applications, diagnostics }
}

/**
 * One application policy by name, whether or not it is enabled.
 *
 * @throws DiagnosticError APPLICATION_NOT_FOUND, or with what is wrong with its file.
 */
export function loadApplication(directories: Directories, name: string): ApplicationPolicy {
  const found = findApplication(directories, name)
  if (!found) {
    fail(APPLICATION_KINDS.unknownApplication, { name, known: listApplications(directories) })
  }
  if (hasErrors(found.diagnostics)) throw new DiagnosticError(found.diagnostics)
  return found.application ?? fail(APPLICATION_KINDS.notEnabled, { name })
}

function readState(
  directories: Directories,
  name: string,
  choice?: ApplicationChoice,
): FoundApplication {
  const own = applicationFile(ownApplications(directories), name)
  const shipped = applicationFile(shippedApplications(directories), name)
  const isChosen = choice?.name === name
  const path = (isChosen && choice.path) || (isThere(own) ? own : shipped)
  if (!isChosen && path === own && isMask(own)) {
    return { name, path, state: 'masked', application: undefined, diagnostics: [] }
  }
  const { application, diagnostics } = readApplication(name, path)
  // A mistake in a shipped policy that waits must not keep other policies from being put in force.
  const isMeant = path === own || !isWaiting(path)
  const isEnabled = isChosen ? choice.path !== undefined : isMeant
  return { name, path, state: isEnabled ? 'enabled' : 'not enabled', application, diagnostics }
}

/** A file that cannot be read counts all the same: a program must not silently lose its policy. */
function readApplication(
  name: string,
  path: string,
): Pick<FoundApplication, 'application' | 'diagnostics'> {
  const refusals: Diagnostic[] = []
  const parsed = collectDiagnostics(
    (diagnostic) => refusals.push(diagnostic),
    () => {
      if (!isApplicationName(name)) fail(APPLICATION_KINDS.badApplicationName, { name })
      return parseApplication(name, readTextFile(path), APPLICATION_BACKEND_NAMES)
    },
  )
  const diagnostics = parsed?.diagnostics ?? refusals
  return { application: hasErrors(diagnostics) ? undefined : parsed?.application, diagnostics }
}

/** It is a part of a path, and its capitals are a keyword. */
export function isApplicationName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name) && name.toUpperCase() !== 'SYSTEM'
}

/** An empty file, or what the usual mask leads to. Files of /proc have the size 0, whatever is in them. */
function isMask(path: string): boolean {
  const stats = statIfReachable(path)
  const isEmpty = () => readContent(path)?.length === 0
  return isNullDevice(path) || (stats?.isFile() === true && stats.size === 0 && isEmpty())
}

/** Also a link that leads nowhere, which is told where it is read. */
export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}
