/**
 * Writes certificates and keys: whole or not at all. Only the owner of a key can read it.
 *
 * A pair is two files, and no file system replaces two at once. Both are complete on disk under
 * other names first, then renamed one right after the other; should the second rename fail, the
 * first is taken back. Only a power cut or kill -9 between the two leaves a key without its
 * certificate, which every reader notices, and which the next run completes by the journal. Where the
 * key stays, only the certificate is replaced, and there is no such moment.
 */
import { lstatSync, readdirSync, rmSync, type Stats, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DiagnosticError, fail } from '../diagnostics/diagnostic.ts'
import {
  makeFolder,
  removeEmptyFolders,
  type StagedFile,
  stageFile,
  stageNewFile,
  TEMPORARY_SUFFIX,
} from '../files/atomic-file.ts'
import { FILE_KINDS } from '../files/file-diagnostics.ts'
import { withFileLock } from '../files/file-lock.ts'
import { readBytes } from '../files/text-file.ts'
import { CREDENTIAL_LIMIT } from '../x509/credential-files.ts'
import { currentUser } from './current-user.ts'
import { PKI_KINDS } from './pki-diagnostics.ts'
import { finishJournal, writeJournal } from './write-journal.ts'

export type CredentialFile = {
  readonly path: string
  readonly text: string | Buffer
  readonly secret: boolean
}

export type WriteOptions = {
  /** The folder of the lock: the files are in it or below it. */
  readonly root: string
  /** Replace what is there. */
  readonly force: boolean
}

const SECRET_MODE = 0o600
const PUBLIC_MODE = 0o644

/** A folder that others may write to is one in which they may replace a key. */
const FOLDER_MODE = 0o755

/** The part of the old mode that a replaced key keeps: its group may read it. */
const KEPT_BITS = 0o640

/** In the folder of a layout; held while a run decides what to write there and writes it. */
const LOCK_NAME = '.cryptopolicy-pki.lock'

/**
 * Runs `work` while no other run changes the credentials of a folder, which is made if need be. So
 * what one run has looked at stays until it has written, and pairs are never mixed.
 *
 * @throws DiagnosticError PKI_FOLDER_BUSY, FILE_UNWRITABLE, or what the work throws.
 */
export function withCredentialLock<Result>(root: string, work: () => Result): Result {
  const made = orUnwritable(root, () => makeFolder(root, FOLDER_MODE))
  const giveUp = () => fail(PKI_KINDS.folderBusy, { path: root })
  try {
    return withFileLock(join(root, LOCK_NAME), { giveUp, isTransient: true }, () => {
      orUnwritable(root, () => finishJournal(root))
      removeLeftovers(root)
      return work()
    })
  } catch (error) {
    removeEmptyFolders(made)
    throw error
  }
}

/**
 * Writes files, each in place of the old one in one step, in the order given. Without `force` a file
 * that was made meanwhile, by whichever program, is not replaced either.
 *
 * @throws DiagnosticError PKI_FILE_EXISTS, PKI_FILE_IN_THE_WAY, PKI_FILE_FOREIGN or FILE_UNWRITABLE;
 *   then everything is as it was.
 */
export function writeCredentials(files: readonly CredentialFile[], options: WriteOptions): void {
  const present = files.map(({ path }) => lookAt(path))
  if (!options.force) {
    const there = files.filter((_, index) => present[index])
    if (there.length > 0) fail(PKI_KINDS.fileExists, { paths: there.map(({ path }) => path) })
  }
  for (const [index, { path }] of files.entries()) requireOwnFile(path, present[index])
  const made: string[] = []
  const staged: StagedFile[] = []
  try {
    for (const folder of foldersOf(files)) made.push(...prepareFolder(folder))
    for (const [index, file] of files.entries()) staged.push(stageCredential(file, present[index]))
    const removeJournal = writeDown(options.root, files, present, staged)
    commitAll(files, present, staged, removeJournal)
  } catch (error) {
    for (const { discard } of staged) discard()
    removeEmptyFolders(made)
    throw error
  }
}

function foldersOf(files: readonly CredentialFile[]): ReadonlySet<string> {
  return new Set(files.map(({ path }) => dirname(path)))
}

/** One file is put in place in one step, and needs no journal. */
function writeDown(
  root: string,
  files: readonly CredentialFile[],
  present: readonly (Stats | undefined)[],
  staged: readonly StagedFile[],
): () => void {
  if (files.length < 2) return () => {}
  const entries = staged.map(({ temporary }, index) => {
    return { temporary, path: files[index]?.path ?? '', isNew: present[index] === undefined }
  })
  return orUnwritable(root, () => writeJournal(root, entries))
}

/**
 * Looks at a path. A file there is replaced; anything else is refused.
 *
 * @throws DiagnosticError PKI_FILE_IN_THE_WAY, FILE_UNWRITABLE.
 */
export function lookAt(path: string): Stats | undefined {
  const stats = lstatIfPresent(path)
  if (stats && !stats.isFile()) {
    const what = stats.isSymbolicLink() ? 'symbolic link' : 'folder or device'
    fail(PKI_KINDS.fileInTheWay, { path, what })
  }
  return stats
}

function lstatIfPresent(path: string): Stats | undefined {
  return orUnwritable(path, () => lstatSync(path, { throwIfNoEntry: false }))
}

/**
 * Makes a folder that only its owner may write to, and removes what killed runs left in one.
 *
 * @returns the folders that were made.
 */
export function prepareFolder(folder: string): readonly string[] {
  const made = orUnwritable(folder, () => makeFolder(folder, FOLDER_MODE))
  removeLeftovers(folder)
  return made
}

/** Replacing a file keeps its owner and group, or its reader could no longer read it. */
function stageCredential({ path, text, secret }: CredentialFile, present?: Stats): StagedFile {
  const mode = secret ? SECRET_MODE | ((present?.mode ?? 0) & KEPT_BITS) : PUBLIC_MODE
  const stage = present ? stageFile : stageNewFile
  return orUnwritable(path, () => stage(path, text, mode, present))
}

/**
 * Refuses to replace the file of another user in a folder that others may write to. The new file
 * would belong to that user, who may have put the old one there to be given the new secret.
 */
function requireOwnFile(path: string, present: Stats | undefined): void {
  if (!present) return
  const folder = statSync(dirname(path))
  const isShared = (folder.mode & 0o022) !== 0
  const isOwn = [0, currentUser(), folder.uid].includes(present.uid) && present.nlink === 1
  if (isShared && !isOwn) fail(PKI_KINDS.fileForeign, { path, folder: dirname(path) })
}

/** What stood in the files, to be put back where a later one cannot be replaced. */
function readBefore(files: readonly CredentialFile[], present: readonly (Stats | undefined)[]) {
  return files.map(({ path }, index) =>
    present[index] ? readBytes(path, CREDENTIAL_LIMIT) : undefined,
  )
}

function commitAll(
  files: readonly CredentialFile[],
  present: readonly (Stats | undefined)[],
  staged: readonly StagedFile[],
  removeJournal: () => void,
): void {
  const before = readBefore(files, present)
  let done = 0
  try {
    for (const { commit } of staged) {
      commit()
      done++
    }
  } catch (error) {
    orUnwritable(files[0]?.path ?? '', removeJournal)
    files.slice(0, done).forEach(({ path }, index) => {
      restore(path, before[index], present[index])
    })
    const path = files[done]?.path ?? ''
    // Another program made it after this one had looked.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      fail(PKI_KINDS.fileExists, { paths: [path] })
    fail(FILE_KINDS.unwritable, { path, error })
  }
  // It is only removed when all of it is in place: names that are not on disk yet would be lost with it.
  try {
    makeAllDurable(files, staged)
  } finally {
    orUnwritable(files[0]?.path ?? '', removeJournal)
  }
}

function makeAllDurable(files: readonly CredentialFile[], staged: readonly StagedFile[]): void {
  for (const [index, { makeDurable }] of staged.entries()) {
    orUnwritable(files[index]?.path ?? '', makeDurable)
  }
}

function restore(path: string, content: Buffer | undefined, present: Stats | undefined): void {
  if (content) stageFile(path, content, (present?.mode ?? SECRET_MODE) & 0o777, present).commit()
  else rmSync(path, { force: true })
}

const LEFTOVER = new RegExp(`\\.(\\d+)-\\d+\\${TEMPORARY_SUFFIX}$`)

/** Removes what a run that was killed left behind: it may hold a key. */
function removeLeftovers(folder: string): void {
  for (const name of orUnwritable(folder, () => readdirSync(folder))) {
    const [, writer] = LEFTOVER.exec(name) ?? []
    if (writer === undefined || isRunning(Number(writer))) continue
    orUnwritable(join(folder, name), () => rmSync(join(folder, name), { force: true }))
  }
}

function isRunning(process_: number): boolean {
  try {
    process.kill(process_, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * Warns of a folder in which users other than its owner can put another key or authority in place.
 * In one with the sticky bit, such as /tmp, users cannot replace the files of others.
 */
export function isWritableByOthers(folder: string): boolean {
  const mode = modeOf(folder) ?? 0
  return (mode & 0o002) !== 0 && (mode & 0o1000) === 0
}

/** Undefined of what is not there or cannot be looked at. */
function modeOf(path: string): number | undefined {
  try {
    return statSync(path).mode
  } catch {
    return undefined
  }
}

function orUnwritable<Value>(path: string, work: () => Value): Value {
  try {
    return work()
  } catch (error) {
    if (error instanceof DiagnosticError) throw error
    return fail(FILE_KINDS.unwritable, { path, error })
  }
}
