/**
 * One holder at a time: a lock that the kernel gives back when its holder dies, however it dies.
 *
 * Node has no flock(2); SQLite locks its database file with fcntl(2), so an empty database serves
 * as the lock. Nothing is ever written to it.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { fail } from '../diagnostics/diagnostic.ts'
import { FILE_KINDS } from './file-diagnostics.ts'

/** How long one waits for another, in seconds. */
export const LOCK_PATIENCE = 30

const SQLITE_BUSY = 5

export type LockWords = {
  /** Called once where it has to wait. */
  readonly wait?: () => void
  /** Says who holds the lock and did not end in time. */
  readonly giveUp: () => never
  /** What an administrator should know where the lock cannot be made. */
  readonly hint?: string
}

/**
 * Runs `work` while nobody else holds the lock, in any process.
 *
 * @throws DiagnosticError FILE_UNWRITABLE, or what `giveUp` throws.
 */
export function withFileLock<Result>(
  path: string,
  { wait, giveUp, hint }: LockWords,
  work: () => Result,
): Result {
  const acquireIn = (seconds: number) => acquire(path, seconds, hint)
  let database = acquireIn(0)
  if (!database) {
    wait?.()
    database = acquireIn(LOCK_PATIENCE) ?? giveUp()
  }
  try {
    return work()
  } finally {
    database.close()
  }
}

function acquire(
  path: string,
  seconds: number,
  hint: string | undefined,
): DatabaseSync | undefined {
  let database: DatabaseSync | undefined
  try {
    makeLockFile(path)
    database = new DatabaseSync(path, { timeout: seconds * 1000 })
    // In memory, so that a full disk does not keep anybody from the lock.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database?.close()
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined
    fail(FILE_KINDS.unwritable, { path, error, ...(hint === undefined ? {} : { hint }) })
  }
}

/**
 * For its owner only, else any user could hold a lock on it and stop every run. Neither a link is
 * followed nor a pipe waited for.
 */
function makeLockFile(path: string): void {
  const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants
  const descriptor = openSync(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600)
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error('it is not a regular file')
  } finally {
    closeSync(descriptor)
  }
}
