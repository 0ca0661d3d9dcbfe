/** Enables and disables application policies: what changes in `applications` of base_dir. */
import { linkSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { fail } from '../diagnostics/diagnostic.ts'
import { replaceLink } from '../files/atomic-file.ts'
import { APPLICATION_KINDS } from '../policy/application/application-diagnostics.ts'
import {
  type ApplicationChoice,
  applicationFile,
  DISABLED,
  isWaiting,
  listApplications,
  ownApplications,
  shippedApplications,
} from './application-folders.ts'
import { findApplication, isApplicationName, isThere } from './applications.ts'
import type { Directories } from './directories.ts'
import { makeOpenFolder, readLink } from './folder-entries.ts'

/** What an administrator asked for. */
export type ApplicationSwitch = { readonly name: string; readonly isEnabled: boolean }

export type ApplicationChange = {
  readonly choice: ApplicationChoice
  /** Makes the change in the folder; `undo` takes it back. */
  readonly commit: () => void
  readonly undo: () => void
}

const MASK = '/dev/null'

/**
 * What enabling or disabling means here; undefined where it is so already.
 *
 * @throws DiagnosticError APPLICATION_NOT_FOUND
 */
export function planApplicationSwitch(
  directories: Directories,
  { name, isEnabled }: ApplicationSwitch,
): ApplicationChange | undefined {
  if (!isApplicationName(name)) fail(APPLICATION_KINDS.badApplicationName, { name })
  const own = applicationFile(ownApplications(directories), name)
  const shipped = applicationFile(shippedApplications(directories), name)
  const found = findApplication(directories, name)
  if (!found && !isThere(own + DISABLED)) {
    fail(APPLICATION_KINDS.unknownApplication, { name, known: listApplications(directories) })
  }
  const state = found?.state ?? 'not enabled'
  if ((state === 'enabled') === isEnabled) return undefined
  if (!isEnabled) return disable(name, own, isThere(shipped) && !isWaiting(shipped))
  if (isThere(own + DISABLED)) return bringBack(name, own)
  if (!isThere(shipped)) fail(APPLICATION_KINDS.notEnabled, { name })
  return linkTo(shipped, { name, path: shipped }, own)
}

/** The administrator's own file, which was put aside. */
function bringBack(name: string, own: string): ApplicationChange {
  const before = linkOf(own)
  return {
    choice: { name, path: own + DISABLED },
    commit: () => renameSync(own + DISABLED, own),
    undo: () => {
      renameSync(own, own + DISABLED)
      restoreLink(own, before)
    },
  }
}

function linkTo(target: string, choice: ApplicationChoice, own: string): ApplicationChange {
  const before = linkOf(own)
  return {
    choice,
    commit: () => {
      makeOpenFolder(dirname(own))
      replaceLink(own, target)
    },
    undo: () => restoreLink(own, before),
  }
}

/**
 * Nothing of the name may count afterwards. In each case one step decides, so that a run that is killed
 * leaves the old policy of the application or none.
 *
 * @param hasToBeMasked Whether the shipped file would count where none of base_dir stands before it.
 */
function disable(name: string, own: string, hasToBeMasked: boolean): ApplicationChange {
  const choice = { name, path: undefined }
  const before = readLink(own)
  if (before === undefined && isThere(own)) {
    return {
      choice,
      commit: () => putAside(own, hasToBeMasked),
      undo: () => renameSync(own + DISABLED, own),
    }
  }
  if (hasToBeMasked) return linkTo(MASK, choice, own)
  return {
    choice,
    commit: () => rmSync(own, { force: true }),
    undo: () => restoreLink(own, before),
  }
}

function putAside(own: string, hasToBeMasked: boolean): void {
  if (!hasToBeMasked) {
    renameSync(own, own + DISABLED)
    return
  }
  rmSync(own + DISABLED, { force: true })
  linkSync(own, own + DISABLED)
  replaceLink(own, MASK)
}

/** Where a link leads; an empty file is a mask too. */
function linkOf(own: string): string | undefined {
  return readLink(own) ?? (isThere(own) ? MASK : undefined)
}

function restoreLink(own: string, target: string | undefined): void {
  if (target === undefined) rmSync(own, { force: true })
  else replaceLink(own, target)
}
