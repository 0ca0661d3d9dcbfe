/**
 * What a run is about to put in place, so that the next run finishes what a killed one began.
 *
 * No file system replaces two files at once. A pair counts as written when its journal is complete on disk:
 * before that nothing is in place, and after that each run of ours puts the rest in place before it does its own.
 */
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { dirname, isAbsolute, join, relative } from 'node:path'
import { syncFolder, TEMPORARY_SUFFIX, writeDurable } from '../files/atomic-file.ts'
import { currentUser } from './current-user.ts'

const JOURNAL_NAME = '.cryptopolicy-pki.journal'

/** A few names. */
const JOURNAL_LIMIT = 65_536

/** One file of a pair: complete under its temporary name, to be moved to its own. */
export type JournalEntry = {
  readonly temporary: string
  readonly path: string
  /** There is no file of the name; one that another program makes meanwhile stays. */
  readonly isNew: boolean
}

/**
 * Writes down what is to be put in place.
 *
 * @returns takes the journal away, when all of it is in place.
 * @throws an error of the system; then there is no journal.
 */
export function writeJournal(root: string, entries: readonly JournalEntry[]): () => void {
  const path = join(root, JOURNAL_NAME)
  const remove = () => rmSync(path, { force: true })
  const within = entries.map(({ temporary, path: target, isNew }) => ({
    temporary: relative(root, temporary),
    path: relative(root, target),
    isNew,
  }))
  remove()
  try {
    // The journal must not be on disk before what it names.
    for (const folder of new Set(entries.map(({ temporary }) => dirname(temporary)))) {
      syncFolder(folder)
    }
    writeDurable(path, JSON.stringify(within), 0o600)
    syncFolder(root)
  } catch (error) {
    remove()
    throw error
  }
  return remove
}

/** Puts in place what a run that was killed had written down. To be called by the only run in the folder. */
export function finishJournal(root: string): void {
  const entries = readJournal(join(root, JOURNAL_NAME)).filter(isOwnName)
  for (const { temporary, path, isNew } of entries) {
    finish({ temporary: join(root, temporary), path: join(root, path), isNew })
  }
  for (const folder of new Set(entries.map(({ path }) => dirname(join(root, path))))) {
    syncFolder(folder)
  }
  rmSync(join(root, JOURNAL_NAME), { force: true })
}

function finish({ temporary, path, isNew }: JournalEntry): void {
  const staged = lstatSync(temporary, { throwIfNoEntry: false })
  const present = lstatSync(path, { throwIfNoEntry: false })
  // It was in place already when the run was killed. One that replaces another has its owner.
  if (!staged?.isFile() || ![currentUser(), present?.uid].includes(staged.uid)) return
  if (isNew) {
    if (!present) linkSync(temporary, path)
    rmSync(temporary, { force: true })
  } else renameSync(temporary, path)
}

/** Undefined where it is missing, cut short, or of another user: that user could have files moved. */
function readJournal(path: string): readonly JournalEntry[] {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isFile()) return []
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
  const descriptor = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    const { uid, nlink, mode, size } = fstatSync(descriptor)
    const isOwn = uid === currentUser() && nlink === 1 && (mode & 0o077) === 0
    return isOwn && size <= JOURNAL_LIMIT ? parseJournal(readFileSync(descriptor, 'utf8')) : []
  } finally {
    closeSync(descriptor)
  }
}

function parseJournal(text: string): readonly JournalEntry[] {
  try {
    const found: unknown = JSON.parse(text)
    return Array.isArray(found) ? found.filter(isEntry) : []
  } catch {
    return []
  }
}

function isEntry(value: unknown): value is JournalEntry {
  const { temporary, path, isNew } = Object(value)
  return typeof temporary === 'string' && typeof path === 'string' && typeof isNew === 'boolean'
}

/** Within the folder, and the temporary name that this project gives to a file of that path. */
function isOwnName({ temporary, path }: JournalEntry): boolean {
  const isWithin = !isAbsolute(path) && !path.split('/').includes('..')
  return isWithin && temporary.startsWith(`${path}.`) && temporary.endsWith(TEMPORARY_SUFFIX)
}
