/**
 * One holder at a time: a lock that the kernel gives back when its holder dies, however it dies.
 *
 * Node has no flock(2); SQLite locks its database file with fcntl(2), so an empty database serves
 * as the lock. Nothing is ever written to it.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, rmSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { fail } from '../diagnostics/diagnostic.ts'
import { FILE_KINDS } from './file-diagnostics.ts'

/** How long one waits for another, in seconds. */
export const LOCK_PATIENCE = 30

const SQLITE_BUSY = 5

/** Who may write to the folder could replace the file for ever. */
const MOST_ATTEMPTS = 100

export type LockWords = {
  /** Called once where it has to wait. */
  readonly wait?: () => void
  /** Says who holds the lock and did not end in time. */
  readonly giveUp: () => never
  /** What an administrator should know where the lock cannot be made. */
  readonly hint?: string
  /** The file of the lock is removed when the work is done, for folders that people look into. */
  readonly isTransient?: boolean
}

/**
 * Runs `work` while it holds the lock, and no other work in any process does.
 *
 * @throws DiagnosticError FILE_UNWRITABLE, or what `giveUp` throws.
 */
export function withFileLock<Result>(path: string, words: LockWords, work: () => Result): Result {
  const release = takeFileLock(path, words)
  try {
    return work()
  } finally {
    release()
  }
}

/**
 * Takes the lock, for work that takes its time.
 *
 * @returns gives the lock back.
 * @throws DiagnosticError FILE_UNWRITABLE, or what `giveUp` throws.
 */
export function takeFileLock(
  path: string,
  { wait, giveUp, hint, isTransient = false }: LockWords,
): () => void {
  const acquireIn = (seconds: number) => acquire(path, seconds, hint)
  let database = acquireIn(0)
  if (!database) {
    wait?.()
    database = acquireIn(LOCK_PATIENCE) ?? giveUp()
  }
  const held = database
  return () => {
    // While it is held: the next holder notices that its file is gone, and makes another.
    try {
      if (isTransient) rmSync(path)
    } catch {
      // The work is done all the same, and the next holder takes the file that is there.
    } finally {
      held.close()
    }
  }
}

function acquire(
  path: string,
  seconds: number,
  hint: string | undefined,
): DatabaseSync | undefined {
  try {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const held = lockOnce(path, seconds)
      if (held) return held
    }
    throw new Error('it is replaced again and again')
  } catch (error) {
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined
    fail(FILE_KINDS.unwritable, { path, error, ...(hint === undefined ? {} : { hint }) })
  }
}

/** Gives undefined where the file was replaced meanwhile, so that another run could hold a lock beside it. */
function lockOnce(path: string, seconds: number): DatabaseSync | undefined {
  const inode = makeLockFile(path)
  // A Node.js without it could not even say that it is too old, were it imported.
  const database = new (process.getBuiltinModule('node:sqlite').DatabaseSync)(path, {
    timeout: seconds * 1000,
  })
  try {
    // The journal stays in memory, so that the lock can be taken on a full disk.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    throw error
  }
  // A link that was put there meanwhile has another number than what it leads to.
  if (lstatSync(path, { throwIfNoEntry: false })?.ino === inode) return database
  database.close()
  return undefined
}

/**
 * For its owner only, else any user could hold a lock on it and stop every run. Neither a link is
 * followed nor a pipe waited for. Gives the number of the inode. The file is closed at once: closing it
 * later would give up the lock.
 */
function makeLockFile(path: string): number {
  const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants
  const descriptor = openUnlinked(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK)
  try {
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) throw new Error('it is not a regular file')
    return stats.ino
  } finally {
    closeSync(descriptor)
  }
}

function openUnlinked(path: string, flags: number): number {
  try {
    return openSync(path, flags, 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOOP') throw error
    throw new Error('it is a symbolic link')
  }
}
